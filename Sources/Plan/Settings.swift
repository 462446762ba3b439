// The conf's settings for the clients' side and for lbd as a whole, as the workers need them.

package import HTTPWire
package import LinuxIO

/// The conf's settings for every client, in plain numbers. Times are nanoseconds. The settings for a
/// pool's exchanges are in `Policy`. No setting has a default, since the conf's keys have theirs: a
/// setting that is not passed on does not compile.
package struct Settings: Sendable, Equatable {
  /// Between two bytes that a client is to take when no request of it is under way.
  package let idleTimeout: UInt64
  package let clientHeaderTimeout: UInt64
  package let clientIdleTimeout: UInt64
  /// The longest request or response head, in bytes.
  package let headLimit: Int
  /// The most field lines of a head.
  package let fieldLimit: Int
  /// The longest request body, in bytes; `Int.max` for none.
  package let bodyLimit: Int
  /// The time that one byte of a request may take while lbd waits for it, after a grace; 0 for no limit.
  package let byteTime: UInt64
  /// Connections of one client address at once, over all workers; `Int.max` for any number.
  package let connectionsPerAddress: Int
  /// A client that has ended its sending side is served all the same.
  package let servesHalfClosed: Bool
  /// The connections from clients, and to replicas, that a worker may have now. A larger pool leaves fewer
  /// descriptors for connections. The limits that the worker was made with are the most.
  package let clients: Int
  package let upstreams: Int
  /// lbd answers `/docs` and `/openapi.json` itself.
  package let docs: Bool
  /// `/docs` tells everyone all of the pool, not only clients on this machine.
  package let docsTellAll: Bool
  /// The trusted proxies' networks: a proxy there is believed about its own client.
  package let trustedProxies: [Network]
  /// Connections must begin with a PROXY header, and only trusted proxies may open them.
  package let requiresProxyHeader: Bool
  /// The rules of the fields that replicas get besides the request's own, and of those that they do not.
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
