// One caller of the control socket or of the metrics' listener: what it asks, read whole, and what it is answered.

package import ControlProtocol
package import HTTPWire
import LinuxIO

/// A request to the control socket, read whole.
package struct ControlRequest {
  package let method: Method
  package let path: String
  package let body: [UInt8]
  /// The caller's user, as the kernel says.
  package let user: UInt32?
}

/// What it is answered.
package struct ControlAnswer {
  package let status: Int
  package let body: [UInt8]
  package var type: StaticString = "application/json"
  /// What may be asked of the target, in a 405.
  package var allow: StaticString?
  /// The body's length is said, the body left out.
  package var isHead = false
  /// The listener goes with it.
  package var passesListener = false

  package init(_ status: Int, _ report: some JSONWritable) {
    self.init(status, report.json)
  }

  package init(_ status: Int, _ body: [UInt8]) {
    self.status = status
    self.body = body
  }
}

/// One connection to the control socket or the metrics' listener. The control thread owns it.
package struct ControlConnection: ~Copyable {
  let descriptor: Descriptor
  let user: UInt32?
  let process: Int32?
  var input: [UInt8] = []
  var output: [UInt8] = []
  /// How much of the output went out.
  private var sent = 0
  /// The peer has sent all that it will.
  var isEnding = false
  var isLast = false
  /// A request was taken, so that another whole one may be at hand.
  var hasMore = false
  /// See `ControlServer.pin` and `revoke`.
  var isPinned = false
  var isRevoked = false
  var isShut = false
  /// It waits for its turn.
  var isDue = false
  /// When it last got further: came, asked something whole, or took bytes of an answer.
  var lastUse: UInt64
  /// A request of it is being worked on; its answer comes later.
  var isHeld = false
  /// What goes with the next bytes.
  var passing: Descriptor?

  init(descriptor: consuming Descriptor, user: UInt32?, process: Int32?, now: UInt64) {
    self.descriptor = descriptor
    self.user = user
    self.process = process
    lastUse = now
  }
}

extension ControlConnection {
  /// Something waits for the peer to read.
  var owesOutput: Bool { sent < output.count }

  private static var longestRequest: Int { 16 << 10 }
  /// A peer that has left so much of its answers unread gets no further one.
  private static var longestOutput: Int { 64 << 10 }

  /// Receives what is there, as far as one request may be long. False when the connection is over.
  mutating func receive() -> Bool {
    while input.count < Self.longestRequest && !isEnding {
      switch descriptor.receive(appendingTo: &input, atMost: 4096) {
      case .moved: continue
      case .wouldBlock: return true
      case .ended: isEnding = true
      case .failed:
        // A peer that died with something unread: what it had sent before counts.
        guard !input.isEmpty else { return false }
        isEnding = true
      }
    }
    return true
  }

  /// The next whole request at hand; the connection's last one is the last it gives.
  mutating func nextRequest() -> ControlRequest? {
    guard !isLast && !isHeld && output.count - sent < Self.longestOutput else { return nil }
    _ = receive()
    hasMore = false
    guard !input.isEmpty else { return nil }
    switch take() {
    case .request(let request, let isPersistent):
      isLast = !isPersistent
      hasMore = true
      return request
    case .incomplete: if input.count >= Self.longestRequest { refuse(.headTooLarge) }
    case .refused(let refusal): refuse(refusal)
    }
    return nil
  }

  private mutating func refuse(_ refusal: Refusal) {
    isLast = true
    write(ControlAnswer(refusal.status, DetailReport(refusal.detail.description)))
  }

  private enum Taking {
    case request(ControlRequest, isPersistent: Bool)
    case incomplete
    case refused(Refusal)
  }

  /// Takes the first whole request off the input.
  private mutating func take() -> Taking {
    var head = RequestHead()
    var framing = RequestFraming()
    let length: Int
    switch HeadParser.parse(request: input.span, into: &head) {
    case .complete(let end): length = end
    case .incomplete: return .incomplete
    case .malformed(let refusal): return .refused(refusal)
    }
    if let refusal = Framing.examine(head, input.span, into: &framing) { return .refused(refusal) }
    let count: Int
    switch framing.body {
    case .none: count = 0
    case .length(let length): count = length
    case .chunked, .untilClose: return .refused(.unknownTransferCoding)
    }
    guard count <= OrderBody.limit else { return .refused(.bodyTooLarge) }
    guard input.count >= length + count else { return .incomplete }
    let path = String(decoding: input[head.pathRange], as: UTF8.self)
    let request = ControlRequest(
      method: head.method, path: path, body: Array(input[length..<length + count]),
      user: user)
    input.removeFirst(length + count)
    return .request(request, isPersistent: framing.isPersistent)
  }

  mutating func write(_ answer: ControlAnswer) {
    var writer = ByteWriter(capacity: 512)
    Responses.writeHead(
      answer.status, type: answer.type, length: answer.body.count,
      connection: isLast ? .close : .unsaid, date: Clock.wallSeconds(), allow: answer.allow,
      to: &writer)
    for index in 0..<writer.count { output.append(writer.bytes[index]) }
    if !answer.isHead { output += answer.body }
  }

  private func send() -> TransferOutcome {
    let bytes = output.span.extracting(sent..<output.count)
    return switch passing {
    case .some(let passing): descriptor.send(bytes, passing: passing)
    case .none: descriptor.send(bytes)
    }
  }

  /// Sends what is to be sent, as far as it goes. False when the connection is over.
  mutating func flush() -> Bool {
    while sent < output.count {
      switch send() {
      case .moved(let count):
        sent += count
        passing = nil
      case .wouldBlock: return true
      case .ended, .failed: return false
      }
    }
    (output, sent) = ([], 0)
    return isHeld || !isLast && (hasMore || !isEnding)
  }
}
