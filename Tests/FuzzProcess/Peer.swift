// A connection as the fuzzer uses it, on either side of lbd: any bytes in any pieces, and every way to end.

import Glibc
import LinuxIO

/// A connection. A single thread uses it at a time.
final class Peer {
  enum End { case ended, reset }

  enum Connecting {
    case connected(Peer)
    case failed(Int32)
  }

  let descriptor: Descriptor
  /// Received and not taken.
  private(set) var received: [UInt8] = []
  private(set) var end: End?

  init(_ descriptor: consuming Descriptor) {
    self.descriptor = descriptor
  }

  /// Connects to a port of this machine.
  /// - Parameter source: the last two numbers of the client's address, 127.0.x.y.
  static func connect(port: UInt16, from source: (Int, Int), milliseconds: Int) -> Connecting {
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    let raw = socket(AF_INET, type | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard raw >= 0 else { return .failed(errno) }
    let descriptor = Descriptor(owning: raw)
    var one: Int32 = 1
    // IP_BIND_ADDRESS_NO_PORT: the port is chosen with the destination known, so that more are free.
    _ = unsafe setsockopt(raw, Int32(IPPROTO_IP), 24, &one, 4)
    let local = UInt32(0x7F00_0000) | UInt32(source.0) << 8 | UInt32(source.1)
    guard unsafe call(bind, raw, local, 0) == 0 else { return .failed(errno) }
    if unsafe call(Glibc.connect, raw, 0x7F00_0001, port) != 0 {
      guard errno == EINPROGRESS else { return .failed(errno) }
      guard descriptor.wait(until: .writable, milliseconds: milliseconds) == .ready else {
        return .failed(ETIMEDOUT)
      }
      let code = Socket.error(descriptor)
      guard code == 0 else { return .failed(code) }
    }
    return .connected(Peer(descriptor))
  }

  private static func call(
    _ function: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32, _ socket: Int32,
    _ ip: UInt32, _ port: UInt16
  ) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = ip.bigEndian
    address.sin_port = port.bigEndian
    // Safe: a sockaddr_in is made to be seen as a sockaddr.
    return unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe function(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  /// Connects to a Unix socket; nil when nobody listens.
  static func connect(path: String) -> Peer? {
    guard let address = SocketAddress(path: path) else { return nil }
    switch Socket.connect(address) {
    case .connected(let descriptor): return Peer(descriptor)
    case .connecting(let descriptor): return Peer(descriptor)
    case .failed: return nil
    }
  }

  // MARK: Sending

  /// Sends bytes, receiving what comes meanwhile. False when the peer takes no more, or not in time.
  func send(_ bytes: ArraySlice<UInt8>, milliseconds: Int, receives: Bool = true) -> Bool {
    var rest = bytes
    let deadline = Clock.now() + UInt64(milliseconds) * 1_000_000
    while !rest.isEmpty {
      switch descriptor.send(rest.span) {
      case .moved(let count): rest = rest.dropFirst(count)
      case .wouldBlock:
        if receives { takeAll() }
        guard Clock.now() < deadline else { return false }
        _ = descriptor.wait(until: .writable, milliseconds: 20)
      case .ended, .failed: return false
      }
    }
    return true
  }

  func send(_ bytes: [UInt8], milliseconds: Int = 5000) -> Bool {
    send(bytes[...], milliseconds: milliseconds)
  }

  func endSending() { Socket.endSending(descriptor) }

  /// The close that follows is a reset.
  func resetOnClose() { Socket.resetOnClose(descriptor) }

  // MARK: Receiving

  /// More than this is not kept: what nobody takes is thrown away from the front.
  private static let limit = 4 << 20

  /// Waits until something new is there, bytes or the end. False when it is not in time.
  func receive(milliseconds: Int) -> Bool {
    guard end == nil else { return false }
    if takeOne() { return true }
    guard descriptor.wait(until: .readable, milliseconds: milliseconds) == .ready else {
      return false
    }
    return takeOne()
  }

  /// Takes what is there, without waiting.
  func takeAll() { while end == nil && takeOne() && received.count < Peer.limit {} }

  private func takeOne() -> Bool {
    switch descriptor.receive(appendingTo: &received, atMost: 1 << 16) {
    case .moved: return true
    case .wouldBlock: return false
    case .ended: end = .ended
    case .failed: end = .reset
    }
    return true
  }

  /// Takes bytes off the front.
  func consume(_ count: Int) { received.removeFirst(min(count, received.count)) }
}
