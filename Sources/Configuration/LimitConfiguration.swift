/// What one client, and all of them, may take up: `[limits]`.
package struct LimitConfiguration: Sendable, Equatable {
  /// Bytes of a head, request or response, 1 KiB to 64 KiB.
  package var header = 16 << 10
  /// Bytes of a request's body, 1 to 1 TiB; nil is `unlimited`, for bodies are streamed.
  package var body: Int?
  /// Client connections at once, 1 to 10,000,000; nil is `auto`, from the descriptor limit.
  package var connections: Int?

  package init() {}
}
