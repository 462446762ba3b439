// One replica as the control thread knows it: what the conf says, what its name resolves to, what an
// operator ordered, what was observed, and its figures.

import Balancing
import Configuration
import ControlProtocol
import Ledger
import LinuxIO

/// The control thread's record of a replica.
struct ReplicaRecord {
  let slot: Int
  var configuration: ReplicaConfiguration
  /// Its host's name where that has to be looked up, with the port.
  let hostName: (host: String, port: UInt16)?
  /// What a probe's Host field says.
  let probeHost: String
  /// Where it is; nil while its name does not resolve.
  var address: SocketAddress?
  var health: Health
  var standing = StandingOrder()
  /// When the last order came.
  var orderedAt: UInt64
  var meter: Meter
  var counts: ReplicaCounts
  /// The last probe's verdict, such as `200` or `refused`.
  var checkResult = "-"
  var checkMilliseconds: Double?
  /// An answer to the question for its name is awaited.
  var isLookedUp = false
  /// It was said that its probes pass with an answer that says little.
  var isDoubtSaid = false
  /// The last look-up took longer than one should.
  var isLookupSlow = false
  /// Why the last look-up found nothing, in the resolver's words; nil once one has found something.
  var lookupFailure: String?
  /// The last attempt of a request that failed.
  var lastFailure: (failure: FailureClass, cause: String, time: UInt64)?
  /// What brought it into its state; nil where nothing was learnt yet.
  var stateCause: String?
  /// Probes of this address that have ended.
  var probes = 0

  init(
    slot: Int, configuration: ReplicaConfiguration, meter: Meter, counts: ReplicaCounts,
    now: UInt64
  ) {
    self.slot = slot
    self.configuration = configuration
    self.meter = meter
    self.counts = counts
    health = Health(now: now)
    orderedAt = now
    address = configuration.address.socketAddress
    switch configuration.address {
    case .host(let host, let port):
      probeHost = configuration.address.description
      hostName = address == nil ? (host, port) : nil
    case .unix:
      hostName = nil
      probeHost = "localhost"
    }
  }

  var name: String { configuration.name }

  /// Whether requests may go there.
  var isUsable: Bool { health.isUsable && standing.order == .ready }

  /// Whether it is asked how it is. One in maintenance is not.
  var isProbed: Bool { address != nil && standing.order != .maint }

  /// Its share relative to the other replicas.
  var weight: Int { standing.weight ?? configuration.weight }

  var observed: ObservedState {
    guard address != nil else { return .unresolved }
    return switch health.observation {
    case .starting: .starting
    case .up: .up
    case .slow: .slow
    case .down: .down
    case .ejected: .ejected
    }
  }

  /// What people read: what was ordered, where that takes it out, else what was observed.
  var state: ReplicaState {
    switch standing.order {
    case .ready: ReplicaState(rawValue: observed.rawValue) ?? .starting
    case .drain: .draining
    case .maint: .maint
    }
  }

  /// Since when it is in this state.
  private var since: UInt64 {
    standing.order == .ready ? max(health.since, orderedAt) : orderedAt
  }

  /// Takes over what was observed of another record at the same address: observations are of those.
  mutating func inherit(_ former: ReplicaRecord) {
    guard former.standing.order != .maint else { return }
    (address, probes) = (former.address, former.probes)
    health = former.health
    (checkResult, checkMilliseconds) = (former.checkResult, former.checkMilliseconds)
  }

  /// The row of `lbctl pool`.
  /// - Parameter nextProbe: when it is due; nil while one is under way.
  func report(_ tallies: [Tally], now: UInt64, nextProbe: UInt64?) -> ReplicaReport {
    let reading = meter.read(now: now)
    let traffic = counts.trafficOfStay(slot: slot, tallies: tallies)
    let next = max(nextProbe ?? now, now) - now
    return ReplicaReport(
      name: name, address: configuration.address.description,
      resolved: hostName == nil ? nil : address?.description, lookup: lookupFailure,
      config: .init(weight: configuration.weight), weight: weight,
      order: standing.order, observed: observed, state: state,
      stateSeconds: Double(now - since) / 1e9, active: tallies.active(slot),
      requests: traffic.responses, rate: reading.rate, p50Milliseconds: reading.p50Milliseconds,
      p99Milliseconds: reading.p99Milliseconds, status5xx: traffic.status5xx,
      retries: traffic.retries,
      check: .init(
        result: checkResult, latencyMilliseconds: checkMilliseconds,
        nextInMilliseconds: Double(next) / 1e6))
  }
}
