// One connection's bytes, with calls that wait: the only place of replicad that receives or sends.

import HTTPWire
import LinuxIO

/// The two directions of one connection. One thread owns it. Received bytes wait in `input` until
/// they are consumed. No call allocates.
struct Channel: ~Copyable {
  /// How long a peer may take to send or to take the next bytes of a message, in milliseconds.
  static var patience: Int { 60_000 }

  private let socket: Descriptor
  /// What was received and not yet used.
  var input: Buffer

  init(_ socket: consuming Descriptor, _ input: consuming Buffer) {
    self.socket = socket
    self.input = input
  }

  /// What waiting for more bytes came to.
  enum Filling {
    case more
    /// The input has no space left.
    case full
    case ended
    case timedOut
  }

  /// Waits for more bytes and receives them behind those in `input`.
  mutating func fill(milliseconds: Int = Channel.patience) -> Filling {
    if input.isEmpty { input.reset() }
    if input.space == 0 { input.compact() }
    guard input.space > 0 else { return .full }
    while true {
      switch socket.receive(into: &input) {
      case .moved: return .more
      case .ended, .failed: return .ended
      case .wouldBlock:
        if socket.wait(until: .readable, milliseconds: milliseconds) == .timedOut {
          return .timedOut
        }
      }
    }
  }

  /// Parses a request's head at the input's front.
  func parseHead(into head: inout RequestHead) -> ParseOutcome {
    HeadParser.parse(request: input.bytes, into: &head)
  }

  /// The input is one line end and nothing else.
  var holdsLineEndOnly: Bool {
    let bytes = input.bytes
    return bytes.count == 2 && bytes[0] == ByteClass.cr && bytes[1] == ByteClass.lf
  }

  /// Waits until there is something to receive, while nothing is in flight.
  func idle(until bell: borrowing WakeUp, milliseconds: Int) -> WaitOutcome {
    socket.wait(until: .readable, or: bell, milliseconds: milliseconds)
  }

  /// Sends all of the bytes. False when the connection is lost.
  func send(_ bytes: Span<UInt8>) -> Bool {
    var sent = 0
    while sent < bytes.count {
      switch socket.send(bytes.extracting(sent..<bytes.count)) {
      case .moved(let count): sent += count
      case .ended, .failed: return false
      case .wouldBlock:
        if socket.wait(until: .writable, milliseconds: Channel.patience) == .timedOut {
          return false
        }
      }
    }
    return true
  }

  /// Sends the first `count` bytes of the input, which stay there. False when the connection is lost.
  func sendInput(_ count: Int) -> Bool {
    send(input.bytes.extracting(0..<count))
  }

  /// Lets time pass. False when the connection was lost meanwhile.
  func pause(milliseconds: Int) -> Bool {
    milliseconds == 0 || socket.wait(until: .over, milliseconds: milliseconds) == .timedOut
  }

  /// Ends our direction and gives the peer a second to end its own: a close while bytes come in
  /// resets the connection, and the reset may overtake the answer (RFC 9112 §9.6).
  mutating func linger() {
    Socket.endSending(socket)
    let deadline = Clock.now() + 1_000_000_000
    while true {
      let now = Clock.now()
      guard now < deadline else { return }
      input.reset()
      guard fill(milliseconds: Int((deadline - now) / 1_000_000) + 1) == .more else { return }
    }
  }

  /// Makes the close to come a reset, so that an answer that broke off can't pass for whole.
  func abort() {
    Socket.resetOnClose(socket)
  }
}
