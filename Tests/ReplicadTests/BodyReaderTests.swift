// Each step of reading a body receives something, uses something, or is the last.

import HTTPWire
import LinuxIO
import Testing

@testable import replicad

@Suite(.timeLimit(.minutes(2))) struct BodyReaderTests {
  /// Bodies that are cut where the scanner wants to see more before it uses what is there.
  static let cuts = [
    ["0", "\r\n\r\n"], ["3\r\nabc\r\n0", "\r\n\r\n"], ["0\r\nX: y", "\r\n\r\n"],
    ["0\r\nX: y\r", "\n\r\n"], ["0\r\n\r", "\n"], ["0", "0", "0\r\n\r\n"],
    ["3;", "x\r\nabc\r\n0\r\n\r\n"], ["0\r\nX: y\r\nZ", ": y\r\n", "\r\n"],
  ]

  @Test(arguments: cuts)
  func `a body that stops within its framing is lost when its sender leaves`(_ parts: [String])
    throws
  {
    var ends = try Ends()
    var body = BodyReader(.chunked, isLeisurely: false)
    Self.send(parts[0], to: ends.peer)
    Socket.endSending(ends.peer)
    var step = body.next(&ends.channel)
    for _ in 0..<10 {
      guard case .data(_, let used) = step else { break }
      ends.channel.input.consume(used)
      step = body.next(&ends.channel)
    }
    guard case .lost = step else {
      Issue.record("\(step)")
      return
    }
  }

  @Test(arguments: cuts)
  func `a body that goes on later ends well`(_ parts: [String]) throws {
    var ends = try Ends()
    var body = BodyReader(.chunked, isLeisurely: true)
    for part in parts {
      Self.send(part, to: ends.peer)
      guard case .data(_, let used) = body.next(&ends.channel) else {
        Issue.record("not behind \(part)")
        return
      }
      ends.channel.input.consume(used)
    }
    guard case .ended = body.next(&ends.channel) else {
      Issue.record("it did not end")
      return
    }
    let isEmpty = ends.channel.input.isEmpty
    #expect(isEmpty)
  }

  // MARK: Steps

  /// A connection that a channel reads.
  private struct Ends: ~Copyable {
    let peer: Descriptor
    var channel: Channel
    private var pool = BufferPool(blocks: 1, blockSize: 64 << 10)

    init() throws {
      guard let any = SocketAddress(ip: "127.0.0.1", port: 0) else { throw SystemError("ip", 22) }
      let listener = try Socket.listen(any)
      let peer = try Ends.connect(Socket.localAddress(listener) ?? any)
      _ = listener.wait(until: .readable, milliseconds: 10_000)
      let own = try Ends.accept(listener)
      self.peer = peer
      channel = Channel(own, pool.borrow())
    }

    private static func connect(_ address: SocketAddress) throws -> Descriptor {
      switch Socket.connect(address) {
      case .connected(let socket): return socket
      case .connecting(let socket): return socket
      case .failed(let code): throw SystemError("connect", code)
      }
    }

    private static func accept(_ listener: borrowing Descriptor) throws -> Descriptor {
      switch Socket.accept(listener) {
      case .accepted(let own, _): return own
      case .none: throw SystemError("accept", 11)
      case .exhausted: throw SystemError("accept", 24)
      }
    }
  }

  private static func send(_ text: String, to peer: borrowing Descriptor) {
    let bytes = Array(text.utf8)
    if peer.send(bytes.span) != .moved(bytes.count) { Issue.record("not sent") }
  }
}
