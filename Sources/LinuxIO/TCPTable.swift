// The system's TCP sockets as /proc/net tells of them: who listens, and what is still connected.

import Glibc

/// One socket of this machine.
package struct TCPEntry: Sendable, Equatable {
  /// As the kernel writes it: hexadecimal, in words of this machine's byte order.
  package let localHost: String
  package let localPort: UInt16
  package let remotePort: UInt16
  package let isListening: Bool
  package let isEstablished: Bool
  /// Names the socket in its process's descriptors.
  package let inode: UInt64

  /// Reads a line of /proc/net/tcp or tcp6; nil for its heading.
  package init?(line: some StringProtocol) {
    let fields = line.split(separator: " ")
    guard fields.count > 9, let local = TCPEntry.port(fields[1]),
      let remote = TCPEntry.port(fields[2]), let inode = UInt64(fields[9])
    else { return nil }
    localHost = String(fields[1].dropLast(5))
    localPort = local
    remotePort = remote
    // The states of include/net/tcp_states.h.
    isListening = fields[3] == "0A"
    isEstablished = fields[3] == "01"
    self.inode = inode
  }

  private static func port(_ address: some StringProtocol) -> UInt16? {
    UInt16(address.suffix(4), radix: 16)
  }

  /// Whether nobody else may listen at an address because this socket listens.
  package func keeps(_ address: SocketAddress) -> Bool {
    guard isListening, localPort == address.port, let ip = address.ip else { return false }
    let host = TCPEntry.host(ip)
    if localHost == host { return true }
    let isAny = localHost.allSatisfy { $0 == "0" }
    // One of IPv6 for any address has those of IPv4 too, unless it was told not to, which nobody can see.
    guard localHost.count == host.count else { return isAny && !ip.isIPv6 }
    return isAny || host.allSatisfy { $0 == "0" }
  }

  /// An address as the kernel writes it. x86 and ARM are little-endian, and lbd is built for no other.
  private static func host(_ ip: IPAddress) -> String {
    let digits = Array("0123456789ABCDEF")
    return (0..<(ip.isIPv6 ? 16 : 4)).reduce(into: "") { text, index in
      let byte = ip.bytes[index & ~3 | 3 - index & 3]
      text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
  }

  /// All of them, of IPv4 and IPv6. Costs a millisecond for each few thousand.
  package static func all() -> [TCPEntry] {
    ["/proc/net/tcp", "/proc/net/tcp6"].flatMap { path -> [TCPEntry] in
      guard let bytes = try? Files.read(path, limit: 64 << 20) else { return [] }
      return String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap {
        TCPEntry(line: $0)
      }
    }
  }

  /// Throws where another process listens at an address too: one of this user may share the port, and
  /// would keep the next start from listening.
  package static func refuseOthers(_ address: SocketAddress) throws(SystemError) {
    for entry in all() where entry.keeps(address) {
      if ProcessTable.holds(getpid(), socket: entry.inode) == false {
        throw SystemError("bind", EADDRINUSE)
      }
    }
  }
}
