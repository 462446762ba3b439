/// What one client, and all of them, may use: `[limits]`.
package struct LimitConfiguration: Sendable, Equatable {
  /// Bytes of a head, request or response, 1 KiB to 64 KiB.
  package var header = 16 << 10
  /// Field lines of a head, request or response, within `fieldBounds`.
  package var fields = 100
  /// Bytes of a request's body, 1 to 1 TiB; nil is `unlimited`, for bodies are streamed.
  package var body: Int?
  /// Client connections at once, 1 to 10,000,000; nil is `auto`, from the descriptor limit.
  package var connections: Int?
  /// Client connections of one address at once, 1 to 10,000,000; nil is `off`.
  package var maxConnections: Int?
  /// Bytes a second that a client has to send of a request, after a grace of 20 s, 0 to 100 MiB; 0 for
  /// any number.
  package var bodyRate = 500
  /// Connections that a worker keeps to a replica when they rest, 0 to 1,000,000.
  package var resting = 64
  /// Connections to one replica at once, 1 to 1,000,000; nil is `unlimited`.
  package var replicaConnections: Int?

  /// What `fields` may be: a browser sends some twenty.
  static let fieldBounds = 20...1000

  package init() {}
}
