// Where a socket listens or connects to: IPv4, IPv6 or a path, in the kernel's own form.

import CLinux
import Glibc

/// A socket address. 112 bytes; copying it is a plain copy.
package struct SocketAddress: Sendable, Equatable, CustomStringConvertible {
  private var storage: InlineArray<112, UInt8>
  private var length: UInt8
  package let family: Int32

  /// It is a socket's path.
  package var isUnix: Bool { family == AF_UNIX }

  /// An IP address in text (`127.0.0.1`, `::1`) and a port; nil when the text is not one.
  package init?(ip: String, port: UInt16) {
    var ip = ip
    // Safe: a contiguous string's UTF-8 stays where it is during the call.
    let address = ip.withUTF8 { bytes in
      unsafe SocketAddress(ip: Span(_unsafeElements: bytes), port: port)
    }
    guard let address else { return nil }
    self = address
  }

  /// The same from a text's bytes. Never allocates.
  package init?(ip text: Span<UInt8>, port: UInt16) {
    guard let ip = IPAddress(text) else { return nil }
    self.init(ip, port: port)
  }

  /// An IP address and a port.
  package init(_ ip: IPAddress, port: UInt16) {
    storage = InlineArray(repeating: 0)
    let (offset, count) = ip.isIPv6 ? (8, 16) : (4, 4)
    family = ip.isIPv6 ? AF_INET6 : AF_INET
    length = UInt8(
      ip.isIPv6 ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size)
    // The family stands first in the machine's own order, the port behind it in the wire's.
    let kind = sa_family_t(family)
    storage[0] = UInt8(truncatingIfNeeded: kind)
    storage[1] = UInt8(truncatingIfNeeded: kind >> 8)
    storage[2] = UInt8(port >> 8)
    storage[3] = UInt8(port & 255)
    for index in 0..<count { storage[offset + index] = ip.bytes[index] }
  }

  /// A Unix socket's path, 1 to 107 bytes; nil when it is longer or empty.
  package init?(path: String) {
    var unix = sockaddr_un()
    unix.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard !bytes.isEmpty && bytes.count < 108 && !bytes.contains(0) else { return nil }
    // Safe: at most 107 bytes go into the 108 of sun_path, which was zeroed.
    unsafe withUnsafeMutableBytes(of: &unix.sun_path) { target in
      unsafe target.copyBytes(from: bytes)
    }
    self.init(copying: unix, length: MemoryLayout<sockaddr_un>.size, family: AF_UNIX)
  }

  private init<Address>(copying address: Address, length: Int, family: Int32) {
    storage = InlineArray(repeating: 0)
    self.length = UInt8(length)
    self.family = family
    // Safe: the three kinds are at most 110 bytes long.
    unsafe withUnsafeBytes(of: address) { source in
      for index in 0..<length { storage[index] = unsafe source[index] }
    }
  }

  /// Builds an address from what the kernel writes; nil when it is of no kind known here.
  init?(_ fill: (UnsafeMutablePointer<sockaddr>, inout socklen_t) -> Bool) {
    var space = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    // Safe: sockaddr_storage is made to be seen as any sockaddr.
    let filled = unsafe withUnsafeMutablePointer(to: &space) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        unsafe fill(address, &length)
      }
    }
    guard filled else { return nil }
    switch Int32(space.ss_family) {
    case AF_INET:
      self.init(copying: space, length: MemoryLayout<sockaddr_in>.size, family: AF_INET)
    case AF_INET6:
      self.init(copying: space, length: MemoryLayout<sockaddr_in6>.size, family: AF_INET6)
    case AF_UNIX:
      self.init(copying: space, length: MemoryLayout<sockaddr_un>.size, family: AF_UNIX)
    default: return nil
    }
  }

  /// Runs `body` with the address in the kernel's form.
  func withKernelForm<Result>(
    _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    // Safe: the bytes are a sockaddr of the length that goes with them.
    unsafe withUnsafePointer(to: storage) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        unsafe body(address, socklen_t(length))
      }
    }
  }

  package static func == (left: SocketAddress, right: SocketAddress) -> Bool {
    guard left.family == right.family && left.length == right.length else { return false }
    return left.storage.indices.allSatisfy { left.storage[$0] == right.storage[$0] }
  }

  /// The same IP address at another port; a Unix socket's as it is.
  package func at(port: UInt16) -> SocketAddress {
    guard family != AF_UNIX else { return self }
    var other = self
    other.storage[2] = UInt8(port >> 8)
    other.storage[3] = UInt8(port & 255)
    return other
  }

  /// The port of an IP address, else 0.
  package var port: UInt16 {
    family == AF_UNIX ? 0 : UInt16(storage[2]) << 8 | UInt16(storage[3])
  }

  /// The IP address; nil for a path.
  package var ip: IPAddress? {
    guard family != AF_UNIX else { return nil }
    let isIPv6 = family == AF_INET6
    var bytes = InlineArray<16, UInt8>(repeating: 0)
    for index in 0..<(isIPv6 ? 16 : 4) { bytes[index] = storage[(isIPv6 ? 8 : 4) + index] }
    return IPAddress(isIPv6: isIPv6, bytes: bytes)
  }

  /// The IP address in text, or the path.
  package var host: String {
    guard let ip else {
      return String(decoding: (2..<110).map { storage[$0] }.prefix { $0 != 0 }, as: UTF8.self)
    }
    return AddressText(ip).description
  }

  /// `127.0.0.1:80`, `[::1]:80` or `unix:/path`.
  package var description: String {
    switch family {
    case AF_UNIX: "unix:\(host)"
    case AF_INET6: "[\(host)]:\(port)"
    default: "\(host):\(port)"
    }
  }
}

