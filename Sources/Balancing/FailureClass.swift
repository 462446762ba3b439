// The classes of failed attempts, in the words that metrics, events and the log use.

/// The class of a failed attempt at a replica. Each class is counted by itself, since each has another
/// remedy.
package enum FailureClass: UInt8, Sendable, CaseIterable {
  /// The connection was never established: refused, reset, unreachable, or too slow.
  case connect
  /// A reused connection ended before the first byte of the response.
  case stale
  /// A new connection ended before the response was whole, or any connection within a response.
  case reset
  /// The response did not begin, or did not go on, in time.
  case timeout
  /// The replica answered with a status for which the conf asks another replica.
  case status
  /// The replica sent no valid response.
  case `protocol`
}
