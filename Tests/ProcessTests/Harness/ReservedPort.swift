// Ports for the servers under test, which nobody else on this machine is given meanwhile.

import Glibc
import LinuxIO
import TestSupport

/// A port of the loopback that the kernel chose. It is bound, so the kernel gives it to nobody else,
/// but nobody listens, so a server that asks for this very one gets it.
final class ReservedPort: Sendable {
  let number: UInt16
  private let descriptor: Descriptor

  init() throws {
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let descriptor = Descriptor(owning: socket(AF_INET, type, 0))
    let raw = descriptor.raw
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    // Safe: a sockaddr_in is made to be seen as a sockaddr.
    let bound = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(raw, $0, size)
      }
    }
    guard bound == 0, let local = Socket.localAddress(descriptor) else {
      throw TestFailure("no port is free")
    }
    number = local.port
    // Only now, or the kernel might choose one that another reservation holds.
    var one: Int32 = 1
    let length = socklen_t(MemoryLayout<Int32>.size)
    _ = unsafe setsockopt(raw, SOL_SOCKET, SO_REUSEADDR, &one, length)
    self.descriptor = descriptor
  }
}
