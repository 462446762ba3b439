// A client with so little room for what it is sent that the sender soon has to wait.

import Glibc
import LinuxIO

extension Connection {
  /// A connection to a port of the loopback whose receive buffer is the least that the kernel gives.
  static func narrow(port: UInt16) throws -> Connection {
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let descriptor = Descriptor(owning: socket(AF_INET, type, 0))
    var room: Int32 = 1
    let length = socklen_t(MemoryLayout<Int32>.size)
    _ = unsafe setsockopt(descriptor.raw, SOL_SOCKET, SO_RCVBUF, &room, length)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let raw = descriptor.raw
    // Safe: a sockaddr_in is made to be seen as a sockaddr.
    let isConnected = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    guard isConnected else { throw SystemError("connect", errno) }
    return Connection(descriptor)
  }
}
