// The two endpoints where the control thread is asked, and how they differ.

/// An endpoint of the control thread: the control socket, or the metrics' listener, which strangers may
/// reach.
package struct ControlEndpoint {
  /// The token of the listener itself.
  package let listenerToken: UInt64
  /// Set in the tokens of connections, to tell them from other records' on the same epoll.
  package let tokenBit: UInt64
  /// Connections at once; one more takes the place of another.
  package let most: Int
  /// How long a connection may be silent, in nanoseconds.
  let patience: UInt64
  /// Any byte ends a silence. Else only the peer's reading does, and a request that drips in is late.
  let isPatient: Bool

  /// Requests that are answered, and connections that are taken, before everything else has its turn.
  package static let share = 16
  /// How long the requests of one turn may take together, in nanoseconds, before the next has to wait.
  package static let turn: UInt64 = 10_000_000

  /// A worker keeps an idle connection to this endpoint; the patience here is longer than the worker's.
  package static let control = ControlEndpoint(
    listenerToken: 2, tokenBit: 1 << 31, most: 128, patience: 75_000_000_000, isPatient: true)
  package static let metrics = ControlEndpoint(
    listenerToken: 4, tokenBit: 1 << 30, most: 32, patience: 10_000_000_000, isPatient: false)
}
