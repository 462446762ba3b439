// A WebSocket whose server sends each message back (RFC 6455): frame by frame and batch by batch, so
// that a frame of any accepted length takes no more memory than the channel has. The text of a
// message is not judged, only returned.

import HTTPWire
import LinuxIO

/// One WebSocket session after its handshake. One thread owns it.
struct WebSocketEcho: ~Copyable {
  /// How long a session may be silent, in milliseconds: a peer that vanished says no more.
  private static var idleLimit: Int { 3_600_000 }

  private let replica: Replica
  private var output = ByteWriter(capacity: 64)
  /// A message has begun whose last fragment has not come.
  private var isInMessage = false
  /// For what is missing of a frame.
  private var allowance = Allowance()

  init(_ replica: Replica) {
    self.replica = replica
  }

  /// Echoes until either side closes.
  mutating func run(on channel: inout Channel) -> Sequel {
    while true {
      if replica.isStopping { return close(WebSocketFrame.goingAway, on: &channel) }
      switch WebSocketFrame.parse(channel.input.bytes) {
      case .incomplete:
        if let sequel = awaitMore(on: &channel) { return sequel }
      case .refused(let code): return close(code, on: &channel)
      case .complete(let frame, let length):
        channel.input.consume(length)
        if let sequel = heed(frame, on: &channel) { return sequel }
        allowance = Allowance()
      }
    }
  }

  /// Waits for more of a frame, or for the next one. Nil when more has come.
  private mutating func awaitMore(on channel: inout Channel) -> Sequel? {
    if channel.input.isEmpty {
      let limit = WebSocketEcho.idleLimit
      guard channel.idle(until: replica.stop, milliseconds: limit) == .ready else {
        return close(WebSocketFrame.goingAway, on: &channel)
      }
      allowance = Allowance()
    }
    return channel.fill(within: &allowance) == .more ? nil : .drop
  }

  /// Does what a frame asks for, its payload to be read yet. Nil when the session goes on.
  private mutating func heed(_ frame: WebSocketFrame, on channel: inout Channel) -> Sequel? {
    var answer = frame
    switch frame.kind {
    case .pong: return pass(frame, answer: nil, on: &channel) ? nil : .drop
    case .ping: answer.kind = .pong
    case .close:
      // A close frame's payload is empty or begins with a code of two bytes (§5.5.1).
      guard frame.length != 1 else { return close(WebSocketFrame.protocolError, on: &channel) }
      return pass(frame, answer: frame, on: &channel) ? .close : .drop
    case .text, .binary, .continuation:
      // A continuation needs a begun message, and nothing else may come inside of one (§5.4).
      guard isInMessage == (frame.kind == .continuation) else {
        return close(WebSocketFrame.protocolError, on: &channel)
      }
      isInMessage = !frame.isFinal
    }
    return pass(frame, answer: answer, on: &channel) ? nil : .drop
  }

  /// Reads a frame's payload and sends it with the answer's head, or drops it.
  private mutating func pass(
    _ frame: WebSocketFrame, answer: WebSocketFrame?, on channel: inout Channel
  ) -> Bool {
    output.removeAll()
    answer?.write(to: &output)
    guard channel.send(output.bytes) else { return false }
    var offset = 0
    while offset < frame.length {
      if channel.input.isEmpty && channel.fill(within: &allowance) != .more { return false }
      let count = min(channel.input.count, frame.length - offset)
      let start = channel.input.start
      var payload = channel.input.mutableSlice(start, start + count)
      frame.unmask(&payload, at: offset)
      guard answer == nil || channel.sendInput(count) else { return false }
      channel.input.consume(count)
      offset += count
    }
    return true
  }

  /// Sends a close frame of ours.
  private mutating func close(_ code: Int, on channel: inout Channel) -> Sequel {
    output.removeAll()
    WebSocketFrame(.close, isFinal: true, length: 2).write(to: &output)
    output.append(UInt8(truncatingIfNeeded: code >> 8))
    output.append(UInt8(truncatingIfNeeded: code))
    return channel.send(output.bytes) ? .close : .drop
  }
}
