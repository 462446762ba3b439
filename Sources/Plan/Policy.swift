// What the conf says of one pool, as the workers need it.

package import Balancing
package import HTTPWire

/// What the conf sets for the exchanges of one pool, in plain numbers; times are nanoseconds. As in
/// `Settings`, nothing has a default.
package struct Policy: Sendable, Equatable {
  package let connectTimeout: UInt64
  package let responseTimeout: UInt64
  /// Between two bytes of a request or response.
  package let idleTimeout: UInt64
  /// Between two bytes of a tunnel.
  package let tunnelIdleTimeout: UInt64
  /// How long a replica's idle connection is kept for the next request.
  package let upstreamIdleTimeout: UInt64
  /// Retries, and waits for a replica.
  package let dispatch: DispatchRules
  /// The statuses of a replica that send a request to another one.
  package let retryStatuses: [ClosedRange<Int>]
  /// Gateway failures of a replica in a row of which the control thread is told; 0 for never.
  package let failuresToEject: Int
  /// The control thread probes the pool's replicas, so one that cannot be reached may be taken out:
  /// a probe brings it back. False of lbd's own control socket.
  package let isProbed: Bool
  /// Connections that one worker lets rest to a replica for longer than a moment.
  package let restingLimit: Int
  /// Connections to a replica at once, over all workers; `Int.max` for any number.
  package let replicaConnections: Int
  /// The PROXY header that connections to replicas begin with.
  package let proxyHeader: ProxyVersion?

  package init(
    connectTimeout: UInt64, responseTimeout: UInt64, idleTimeout: UInt64,
    tunnelIdleTimeout: UInt64, upstreamIdleTimeout: UInt64, dispatch: DispatchRules,
    retryStatuses: [ClosedRange<Int>], failuresToEject: Int, isProbed: Bool, restingLimit: Int,
    replicaConnections: Int, proxyHeader: ProxyVersion?
  ) {
    self.connectTimeout = connectTimeout
    self.responseTimeout = responseTimeout
    self.idleTimeout = idleTimeout
    self.tunnelIdleTimeout = tunnelIdleTimeout
    self.upstreamIdleTimeout = upstreamIdleTimeout
    self.dispatch = dispatch
    self.retryStatuses = retryStatuses
    self.failuresToEject = failuresToEject
    self.isProbed = isProbed
    self.restingLimit = restingLimit
    self.replicaConnections = replicaConnections
    self.proxyHeader = proxyHeader
  }

  /// The policy of the pool whose replica is lbd's own control socket, with the times of another one:
  /// one attempt, which waits for nothing.
  package static func ofControl(timesOf policy: Policy) -> Policy {
    Policy(
      connectTimeout: policy.connectTimeout, responseTimeout: policy.responseTimeout,
      idleTimeout: policy.idleTimeout, tunnelIdleTimeout: policy.tunnelIdleTimeout,
      upstreamIdleTimeout: policy.upstreamIdleTimeout,
      dispatch: DispatchRules(retries: 0, retryBudget: 0, holdTimeout: 0, holdQueue: 0),
      retryStatuses: [], failuresToEject: 0, isProbed: false, restingLimit: 1,
      replicaConnections: .max, proxyHeader: nil)
  }
}
