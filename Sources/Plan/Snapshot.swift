// One loaded configuration as the workers see it. The control thread makes it, and nothing changes it
// later. A worker adopts the next snapshot between two batches of events; exchanges in flight go on.

package import LinuxIO

/// One replica as the workers need it.
package struct Replica: Sendable, Equatable {
  /// The replica's index in every table of replicas, below `Numbering.slots`. No other replica has the
  /// slot while this one is in a pool.
  package let slot: Int
  package let name: String
  /// Absent while the replica's name does not resolve.
  package let address: SocketAddress?
  package let weight: Int
  /// Requests in flight at once; 0 for any number.
  package let maxRequests: Int

  package init(
    slot: Int, name: String, address: SocketAddress?, weight: Int, maxRequests: Int = 0
  ) {
    self.slot = slot
    self.name = name
    self.address = address
    self.weight = weight
    self.maxRequests = maxRequests
  }
}

/// One pool as the workers need it.
package struct PoolPlan: Sendable {
  package let policy: Policy
  /// In the order of the conf.
  package let replicas: [Replica]

  package init(policy: Policy, replicas: [Replica]) {
    self.policy = policy
    self.replicas = replicas
  }
}

/// An immutable configuration.
package final class Snapshot: Sendable {
  package let settings: Settings
  /// By the pool's number, below `Numbering.pools`. The first pool is the control socket's, which tells
  /// `/docs` what to show.
  package let pools: [PoolPlan]
  /// A request that carries this in `X-Lbd-Test` is told which replica answered. Never empty.
  package let testToken: [UInt8]
  package let pages: OwnDocuments

  /// - Parameters:
  ///   - control: the control socket; nil where there is none.
  ///   - pool: the pool that requests go to.
  package init(
    settings: Settings, control: SocketAddress?, pool: PoolPlan, testToken: [UInt8],
    pages: OwnDocuments
  ) {
    self.settings = settings
    let control = Replica(
      slot: Numbering.controlSlot, name: "the control socket", address: control, weight: 1,
      maxRequests: Snapshot.mostAtControl)
    pools = [PoolPlan(policy: .ofControl(timesOf: pool.policy), replicas: [control]), pool]
    self.testToken = testToken
    self.pages = pages
  }

  /// The most requests of clients at once to the control socket: lbctl needs the socket too.
  private static var mostAtControl: Int { 8 }
}

/// The documents that lbd serves itself, as they go over the wire.
package struct OwnDocuments: Sendable {
  package let docs: [UInt8]
  package let openAPI: [UInt8]

  package init(docs: [UInt8], openAPI: [UInt8]) {
    self.docs = docs
    self.openAPI = openAPI
  }
}
