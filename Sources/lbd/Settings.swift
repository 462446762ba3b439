// What the workers need of the conf, in their units: the one place that makes their settings of it.

import Configuration
import HTTPWire
import Ledger
import LinuxIO
import Plan

extension Settings {
  /// - Parameters:
  ///   - limits: the connections that a worker may have with the pool as it is.
  ///   - mark: by which this process knows its own requests.
  init(_ configuration: Configuration, _ limits: WorkerLimits, mark: UInt64) {
    let (timeouts, retry) = (configuration.timeouts, configuration.retry)
    let (most, forward) = (configuration.limits, configuration.forward)
    self.init(
      connectTimeout: timeouts.connect.nanoseconds, responseTimeout: timeouts.response.nanoseconds,
      idleTimeout: timeouts.idle.nanoseconds,
      clientHeaderTimeout: timeouts.clientHeader.nanoseconds,
      clientIdleTimeout: timeouts.clientIdle.nanoseconds,
      tunnelIdleTimeout: timeouts.tunnelIdle.nanoseconds,
      upstreamIdleTimeout: Settings.upstreamIdleTime,
      retries: retry.attempts, retryBudget: retry.budget,
      retryStatuses: retry.statuses?.ranges ?? [],
      holdTimeout: configuration.hold.timeout?.nanoseconds ?? 0,
      holdQueue: configuration.hold.queue, failuresToEject: configuration.health.failures,
      headLimit: most.header, fieldLimit: most.fields, bodyLimit: most.body ?? .max,
      byteTime: most.bodyRate == 0 ? 0 : 1_000_000_000 / UInt64(most.bodyRate),
      restingLimit: most.resting, replicaConnections: most.replicaConnections ?? .max,
      connectionsPerAddress: most.maxConnections ?? .max,
      servesHalfClosed: configuration.halfClose,
      clients: limits.clients, upstreams: limits.upstreams,
      docs: configuration.docs != .off, docsTellAll: configuration.docs == .full,
      trustedProxies: (forward.trustedProxies ?? []).compactMap(Network.init),
      requiresProxyHeader: forward.proxyProtocolIn == .required,
      forward: ForwardRules(forward, mark: mark), proxyHeader: forward.proxyProtocol.version,
      recordsAccess: configuration.log.access != .off)
  }

  /// No key sets it.
  private static var upstreamIdleTime: UInt64 { 55_000_000_000 }
}
