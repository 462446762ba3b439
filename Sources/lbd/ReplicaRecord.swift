// One replica as the control thread knows it: what the conf says, what its name resolves to, what
// was observed, and its figures.

import Balancing
import Configuration
import ControlProtocol
import LinuxIO
import Proxy

/// The control thread's record of a replica.
struct ReplicaRecord {
  let slot: Int
  var configuration: ReplicaConfiguration
  /// Where it is; nil while its name does not resolve.
  var address: SocketAddress?
  var health: Health
  var meter: Meter
  /// The last probe's verdict, such as `200` or `refused`.
  var checkResult = "-"
  var checkMilliseconds: Double?
  /// When the next probe is due, by the monotonic clock.
  var nextProbe: UInt64 = 0
  /// A probe is under way.
  var isProbing = false
  /// Its name is being looked up.
  var isLookingUp = false
  /// How often its address has changed: what a probe of a former one says counts for nothing.
  var move = 0
  /// Probes that have ended.
  var probes = 0

  var name: String { configuration.name }

  /// Its host's name where that has to be looked up, with the port.
  var hostName: (String, port: UInt16)? {
    guard case .host(let host, let port) = configuration.address,
      SocketAddress(ip: host, port: port) == nil
    else { return nil }
    return (host, port)
  }

  /// The address in the conf where it needs no look-up.
  static func address(of configuration: ReplicaConfiguration) -> SocketAddress? {
    switch configuration.address {
    case .host(let host, let port): SocketAddress(ip: host, port: port)
    case .unix(let path): SocketAddress(path: path)
    }
  }

  var observed: ObservedState {
    guard address != nil else { return .unresolved }
    return switch health.observation {
    case .starting: .starting
    case .up: .up
    case .down: .down
    case .ejected: .ejected
    }
  }

  /// The row of `lbctl pool`.
  func report(now: UInt64) -> ReplicaReport {
    let reading = meter.read(now: now)
    let state = ReplicaState(rawValue: observed.rawValue) ?? .starting
    let next = isProbing || nextProbe <= now ? 0 : Double(nextProbe - now) / 1e6
    return ReplicaReport(
      name: name, address: configuration.address.description,
      config: .init(weight: configuration.weight), order: .ready, observed: observed, state: state,
      stateSeconds: Double(now - health.since) / 1e9, active: reading.active,
      requests: reading.responses, rate: reading.rate, p50Milliseconds: reading.p50Milliseconds,
      p99Milliseconds: reading.p99Milliseconds, status5xx: reading.status5xx,
      retries: reading.retries,
      check: .init(
        result: checkResult, latencyMilliseconds: checkMilliseconds, nextInMilliseconds: next))
  }
}
