// How many connections each client address has, over all workers: `[limits] max_connections`.

package import LinuxIO
import Synchronization

/// The addresses whose connections are counted together: one IPv4 address, or the /64 of an IPv6
/// address, since a client with one address of a /64 has them all.
package struct ClientNetwork: Hashable, Sendable {
  private let isIPv6: Bool
  private let bits: UInt64

  /// Nil for a client without an IP address: on a Unix socket.
  package init?(_ address: borrowing AddressText) {
    guard let ip = IPAddress(address.bytes) else { return nil }
    var bits: UInt64 = 0
    for index in 0..<(ip.isIPv6 ? 8 : 4) { bits = bits << 8 | UInt64(ip.bytes[index]) }
    (isIPv6, self.bits) = (ip.isIPv6, bits)
  }
}

/// The counts. Any thread may use any call. Each call takes a lock, and is made only where the limit is
/// set and a connection opens or closes.
package final class AddressCounts: Sendable {
  private let counts = Mutex<[ClientNetwork: Int]>([:])

  package init() {}

  /// Counts one more connection. False, and nothing counted, when the network has `limit` already.
  package func enter(_ network: ClientNetwork, limit: Int) -> Bool {
    counts.withLock { counts in
      let count = counts[network, default: 0]
      guard count < limit else { return false }
      counts[network] = count + 1
      return true
    }
  }

  /// Counts a connection no more: it is closed.
  package func leave(_ network: ClientNetwork) {
    counts.withLock { counts in
      guard let count = counts[network] else { return }
      counts[network] = count > 1 ? count - 1 : nil
    }
  }
}
