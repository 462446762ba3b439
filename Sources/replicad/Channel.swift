// One connection's bytes, with calls that wait: the only place of replicad that receives or sends.

import HTTPWire
import LinuxIO

/// The two directions of one connection. One thread owns it. Received bytes wait in `input` until
/// they are consumed. No call allocates, and none waits without end.
struct Channel: ~Copyable {
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

  /// Waits for more bytes of a message and receives them behind those in `input`.
  mutating func fill(within allowance: inout Allowance) -> Filling {
    let before = input.count
    let filling = fill(milliseconds: allowance.milliseconds())
    allowance.earn(input.count - before)
    return filling
  }

  /// The same, for at most so long.
  mutating func fill(milliseconds: Int) -> Filling {
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
    var allowance = Allowance()
    var sent = 0
    while sent < bytes.count {
      switch socket.send(bytes.extracting(sent..<bytes.count)) {
      case .moved(let count):
        sent += count
        allowance.earn(count)
      case .ended, .failed: return false
      case .wouldBlock:
        if socket.wait(until: .writable, milliseconds: allowance.milliseconds()) == .timedOut {
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

  /// Lets time pass. False when the peer has gone meanwhile: who has ended its direction counts as
  /// gone, since nothing tells it from one that has closed.
  func pause(milliseconds: Int) -> Bool {
    milliseconds == 0 || socket.wait(until: .ended, milliseconds: milliseconds) == .timedOut
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
