/// Where a replica is reached: `name:port`, `1.2.3.4:port`, `[v6]:port`, or `unix:/path`.
///
/// Written in the conf and by `lbctl add`. Hosts are kept in one spelling (names in lower case, IPv6 as
/// RFC 5952 writes it), so that two equal addresses compare equal and `description` reads back the same.
package enum ReplicaAddress: Sendable, Hashable, LosslessStringConvertible {
  /// A name, an IPv4 address, or an IPv6 address without brackets; port 1 to 65535.
  case host(String, port: UInt16)
  /// An absolute path of at most 107 bytes, what a `sockaddr_un` holds beside its NUL.
  case unix(String)

  package init?(_ description: String) {
    guard case .value(let address) = ReplicaAddress.read(description) else { return nil }
    self = address
  }

  /// Why a text is no address, and what to write.
  package static func fault(in text: String) -> String {
    switch read(text) {
    case .value(let address): "\(address) is an address"
    case .refused(let refusal): refusal.why
    }
  }

  package var description: String {
    switch self {
    case .host(let host, let port) where host.utf8.contains(.colon): "[\(host)]:\(port)"
    case .host(let host, let port): "\(host):\(port)"
    case .unix(let path): "unix:\(path)"
    }
  }

  /// Whether it leads to the machine that asks, by its text alone.
  package var isLoopback: Bool {
    if case .host(let host, _) = self { HostName.isLoopback(host) } else { true }
  }

  /// The same for an address to listen on: a wildcard is one, a name but `localhost` is none.
  static func readListener(_ text: String) -> Reading<ReplicaAddress> {
    guard text.utf8.contains(.colon) else {
      return .refused("\(quoted(text)) is no address with a port, write 127.0.0.1:9090")
    }
    let reading = read(text, isListener: true)
    guard case .value(.host(let host, _)) = reading, host != "localhost",
      !host.utf8.contains(.colon), !HostName.isIPv4(host.split(separator: "."))
    else { return reading }
    return .refused("\(quoted(host)) is a name, write an address such as 127.0.0.1:9090")
  }

  static func read(_ text: String, isListener: Bool = false) -> Reading<ReplicaAddress> {
    if text.hasPrefix("unix:") {
      return readPath(String(text.utf8.dropFirst(5)) ?? "")
    }
    return readHostAndPort(text, isListener: isListener)
  }

  static func readHostAndPort(
    _ text: String, isListener: Bool = false
  ) -> Reading<ReplicaAddress> {
    let scheme = text.lowercased().prefix { $0.isASCII && ($0.isLetter || $0.isNumber) }
    if !scheme.isEmpty, text.dropFirst(scheme.count).hasPrefix("://") {
      return readURL(String(scheme), of: text)
    }
    guard let colon = text.utf8.lastIndex(of: .colon) else {
      let isPort = wholeNumber(text).flatMap(UInt16.init(exactly:)).map { $0 > 0 } ?? false
      let example = isPort ? "127.0.0.1:\(text)" : "\(clipped(text)):9000"
      return .refused("\(quoted(text)) has no port, write \(example) or unix:/path")
    }
    let host = text[..<colon]
    let port = text[text.utf8.index(after: colon)...]
    guard let number = wholeNumber(port), let port = UInt16(exactly: number), port > 0 else {
      return .refused("\(quoted(port)) is not a port, write host:port with a port from 1 to 65535")
    }
    return readHost(host, isListener: isListener).map { .host($0, port: port) }
  }

  /// What a URL says too much, and what is left of it.
  private static func readURL(_ scheme: String, of text: String) -> Reading<ReplicaAddress> {
    guard !["https", "wss", "ssl", "tls"].contains(scheme) else {
      return .refused(
        "\(quoted(text)) is a URL, and lbd speaks plain HTTP to replicas, write host:port")
    }
    let rest = text.dropFirst(scheme.utf8.count + 3).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    if let address = ReplicaAddress(String(rest)) ?? ReplicaAddress("\(rest):80") {
      return .refused("\(quoted(text)) is a URL, write \(clipped(address.description))")
    }
    return .refused("\(quoted(text)) is a URL, write host:port")
  }

  private static func readPath(_ path: String) -> Reading<ReplicaAddress> {
    guard path.hasPrefix("/") else {
      return .refused("\(quoted(path)) is not an absolute path, write unix:/path")
    }
    guard path.utf8.count <= 107, !path.utf8.contains(where: \.isControl) else {
      return .refused("a socket path holds at most 107 plain bytes, choose a shorter one")
    }
    return .value(.unix(path))
  }

  private static func readHost(_ host: Substring, isListener: Bool) -> Reading<String> {
    let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
    if host.utf8.contains(.colon), !isBracketed {
      return .refused("an IPv6 address stands in brackets, write [\(clipped(host))]:port")
    }
    let reading = HostName.read(isBracketed ? host.dropFirst().dropLast() : host)
    guard case .value(let name) = reading else { return reading }
    if isBracketed, !name.utf8.contains(.colon) {
      return .refused("only an IPv6 address stands in brackets, write \(name):port")
    }
    if !isListener && HostName.isWildcard(HostName.unmapped(name)) {
      return .refused("\(name) is not an address to connect to, write 127.0.0.1 or the host's own")
    }
    return .value(name)
  }
}
