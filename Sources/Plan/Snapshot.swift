// One loaded configuration as the workers see it: made by the control thread, never changed after.
// A worker swaps the one it holds between two batches of events; what is in flight goes on.

package import LinuxIO

/// One replica as the workers need it.
package struct Replica: Sendable, Equatable {
  /// Its place in every table of replicas, below `SharedPool.capacity`; its own for as long as it
  /// is in the pool.
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

/// An immutable configuration.
package final class Snapshot: Sendable {
  package let settings: Settings
  /// In the order of the conf.
  package let replicas: [Replica]
  /// The control socket: `/docs` shows what it says of the pool.
  package let control: SocketAddress?
  /// A request that carries this in `X-Lbd-Test` is told which replica answered. Never empty.
  package let testToken: [UInt8]
  package let pages: Pages

  package init(
    settings: Settings, replicas: [Replica], control: SocketAddress?, testToken: [UInt8],
    pages: Pages
  ) {
    self.settings = settings
    self.replicas = replicas
    self.control = control
    self.testToken = testToken
    self.pages = pages
  }
}

/// The documents that lbd serves itself, as they go over the wire.
package struct Pages: Sendable {
  package let docs: [UInt8]
  package let openAPI: [UInt8]

  package init(docs: [UInt8], openAPI: [UInt8]) {
    self.docs = docs
    self.openAPI = openAPI
  }
}
