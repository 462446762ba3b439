// The PROXY protocol on both sides of lbd: the header with which a trusted proxy begins its connection,
// and the header with which lbd begins one to a replica.

import HTTPWire
import Ledger
import LinuxIO
import Plan

extension Worker {
  /// The next step after a look for a PROXY header.
  enum ProxyHeaderVerdict {
    /// No header is left: a request follows.
    case passed
    case incomplete
    case refused(Refusal)
    /// The client that the header names has as many connections as it may.
    case tooMany
  }

  /// Reads the PROXY header that a trusted proxy's connection may begin with. Where the conf requires
  /// the header, the connections of all others are refused, with a header or without.
  mutating func takeProxyHeader(_ client: SlabSlot<Client>) -> ProxyHeaderVerdict {
    guard clients[client].isTrusted else {
      if settings.requiresProxyHeader { return .refused(.untrustedProxy) }
      // The connection came while the header was required.
      clients[client].mayNameClient = false
      return .passed
    }
    switch clients[client].proxyHeader() {
    case .absent where settings.requiresProxyHeader: return .refused(.missingProxyHeader)
    case .absent: break
    case .incomplete: return .incomplete
    case .malformed: return .refused(.malformedProxyHeader)
    case .complete(let length, let source):
      switch source {
      case .proxy: break
      case .unknown: clients[client].speakForUnknown()
      case .text, .binary:
        guard let named = clients[client].named(source) else {
          return .refused(.malformedProxyHeader)
        }
        clients[client].speak(for: named, isTrusted: settings.trusts(named))
        guard clients[client].isTrusted || enter(client) else { return .tooMany }
      }
      clients[client].input.buffer.consume(length)
      if clients[client].input.buffer.isEmpty {
        clients[client].input.buffer.reset()
        clients[client].hasBegunHead = false
      }
    }
    clients[client].mayNameClient = false
    return .passed
  }
}

extension Client {
  func proxyHeader() -> ProxyHeaderOutcome { ProxyHeader.parse(input.buffer.bytes) }

  /// The address that the header at the input's front names; nil where it names none.
  func named(_ source: ProxySource) -> SocketAddress? {
    let bytes = input.buffer.bytes
    switch source {
    case .proxy, .unknown: return nil
    case .text(let range, let destination, let port):
      guard IPAddress(bytes.extracting(destination)) != nil else { return nil }
      return SocketAddress(ip: bytes.extracting(range), port: port)
    case .binary(let range, let port):
      return SocketAddress(IPAddress(wire: bytes.extracting(range)), port: port)
    }
  }

  /// Writes the header that names the client, and the address at which it came in.
  func writeProxyHeader(_ version: ProxyVersion, to writer: inout ByteWriter) {
    guard let local = Socket.localAddress(leg.socket), let destination = local.ip?.unmapped,
      let source = IPAddress(address.bytes)
    else { return ProxyHeader.writeUnstated(version, to: &writer) }
    let ports = (port, local.port)
    switch version {
    case .v1:
      let text = AddressText(destination)
      ProxyHeader.write(v1: address.bytes, text.bytes, ports: ports, to: &writer)
    case .v2:
      let isIPv6 = source.isIPv6 || destination.isIPv6
      let (from, to) = isIPv6 ? (source.mapped, destination.mapped) : (source, destination)
      ProxyHeader.write(v2: from.wire, to.wire, ports: ports, to: &writer)
    }
  }
}
