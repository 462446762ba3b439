// A Unix socket that datagrams arrive at, as a service manager has one for NOTIFY_SOCKET.

import Foundation
import Glibc
import LinuxIO
import TestSupport

/// What was sent to a path. A single thread uses it.
final class DatagramInbox {
  let path: String
  private let descriptor: Descriptor
  /// All texts so far.
  private(set) var texts: [String] = []

  init(_ path: String) throws {
    self.path = path
    let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    descriptor = Descriptor(owning: socket(AF_UNIX, type | Int32(SOCK_NONBLOCK.rawValue), 0))
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    guard path.utf8.count < 108 else { throw TestFailure(path) }
    // Safe: it fits, and the rest was zeroed.
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
    let raw = descriptor.raw
    // Safe: a sockaddr_un is made to be seen as a sockaddr.
    let bound = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(raw, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard bound == 0 else { throw SystemError("bind", errno) }
  }

  deinit { try? Files.remove(path) }

  /// Takes what has arrived; descriptors that came along are closed.
  func read() {
    var space = [UInt8](repeating: 0, count: 4096)
    while true {
      // Safe: the kernel writes at most 4096 bytes into the space.
      let count = unsafe recv(descriptor.raw, &space, space.count, 0)
      guard count > 0 else { return }
      texts.append(String(decoding: space.prefix(count), as: UTF8.self))
    }
  }

  /// How many are such, once what has arrived is taken.
  func count(_ isSuch: (String) -> Bool) -> Int {
    read()
    return texts.count(where: isSuch)
  }

  /// Waits for one.
  func await(_ what: String, within seconds: Double = 10, _ isSuch: (String) -> Bool) throws {
    try eventually("\(what) among \(texts)", within: seconds) { count(isSuch) > 0 }
  }
}
