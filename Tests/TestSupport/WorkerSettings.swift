// The settings of a worker that tests run by itself.

import Balancing
import HTTPWire
package import Plan

extension Settings {
  private static var second: UInt64 { 1_000_000_000 }

  /// Nothing runs into a limit.
  package static func ofTests(recordsAccess: Bool) -> Settings {
    Settings(
      idleTimeout: 60 * second, clientHeaderTimeout: 10 * second, clientIdleTimeout: 75 * second,
      headLimit: 16 << 10, fieldLimit: 100, bodyLimit: .max, byteTime: second / 500,
      connectionsPerAddress: .max, servesHalfClosed: false, clients: .max, upstreams: .max,
      docs: false, docsTellAll: false, trustedProxies: [], requiresProxyHeader: false,
      forward: ForwardRules(
        mark: 0, statesVia: true, statesForwarded: false, dropped: DroppedFields()),
      recordsAccess: recordsAccess)
  }
}

extension Policy {
  package static var ofTests: Policy {
    let second: UInt64 = 1_000_000_000
    return Policy(
      connectTimeout: second, responseTimeout: 30 * second, idleTimeout: 60 * second,
      tunnelIdleTimeout: 3600 * second, upstreamIdleTimeout: 55 * second,
      dispatch: DispatchRules(
        algorithm: .roundRobin, retries: 2, retryBudget: 20, holdTimeout: 2 * second,
        holdQueue: 1024),
      retryStatuses: [], failuresToEject: 0, isProbed: true, restingLimit: 64,
      replicaConnections: .max, proxyHeader: nil)
  }
}
