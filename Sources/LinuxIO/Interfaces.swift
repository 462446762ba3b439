// The addresses that this machine has.

import Glibc

/// Calls on the machine's network interfaces.
package enum Interfaces {
  /// Whether a connection to an IP address stays on this machine. Asks the kernel, but for loopback's.
  package static func isLocal(_ ip: IPAddress) -> Bool {
    let ip = ip.unmapped
    return ip.isLoopback || ip.isWildcard || addresses().contains { $0.unmapped == ip }
  }

  /// All of them, in the kernel's order; nothing where it does not tell.
  package static func addresses() -> [IPAddress] {
    var list: UnsafeMutablePointer<ifaddrs>?
    guard unsafe getifaddrs(&list) == 0 else { return [] }
    defer { unsafe freeifaddrs(list) }
    var found: [IPAddress] = []
    var next = unsafe list
    while let entry = unsafe next {
      unsafe next = entry.pointee.ifa_next
      guard let source = unsafe entry.pointee.ifa_addr else { continue }
      let length: Int
      switch Int32(unsafe source.pointee.sa_family) {
      case AF_INET: length = MemoryLayout<sockaddr_in>.size
      case AF_INET6: length = MemoryLayout<sockaddr_in6>.size
      default: continue
      }
      // Safe: an entry of one of these families has an address of its length.
      let address = unsafe SocketAddress { target, count in
        count = socklen_t(length)
        unsafe UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: length)
        return true
      }
      if let ip = address?.ip { found.append(ip) }
    }
    return found
  }
}

extension IPAddress {
  /// Every address of a machine; to connect to it is to connect to its loopback.
  package var isWildcard: Bool {
    let ip = unmapped
    return (0..<(ip.isIPv6 ? 16 : 4)).allSatisfy { ip.bytes[$0] == 0 }
  }
}
