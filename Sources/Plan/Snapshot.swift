// One loaded configuration as the workers see it: made by the control thread, never changed after.
// A worker swaps the one it holds between two batches of events; what is in flight goes on.

package import LinuxIO

/// One replica as the workers need it.
package struct Replica: Sendable, Equatable {
  /// Its place in every table of replicas, below `Numbering.slots`; its own for as long as it
  /// is in a pool.
  package let slot: Int
  package let name: String
  /// Absent while its name does not resolve.
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
  /// By the pool's number, below `Numbering.pools`. The first one is the control socket's: `/docs` shows
  /// what it says.
  package let pools: [PoolPlan]
  /// A request that carries this in `X-Lbd-Test` is told which replica answered. Never empty.
  package let testToken: [UInt8]
  package let pages: OwnDocuments

  /// - Parameters:
  ///   - control: the control socket; nil where there is none.
  ///   - pool: what requests go to.
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

  /// Requests at once that the control socket has of clients: lbctl needs it too.
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
