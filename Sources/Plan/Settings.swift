// What the conf says of the clients' side and of lbd as a whole, as the workers need it.

package import HTTPWire
package import LinuxIO

/// What the conf sets for every client, in plain numbers; times are nanoseconds. What it sets for a
/// pool's exchanges is its `Policy`. No setting has a
/// default, since the conf's keys have theirs: a setting that is not passed on does not compile.
package struct Settings: Sendable, Equatable {
  /// Between two bytes that a client is to take when no request of it is under way.
  package let idleTimeout: UInt64
  package let clientHeaderTimeout: UInt64
  package let clientIdleTimeout: UInt64
  /// The longest request or response head, in bytes.
  package let headLimit: Int
  /// How many field lines a head may have.
  package let fieldLimit: Int
  /// The longest request body, in bytes; `Int.max` for none.
  package let bodyLimit: Int
  /// What one byte of a request may take while lbd waits for it, after a grace, in nanoseconds; 0 for
  /// any time.
  package let byteTime: UInt64
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
  /// Each exchange has a line in the access log.
  package let recordsAccess: Bool

  package init(
    idleTimeout: UInt64, clientHeaderTimeout: UInt64, clientIdleTimeout: UInt64, headLimit: Int,
    fieldLimit: Int, bodyLimit: Int, byteTime: UInt64, connectionsPerAddress: Int,
    servesHalfClosed: Bool, clients: Int, upstreams: Int, docs: Bool, docsTellAll: Bool,
    trustedProxies: [Network], requiresProxyHeader: Bool, forward: ForwardRules,
    recordsAccess:
      Bool
  ) {
    self.idleTimeout = idleTimeout
    self.clientHeaderTimeout = clientHeaderTimeout
    self.clientIdleTimeout = clientIdleTimeout
    self.headLimit = headLimit
    self.fieldLimit = fieldLimit
    self.bodyLimit = bodyLimit
    self.byteTime = byteTime
    self.connectionsPerAddress = connectionsPerAddress
    self.servesHalfClosed = servesHalfClosed
    self.clients = clients
    self.upstreams = upstreams
    self.docs = docs
    self.docsTellAll = docsTellAll
    self.trustedProxies = trustedProxies
    self.requiresProxyHeader = requiresProxyHeader
    self.forward = forward
    self.recordsAccess = recordsAccess
  }

  /// Whether a client is one of the trusted proxies.
  package func trusts(_ client: borrowing SocketAddress) -> Bool {
    guard !trustedProxies.isEmpty, let ip = client.ip?.unmapped else { return false }
    return trustedProxies.contains { $0.contains(ip) }
  }
}
