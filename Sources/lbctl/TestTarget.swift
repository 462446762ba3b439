// Where `lbctl test` sends its requests: a path through lbd's own listener, or any http:// URL.

import CommandText
import ControlProtocol
import HTTPWire

/// A URL taken apart, as far as a test needs it.
struct TestTarget: Equatable {
  /// A host in text, without brackets.
  let host: String
  let port: UInt16
  /// What the request's Host field says.
  let authority: String
  /// Path and query.
  let path: String

  /// Reads `http://host[:port][/path]`.
  init(url: String) throws(Failure) {
    let refusal = Failure.usage(
      "\"\(url)\" is neither a path, which begins with /, nor an http:// URL")
    guard url.lowercased().hasPrefix("http://") else { throw refusal }
    let rest = url.dropFirst(7)
    let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
    let authority = String(rest[..<end])
    guard let (host, port) = TestTarget.split(authority, port: 80) else { throw refusal }
    let path = rest[end...]
    try self.init(
      host: host, port: port, authority: authority,
      path: path.hasPrefix("/") ? String(path) : "/\(path)")
  }

  /// Takes a path through the listener that lbd reports; nil where that is no `host:port`. An
  /// address that stands for all of the machine is reached at its loopback.
  init?(listener: String, path: String) throws(Failure) {
    guard let (host, port) = TestTarget.split(listener, port: nil) else { return nil }
    let reachable = ["0.0.0.0": "127.0.0.1", "::": "::1", "*": "127.0.0.1"][host] ?? host
    let authority = reachable.contains(":") ? "[\(reachable)]:\(port)" : "\(reachable):\(port)"
    try self.init(host: reachable, port: port, authority: authority, path: path)
  }

  private init(host: String, port: UInt16, authority: String, path: String) throws(Failure) {
    let path = path.prefix { $0 != "#" }
    guard path.utf8.allSatisfy(ByteClass.isTarget), path.utf8.count <= 8000 else {
      throw .usage("the path has characters that a URL may not have; write them as %XX")
    }
    self.host = host
    self.port = port
    self.authority = authority
    self.path = String(path)
  }

  /// The same place with another path.
  func at(path: String) throws(Failure) -> TestTarget {
    try TestTarget(host: host, port: port, authority: authority, path: path)
  }

  /// Splits `host:port`, `[v6]:port` or, where there is a port to assume, a host alone.
  static func split(_ authority: String, port assumed: UInt16?) -> (String, UInt16)? {
    let bytes = Array(authority.utf8)
    guard !bytes.isEmpty, Authority.isWellFormed(bytes.span, bytes.indices) else { return nil }
    var host = authority[...]
    var port = assumed
    let isBracketed = authority.hasPrefix("[")
    if let colon = authority.lastIndex(of: ":"), !isBracketed || !authority.hasSuffix("]") {
      host = authority[..<colon]
      port = UInt16(authority[authority.index(after: colon)...])
    }
    if isBracketed {
      guard host.hasSuffix("]") else { return nil }
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      return nil
    }
    guard !host.isEmpty, let port, port > 0 else { return nil }
    return (String(host), port)
  }

  /// The bytes of one request. The token, which lbd made, goes along only if it is a token.
  func request(token: String?) -> [UInt8] {
    var head = "GET \(path) HTTP/1.1\r\nHost: \(authority)\r\nUser-Agent: lbctl\r\nAccept: */*\r\n"
    if let token, !token.isEmpty, token.utf8.count <= 256, token.utf8.allSatisfy(ByteClass.isToken)
    {
      head += "\(TestField.token): \(token)\r\n"
    }
    return Array("\(head)\r\n".utf8)
  }
}
