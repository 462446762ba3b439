/// Who is believed on whose behalf a request comes, and how replicas are told: `[forward]`.
package struct ForwardConfiguration: Sendable, Equatable {
  /// Proxies before lbd whose `X-Forwarded-*`, `Forwarded`, `X-Request-Id` and PROXY headers are
  /// believed; nil is `none`.
  package var trustedProxies: [NetworkRange]?
  /// Whether `Forwarded` (RFC 7239) is stated beside `X-Forwarded-*`.
  package var forwarded = false
  /// Whether `Via` is stated.
  package var via = true
  /// Request fields that never pass, 1 to 32 names of at most 64 bytes; nil is `none`.
  package var drop: [String]?
  /// Whether a client's connection may or must begin with a PROXY header; `required` goes with
  /// `trustedProxies`.
  package var proxyProtocolIn = IncomingProxyProtocol.optional
  /// The PROXY header that connections to replicas begin with.
  package var proxyProtocol = ProxyProtocol.off

  package init() {}
}

/// A version of the PROXY protocol, or none.
package enum ProxyProtocol: String, Sendable, CaseIterable {
  case off, v1, v2
}

/// Whether a client's connection begins with a PROXY header.
package enum IncomingProxyProtocol: String, Sendable, CaseIterable {
  /// A trusted proxy's may.
  case optional
  /// Each must, and only trusted proxies may connect.
  case required
}