/// What looking a name up came to.
package enum LookupOutcome: Sendable, Equatable {
  /// At least one address, the first answer first.
  case found([SocketAddress])
  /// The resolver's word for why not, such as `Name or service not known`.
  case failed(String)
}

extension SocketAddress {
  /// Has names looked up in /etc/hosts, then by DNS, whatever nsswitch.conf says of other services:
  /// those are libraries of the machine's own glibc, and loading one into a static program that was
  /// linked with another glibc ends it (SIGFPE). Takes effect once, by being read.
  private static let asksBuiltInServicesOnly =
    unsafe __nss_configure_lookup("hosts", "files dns") == 0

  /// What a name resolves to, first answer first; nothing where it does not. Blocks as `lookUp` does.
  package static func resolve(_ name: String, port: UInt16) -> [SocketAddress] {
    guard case .found(let addresses) = lookUp(name, port: port) else { return [] }
    return addresses
  }

  /// Looks a name up. Blocks for as long as the resolver takes, so it is called from a thread of its
  /// own. An IP address in text resolves to itself.
  package static func lookUp(_ name: String, port: UInt16) -> LookupOutcome {
    if let address = SocketAddress(ip: name, port: port) { return .found([address]) }
    _ = asksBuiltInServicesOnly
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    unsafe hints.ai_flags = AI_ADDRCONFIG
    var list: UnsafeMutablePointer<addrinfo>?
    let code = unsafe getaddrinfo(name, String(port), &hints, &list)
    guard code == 0 else { return .failed(resolverText(code)) }
    defer { unsafe freeaddrinfo(list) }
    var found: [SocketAddress] = []
    var next = unsafe list
    while let entry = unsafe next {
      // Safe: getaddrinfo gives lists whose every entry has an address of its stated length.
      let address = unsafe SocketAddress { target, length in
        guard let source = unsafe entry.pointee.ai_addr else { return false }
        length = unsafe entry.pointee.ai_addrlen
        unsafe UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: Int(length))
        return true
      }
      if let address { found.append(address) }
      unsafe next = entry.pointee.ai_next
    }
    return found.isEmpty ? .failed("No address associated with hostname") : .found(found)
  }

  private static func resolverText(_ code: Int32) -> String {
    if code == EAI_SYSTEM { return SystemError.text(errno) }
    // Safe: gai_strerror gives a text of the C library's own that never changes.
    return unsafe gai_strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
  }
}
