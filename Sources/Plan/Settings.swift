// What the conf says, as the workers need it.

package import HTTPWire
package import LinuxIO

/// What the conf sets for every exchange, in plain numbers; times are nanoseconds. No setting has a
/// default, since the conf's keys have theirs: a setting that is not passed on does not compile.
package struct Settings: Sendable, Equatable {
  package let connectTimeout: UInt64
  package let responseTimeout: UInt64
  package let idleTimeout: UInt64
  package let clientHeaderTimeout: UInt64
  package let clientIdleTimeout: UInt64
  /// Between two bytes of a tunnel.
  package let tunnelIdleTimeout: UInt64
  /// How long a replica's idle connection is kept for the next request.
  package let upstreamIdleTimeout: UInt64
  /// Retries after the first attempt.
  package let retries: Int
  /// The share of the pool's requests that may be made again, in percent.
  package let retryBudget: Int
  /// The statuses of a replica that send a request to another one.
  package let retryStatuses: [ClosedRange<Int>]
  /// How long a request may wait for a replica; 0 for not at all.
  package let holdTimeout: UInt64
  /// Requests that may wait at once, over all workers.
  package let holdQueue: Int
  /// Gateway failures of a replica in a row of which the control thread is told; 0 for never.
  package let failuresToEject: Int
  /// The longest request or response head, in bytes.
  package let headLimit: Int
  /// How many field lines a head may have.
  package let fieldLimit: Int
  /// The longest request body, in bytes; `Int.max` for none.
  package let bodyLimit: Int
  /// What one byte of a request may take while lbd waits for it, after a grace, in nanoseconds; 0 for
  /// any time.
  package let byteTime: UInt64
  /// Connections that one worker lets rest to a replica for longer than a moment.
  package let restingLimit: Int
  /// Connections to a replica at once, over all workers; `Int.max` for any number.
  package let replicaConnections: Int
  /// Connections of one client address at once, over all workers; `Int.max` for any number.
  package let connectionsPerAddress: Int
  /// A client that has ended its sending side is served all the same.
  package let servesHalfClosed: Bool
  /// Connections from clients, and to replicas, that a worker may have now, up to the limits that it was
  /// made with: a pool that grows leaves fewer descriptors for them.
  package let clients: Int
  package let upstreams: Int
  /// lbd answers `/docs` and `/openapi.json` itself.
  package let docs: Bool
  /// What they tell of the pool is all for everyone, not only for clients on this machine.
  package let docsTellAll: Bool
  /// Where the word of a client is taken on who its own client is.
  package let trustedProxies: [Network]
  /// Connections must begin with a PROXY header, and only trusted proxies may open them.
  package let requiresProxyHeader: Bool
  /// What replicas are told beside the request, and what not.
  package let forward: ForwardRules
  /// The PROXY header that connections to replicas begin with.
  package let proxyHeader: ProxyVersion?
  /// Each exchange has a line in the access log.
  package let recordsAccess: Bool

  package init(
    connectTimeout: UInt64, responseTimeout: UInt64, idleTimeout: UInt64,
    clientHeaderTimeout: UInt64, clientIdleTimeout: UInt64, tunnelIdleTimeout: UInt64,
    upstreamIdleTimeout: UInt64, retries: Int, retryBudget: Int, retryStatuses: [ClosedRange<Int>],
    holdTimeout: UInt64, holdQueue: Int, failuresToEject: Int, headLimit: Int, fieldLimit: Int,
    bodyLimit: Int, byteTime: UInt64, restingLimit: Int, replicaConnections: Int,
    connectionsPerAddress: Int, servesHalfClosed: Bool, clients: Int, upstreams: Int, docs: Bool,
    docsTellAll: Bool, trustedProxies: [Network], requiresProxyHeader: Bool, forward: ForwardRules,
    proxyHeader: ProxyVersion?, recordsAccess: Bool
  ) {
    self.connectTimeout = connectTimeout
    self.responseTimeout = responseTimeout
    self.idleTimeout = idleTimeout
    self.clientHeaderTimeout = clientHeaderTimeout
    self.clientIdleTimeout = clientIdleTimeout
    self.tunnelIdleTimeout = tunnelIdleTimeout
    self.upstreamIdleTimeout = upstreamIdleTimeout
    self.retries = retries
    self.retryBudget = retryBudget
    self.retryStatuses = retryStatuses
    self.holdTimeout = holdTimeout
    self.holdQueue = holdQueue
    self.failuresToEject = failuresToEject
    self.headLimit = headLimit
    self.fieldLimit = fieldLimit
    self.bodyLimit = bodyLimit
    self.byteTime = byteTime
    self.restingLimit = restingLimit
    self.replicaConnections = replicaConnections
    self.connectionsPerAddress = connectionsPerAddress
    self.servesHalfClosed = servesHalfClosed
    self.clients = clients
    self.upstreams = upstreams
    self.docs = docs
    self.docsTellAll = docsTellAll
    self.trustedProxies = trustedProxies
    self.requiresProxyHeader = requiresProxyHeader
    self.forward = forward
    self.proxyHeader = proxyHeader
    self.recordsAccess = recordsAccess
  }

  /// Whether a client is one of the trusted proxies.
  package func trusts(_ client: borrowing SocketAddress) -> Bool {
    guard !trustedProxies.isEmpty, let ip = client.ip?.unmapped else { return false }
    return trustedProxies.contains { $0.contains(ip) }
  }
}
