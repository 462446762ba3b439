// One pool's part of the conf, as the workers need it.

package import Balancing
package import HTTPWire

/// The conf's settings for the exchanges of one pool, in plain numbers. Times are nanoseconds. As in
/// `Settings`, nothing has a default.
package struct Policy: Sendable, Equatable {
  package let connectTimeout: UInt64
  package let responseTimeout: UInt64
  /// Between two bytes of a request or response.
  package let idleTimeout: UInt64
  /// Between two bytes of a tunnel.
  package let tunnelIdleTimeout: UInt64
  /// The time for which a replica's idle connection is kept.
  package let upstreamIdleTimeout: UInt64
  /// The choice of a replica, retries, and waits for one.
  package let dispatch: DispatchRules
  /// The statuses of a replica that send a request to another one.
  package let retryStatuses: [ClosedRange<Int>]
  /// Gateway failures of a replica in a row of which the control thread is told; 0 for never.
  package let failuresToEject: Int
  /// The control thread probes the pool's replicas, so a worker may mark a replica down: a probe makes it
  /// usable again. False for lbd's own control socket.
  package let isProbed: Bool
  /// Idle connections to a replica that one worker keeps for longer than a moment.
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

  /// The policy of the control socket's pool, with the times of another policy. A request there has one
  /// attempt and no wait.
  package static func ofControl(timesOf policy: Policy) -> Policy {
    Policy(
      connectTimeout: policy.connectTimeout, responseTimeout: policy.responseTimeout,
      idleTimeout: policy.idleTimeout, tunnelIdleTimeout: policy.tunnelIdleTimeout,
      upstreamIdleTimeout: policy.upstreamIdleTimeout,
      dispatch: DispatchRules(
        algorithm: .roundRobin, retries: 0, retryBudget: 0, holdTimeout: 0, holdQueue: 0),
      retryStatuses: [], failuresToEject: 0, isProbed: false, restingLimit: 1,
      replicaConnections: .max, proxyHeader: nil)
  }
}
