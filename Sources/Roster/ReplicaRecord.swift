// One replica as the control thread knows it: what the conf says, what its name resolves to, what an
// operator ordered, and what was observed.

package import Balancing
package import Configuration
package import ControlProtocol
package import LinuxIO

/// The control thread's record of a replica.
package struct ReplicaRecord {
  package let slot: Int
  package var configuration: ReplicaConfiguration
  /// Its host's name where that has to be looked up, with the port.
  package let hostName: (host: String, port: UInt16)?
  /// What a probe's Host field says.
  package let probeHost: String
  /// Where it is; nil while its name does not resolve.
  package var address: SocketAddress?
  package var health: Health
  package var adminState = AdminState()
  /// When the last order came.
  package var orderedAt: UInt64
  /// The last probe's verdict, such as `200` or `refused`.
  package var checkResult = "-"
  package var checkMilliseconds: Double?
  /// An answer to the question for its name is awaited.
  package var isLookedUp = false
  /// It was said that its probes pass with an answer that says little.
  package var isDoubtSaid = false
  /// The last look-up took longer than one should.
  package var isLookupSlow = false
  /// Why the last look-up found nothing, in the resolver's words; nil once one has found something.
  package var lookupFailure: String?
  /// The last attempt of a request that failed.
  package var lastFailure: (failure: FailureClass, cause: String, time: UInt64)?
  /// What brought it into its state; nil where nothing was learnt yet.
  package var stateCause: String?
  /// Probes of this address that have ended.
  package var probes = 0

  package init(slot: Int, configuration: ReplicaConfiguration, now: UInt64) {
    self.slot = slot
    self.configuration = configuration
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

  package var name: String { configuration.name }

  /// Whether requests may go there.
  package var isUsable: Bool { health.isUsable && adminState.order == .ready }

  /// Whether it is asked how it is. One in maintenance is not.
  package var isProbed: Bool { address != nil && adminState.order != .maint }

  /// Its share relative to the other replicas.
  package var weight: Int { adminState.weight ?? configuration.weight }

  package var observed: ObservedState {
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
  package var state: ReplicaState {
    switch adminState.order {
    case .ready: ReplicaState(rawValue: observed.rawValue) ?? .starting
    case .drain: .draining
    case .maint: .maint
    }
  }

  /// Since when it is in this state.
  package var since: UInt64 {
    adminState.order == .ready ? max(health.since, orderedAt) : orderedAt
  }

  /// Takes over what was observed of another record at the same address: observations are of those.
  package mutating func inherit(_ former: ReplicaRecord) {
    guard former.adminState.order != .maint else { return }
    (address, probes) = (former.address, former.probes)
    health = former.health
    (checkResult, checkMilliseconds) = (former.checkResult, former.checkMilliseconds)
  }
}
