// One loaded configuration as the workers see it: made by the control thread, never changed after.
// A worker swaps the one it holds between two batches of events; what is in flight goes on.

package import HTTPWire
package import LinuxIO

/// What the conf sets for every exchange, in plain numbers; times are nanoseconds.
package struct Settings: Sendable, Equatable {
  package var connectTimeout: UInt64 = 1_000_000_000
  package var responseTimeout: UInt64 = 30_000_000_000
  package var idleTimeout: UInt64 = 60_000_000_000
  package var clientHeaderTimeout: UInt64 = 10_000_000_000
  package var clientIdleTimeout: UInt64 = 75_000_000_000
  /// Between two bytes of a tunnel.
  package var tunnelIdleTimeout: UInt64 = 3_600_000_000_000
  /// How long a replica's idle connection is kept for the next request.
  package var upstreamIdleTimeout: UInt64 = 55_000_000_000
  /// Retries after the first attempt.
  package var retries = 2
  /// The share of the pool's requests that may be made again, in percent.
  package var retryBudget = 20
  /// The statuses of a replica that send a request to another one.
  package var retryStatuses: [ClosedRange<Int>] = []
  /// How long a request may wait for a replica; 0 for not at all.
  package var holdTimeout: UInt64 = 2_000_000_000
  /// Requests that may wait at once, over all workers.
  package var holdQueue = 1024
  /// Gateway failures of a replica in a row of which the control thread is told; 0 for never.
  package var failuresToEject = 0
  /// The longest request or response head, in bytes.
  package var headLimit = 16 << 10
  /// How many field lines a head may have.
  package var fieldLimit = HeaderFields.usualLimit
  /// The longest request body, in bytes; `Int.max` for none.
  package var bodyLimit = Int.max
  /// What one byte of a request may take while lbd waits for it, after a grace, in nanoseconds; 0 for
  /// any time.
  package var byteTime: UInt64 = 2_000_000
  /// Connections that one worker lets rest to a replica for longer than a moment.
  package var restingLimit = 64
  /// Connections to a replica at once, over all workers; `Int.max` for any number.
  package var replicaConnections = Int.max
  /// Connections of one client address at once, over all workers; `Int.max` for any number.
  package var connectionsPerAddress = Int.max
  /// A client that has ended its sending side is served all the same.
  package var servesHalfClosed = false
  /// Connections from clients, and to replicas, that a worker may have now, up to the limits that it was
  /// made with: a pool that grows leaves fewer descriptors for them.
  package var clients = Int.max
  package var upstreams = Int.max
  /// lbd answers `/docs` and `/openapi.json` itself.
  package var docs = false
  /// What they tell of the pool is all for everyone, not only for clients on this machine.
  package var docsTellAll = false
  /// Where the word of a client is taken on who its own client is.
  package var trustedProxies: [Network] = []
  /// Connections must begin with a PROXY header, and only trusted proxies may open them.
  package var requiresProxyHeader = false
  /// What replicas are told beside the request, and what not.
  package var forward = ForwardRules()
  /// The PROXY header that connections to replicas begin with.
  package var proxyHeader: ProxyVersion?
  /// Each exchange has a line in the access log.
  package var recordsAccess = false

  package init() {}

  /// Whether a client is one of the trusted proxies.
  func trusts(_ client: borrowing SocketAddress) -> Bool {
    guard !trustedProxies.isEmpty, let ip = client.ip?.unmapped else { return false }
    return trustedProxies.contains { $0.contains(ip) }
  }
}

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
