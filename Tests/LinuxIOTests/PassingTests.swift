// Descriptors that come over a Unix socket: one is taken, what is more is closed, all of it.

import Glibc
import Testing

@testable import LinuxIO

@Suite struct PassingTests {
  /// Two ends of a connection, and a pipe whose writing end is what is passed: once all duplicates of it
  /// are closed, its reading end is at its end.
  private final class Trial {
    let sender: Descriptor
    let receiver: Descriptor
    private let reading: Descriptor
    private let writing: Int32
    var bytes: [UInt8] = []
    private var passed: Descriptor?

    init() throws {
      var ends: [Int32] = [-1, -1]
      let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
      // Safe: the kernel writes both numbers during each call only.
      let connected = unsafe socketpair(AF_UNIX, type, 0, &ends)
      try #require(connected == 0)
      sender = Descriptor(owning: ends[0])
      receiver = Descriptor(owning: ends[1])
      let piped = unsafe pipe(&ends)
      try #require(piped == 0)
      reading = Descriptor(owning: ends[0])
      writing = ends[1]
    }

    var hasOne: Bool {
      switch passed {
      case .some: true
      case .none: false
      }
    }

    func receive() -> TransferOutcome {
      var place = Optional<Descriptor>.none
      swap(&place, &passed)
      defer { swap(&place, &passed) }
      return receiver.receive(appendingTo: &bytes, atMost: 1, passed: &place)
    }

    /// Sends a byte with so many duplicates of the writing end, each a descriptor of its own.
    func send(_ count: Int) throws {
      let number = UInt64(UInt32(writing))
      // struct cmsghdr, then the numbers.
      var control: [UInt64] = [UInt64(16 + 4 * count), UInt64(SOL_SOCKET) | UInt64(1) << 32]
      for pair in 0..<(count + 1) / 2 {
        control.append(pair * 2 + 1 < count ? number | number << 32 : number)
      }
      var byte: UInt8 = 0x2E
      let space = control.count * 8
      // Safe: the kernel reads the byte and the control message during the call only.
      let sent = unsafe withUnsafeMutablePointer(to: &byte) { byte in
        var piece = unsafe iovec(iov_base: byte, iov_len: 1)
        return unsafe withUnsafeMutablePointer(to: &piece) { piece in
          unsafe control.withUnsafeMutableBytes { bytes in
            var message = unsafe msghdr()
            unsafe message.msg_iov = piece
            unsafe message.msg_iovlen = 1
            unsafe message.msg_control = bytes.baseAddress
            unsafe message.msg_controllen = space
            return unsafe sendmsg(sender.raw, &message, 0)
          }
        }
      }
      try #require(sent == 1)
    }

    /// Whether the receiver has none of them open, once who made it has given it up.
    func isClosedEverywhere() -> Bool {
      _ = close(writing)
      return reading.wait(until: .readable, milliseconds: 0) == .ready
    }
  }

  @Test func `one is taken`() throws {
    let trial = try Trial()
    try trial.send(1)
    #expect(trial.receive() == .moved(1))
    #expect(trial.hasOne && trial.bytes == [0x2E])
    #expect(!trial.isClosedEverywhere())
  }

  @Test(arguments: [2, 3, 55, 253])
  func `several at once are refused, and none stays open`(_ count: Int) throws {
    let trial = try Trial()
    try trial.send(count)
    #expect(trial.receive() == .failed(EPROTO))
    #expect(!trial.hasOne)
    #expect(trial.isClosedEverywhere())
  }

  @Test func `one after the other are refused, and none stays open`() throws {
    let trial = try Trial()
    try trial.send(1)
    try trial.send(1)
    #expect(trial.receive() == .moved(1))
    #expect(trial.receive() == .failed(EPROTO))
    #expect(!trial.hasOne)
    #expect(trial.isClosedEverywhere())
  }
}
