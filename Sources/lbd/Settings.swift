// What the workers and the prober need of the conf, in their units: the one place that makes their
// settings of it.

import Balancing
import Configuration
import HTTPWire
import Ledger
import LinuxIO
import Plan
import Probing

extension Settings {
  /// - Parameters:
  ///   - limits: the connections that a worker may have with the pool as it is.
  ///   - mark: by which this process knows its own requests.
  init(_ configuration: Configuration, _ limits: WorkerLimits, mark: UInt64) {
    let (most, forward) = (configuration.limits, configuration.forward)
    self.init(
      idleTimeout: configuration.timeouts.idle.nanoseconds,
      clientHeaderTimeout: configuration.timeouts.clientHeader.nanoseconds,
      clientIdleTimeout: configuration.timeouts.clientIdle.nanoseconds,
      headLimit: most.header, fieldLimit: most.fields, bodyLimit: most.body ?? .max,
      byteTime: most.bodyRate == 0 ? 0 : 1_000_000_000 / UInt64(most.bodyRate),
      connectionsPerAddress: most.maxConnections ?? .max,
      servesHalfClosed: configuration.halfClose,
      clients: limits.clients, upstreams: limits.upstreams,
      docs: configuration.docs != .off, docsTellAll: configuration.docs == .full,
      trustedProxies: (forward.trustedProxies ?? []).compactMap(Network.init),
      requiresProxyHeader: forward.proxyProtocolIn == .required,
      forward: ForwardRules(forward, mark: mark), recordsAccess: configuration.log.access != .off)
  }
}

extension Policy {
  /// What the conf says of its pool.
  init(_ configuration: Configuration) {
    let (timeouts, retry) = (configuration.timeouts, configuration.retry)
    let most = configuration.limits
    self.init(
      connectTimeout: timeouts.connect.nanoseconds, responseTimeout: timeouts.response.nanoseconds,
      idleTimeout: timeouts.idle.nanoseconds, tunnelIdleTimeout: timeouts.tunnelIdle.nanoseconds,
      upstreamIdleTimeout: Policy.upstreamIdleTime,
      dispatch: DispatchRules(
        algorithm: DispatchRules.Algorithm(configuration.algorithm),
        retries: retry.attempts, retryBudget: retry.budget,
        holdTimeout: configuration.hold.timeout?.nanoseconds ?? 0,
        holdQueue: configuration.hold.queue),
      retryStatuses: retry.statuses?.ranges ?? [],
      failuresToEject: configuration.health.failures, isProbed: true,
      restingLimit: most.resting, replicaConnections: most.replicaConnections ?? .max,
      proxyHeader: configuration.forward.proxyProtocol.version)
  }

  /// No key sets it.
  private static var upstreamIdleTime: UInt64 { 55_000_000_000 }
}

extension DispatchRules.Algorithm {
  init(_ algorithm: Algorithm) {
    self =
      switch algorithm {
      case .roundRobin: .roundRobin
      }
  }
}

extension ProbeSettings {
  init(_ configuration: Configuration) {
    self.init(
      configuration.health, fieldLimit: configuration.limits.fields,
      proxyHeader: configuration.forward.proxyProtocol.version)
  }
}
