// A TCP or Unix connection as a test uses it: sends bytes, reads responses or requests, sees ends.
// Every wait ends after a few seconds with a message.

import Foundation
import Glibc
import LinuxIO
import TestSupport

/// One connection. A single thread uses it at a time.
final class Connection {
  /// How a read met the end.
  enum End: Equatable {
    case ended
    case reset
  }

  private let descriptor: Descriptor
  /// Received and not yet read.
  private(set) var unread: [UInt8] = []
  private(set) var end: End?
  var patience = 60_000

  init(_ descriptor: consuming Descriptor) {
    self.descriptor = descriptor
  }

  convenience init(_ address: SocketAddress) throws {
    switch Socket.connect(address) {
    case .failed(let code): throw SystemError("connect", code)
    case .connected(let descriptor): self.init(descriptor)
    case .connecting(let descriptor):
      guard descriptor.wait(until: .writable, milliseconds: 5000) == .ready else {
        throw TestFailure("no connection to \(address) within 5 s")
      }
      let code = Socket.error(descriptor)
      guard code == 0 else { throw SystemError("connect", code) }
      self.init(descriptor)
    }
  }

  convenience init(port: UInt16) throws {
    guard let address = SocketAddress(ip: "127.0.0.1", port: port) else {
      throw TestFailure("\(port) is no port")
    }
    try self.init(address)
  }

  /// From another address of this machine.
  convenience init(port: UInt16, from host: String) throws {
    let raw = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard raw >= 0 else { throw SystemError("socket", errno) }
    let descriptor = Descriptor(owning: raw)
    try unsafe Connection.name("bind", host, 0) { unsafe bind(raw, $0, $1) }
    try unsafe Connection.name("connect", "127.0.0.1", port) { unsafe Glibc.connect(raw, $0, $1) }
    self.init(descriptor)
  }

  /// Calls the kernel with an IPv4 address.
  private static func name(
    _ what: String, _ host: String, _ port: UInt16,
    _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) throws {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = unsafe inet_addr(host)
    // Safe: the kernel reads the address during the call.
    let result = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe call($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { throw SystemError(what, errno) }
  }

  /// Its own end's port.
  var port: UInt16 { Socket.localAddress(descriptor)?.port ?? 0 }

  // MARK: Sending

  func send(_ text: String) throws {
    try send(Array(text.utf8))
  }

  func send(_ bytes: [UInt8]) throws {
    var offset = 0
    while offset < bytes.count {
      switch descriptor.send(bytes.span.extracting(offset..<bytes.count)) {
      case .moved(let count): offset += count
      case .wouldBlock:
        guard descriptor.wait(until: .writable, milliseconds: patience) == .ready else {
          throw TestFailure("the peer took no bytes for \(patience) ms")
        }
      case .ended: throw TestFailure("the peer takes no bytes")
      case .failed(let code): throw SystemError("send", code)
      }
    }
  }

  /// Sends as much as the peer takes now; how many bytes that was.
  func sendSome(_ bytes: [UInt8]) -> Int {
    guard case .moved(let count) = descriptor.send(bytes.span) else { return 0 }
    return count
  }

  /// Bytes that were sent and that the peer's kernel has not taken.
  var unsent: Int { Int(Socket.unsentBytes(descriptor)) }

  func endSending() { Socket.endSending(descriptor) }

  /// The close that follows is a reset.
  func resetOnClose() { Socket.resetOnClose(descriptor) }

  // MARK: Receiving

  /// Receives what is there, waiting for it. False at the end.
  @discardableResult
  func receive(atMost limit: Int = 1 << 16) throws -> Bool {
    while end == nil {
      switch descriptor.receive(appendingTo: &unread, atMost: limit) {
      case .moved: return true
      case .wouldBlock:
        guard descriptor.wait(until: .readable, milliseconds: patience) == .ready else {
          throw TestFailure(
            "nothing came for \(patience) ms; unread: \(unreadText.debugDescription)")
        }
      case .ended: end = .ended
      case .failed: end = .reset
      }
    }
    return false
  }

  var unreadText: String { String(decoding: unread.prefix(2000), as: UTF8.self) }

  /// Takes the next `count` bytes.
  func take(_ count: Int) throws -> [UInt8] {
    while unread.count < count { try need() }
    defer { unread.removeFirst(count) }
    return Array(unread[..<count])
  }

  /// Takes the text up to an end mark, without it.
  func take(until mark: String) throws -> String {
    let mark = Array(mark.utf8)
    var searched = 0
    while true {
      if let found = unread[searched...].firstRange(of: mark) {
        defer { unread.removeFirst(found.upperBound) }
        return String(decoding: unread[..<found.lowerBound], as: UTF8.self)
      }
      searched = max(0, unread.count - mark.count)
      try need()
    }
  }

  /// Takes all up to the connection's end.
  func takeRest() throws -> [UInt8] {
    while try receive() {}
    defer { unread = [] }
    return unread
  }

  /// Takes what was received so far, without waiting.
  func takeReceived() -> [UInt8] {
    defer { unread = [] }
    return unread
  }

  private func need() throws {
    guard try receive() else {
      throw TestFailure("the connection \(end!) early; unread: \(unreadText.debugDescription)")
    }
  }

  /// Waits for the end; true when it comes without a further byte.
  func isOver() throws -> Bool {
    guard unread.isEmpty else { return false }
    return try !receive()
  }

  /// Whether the peer cuts the connection within this time, be there unread bytes or not.
  func isCut(within milliseconds: Int) -> Bool {
    descriptor.wait(until: .over, milliseconds: milliseconds) == .ready
  }

  /// Whether more comes within this time: bytes, or the end.
  func hasMore(milliseconds: Int) -> Bool {
    descriptor.wait(until: .readable, milliseconds: milliseconds) == .ready
  }

  /// Whether there is neither a byte nor an end for so long.
  func isSilent(milliseconds: Int) -> Bool {
    unread.isEmpty && end == nil
      && descriptor.wait(until: .readable, milliseconds: milliseconds) == .timedOut
  }
}
