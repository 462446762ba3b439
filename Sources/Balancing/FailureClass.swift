// How attempts fail, in the words that metrics, events and the log use.

/// The class of a failed attempt at a replica. Each is counted by itself, since each asks for another
/// remedy.
package enum FailureClass: UInt8, Sendable, CaseIterable {
  /// The connection never stood: refused, reset, unreachable, or too slow to come.
  case connect
  /// A connection that had served before ended before a byte of the response.
  case stale
  /// A new connection ended before the response was whole, or any in the midst of one.
  case reset
  /// The response did not begin, or go on, in time.
  case timeout
  /// The replica answered with a status that the conf takes to another one.
  case status
  /// What came is no valid response.
  case `protocol`
}
