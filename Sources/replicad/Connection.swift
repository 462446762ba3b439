// One connection from its first byte to its end, on a thread of its own: request after request, in
// order.

import HTTPWire
import LinuxIO

/// The state of one connection. Its thread owns it; nothing in it is shared but the replica.
struct Connection: ~Copyable {
  /// How long an idle connection is kept, in milliseconds.
  private static var idleLimit: Int { 600_000 }
  /// How long a head may take from its first byte on, in nanoseconds.
  private static var headLimit: UInt64 { 15_000_000_000 }

  private let replica: Replica
  private var channel: Channel
  private var responder: Responder
  private var head = RequestHead()

  /// Serves a connection to its end. The body of a connection's thread.
  static func serve(_ socket: consuming Descriptor, _ replica: Replica) {
    // One lazily touched block: the longest head that is accepted, and each batch of a body.
    var pool = BufferPool(blocks: 1, blockSize: 64 << 10)
    let input = pool.borrow()
    guard input.isHeld else { return }
    let connection = Connection(Channel(socket, input), replica)
    connection.serve()
  }

  private init(_ channel: consuming Channel, _ replica: Replica) {
    self.replica = replica
    self.channel = channel
    responder = Responder(replica)
  }

  private consuming func serve() {
    while true {
      let sequel: Sequel
      switch awaitHead() {
      case .head(let length): sequel = exchange(length)
      case .refused(let refusal): sequel = responder.refuse(refusal, on: &channel)
      case .gone: return
      }
      switch sequel {
      case .goOn: continue
      case .close: return channel.linger()
      case .drop: return
      }
    }
  }

  // MARK: The head

  private enum Arrival {
    /// A head of this many bytes lies at the input's front.
    case head(Int)
    case refused(Refusal)
    /// There will be no further request.
    case gone
  }

  private mutating func awaitHead() -> Arrival {
    dropStrayLineEnd()
    if channel.input.isEmpty {
      guard channel.idle(until: replica.stop, milliseconds: Connection.idleLimit) == .ready else {
        return .gone
      }
    }
    let deadline = Clock.now() + Connection.headLimit
    var scanned = 0
    while true {
      let isNew = scanned == 0 && !channel.input.isEmpty
      if isNew || HeadParser.mayEnd(channel.input.bytes, from: scanned) {
        switch channel.parseHead(into: &head) {
        case .complete(let length): return .head(length)
        case .malformed(let refusal): return .refused(refusal)
        case .incomplete: break
        }
      }
      scanned = channel.input.count
      let now = Clock.now()
      guard now < deadline else { return .refused(.requestTimeout) }
      switch channel.fill(milliseconds: Int((deadline - now) / 1_000_000) + 1) {
      case .more: break
      case .full: return .refused(hasRequestLine ? .headTooLarge : .targetTooLong)
      case .timedOut: return .refused(.requestTimeout)
      case .ended: return .gone
      }
    }
  }

  /// Some clients end a body with an empty line that is not part of it (RFC 9112 §2.2). Alone it is
  /// no begun request, so that the connection counts as idle.
  private mutating func dropStrayLineEnd() {
    if channel.holdsLineEndOnly { channel.input.reset() }
  }

  private var hasRequestLine: Bool {
    let bytes = channel.input.bytes
    return bytes.indices.contains { bytes[$0] == ByteClass.lf }
  }

  // MARK: The exchange

  /// Answers the request whose head takes the input's first `length` bytes.
  private mutating func exchange(_ length: Int) -> Sequel {
    var framing = RequestFraming()
    if let refusal = Framing.examine(head, channel.input.bytes, into: &framing) {
      return responder.refuse(refusal, on: &channel)
    }
    let request = Request(head, channel.input.bytes, framing)
    responder.record(request, head, on: channel)
    let isEchoed = request.route == .echo && !request.isHead
    var body = BodyReader(framing.body, isLeisurely: isEchoed)
    if framing.expectsContinue && !body.isEmpty && !responder.askForBody(on: &channel) {
      return .drop
    }
    if isEchoed {
      return responder.misbehave(request, on: &channel)
        ?? responder.echo(request, head: length, &body, on: &channel)
    }
    channel.input.consume(length)
    switch body.drain(&channel) {
    case .ended: break
    case .malformed: return responder.refuse(.malformedChunk, on: &channel)
    case .timedOut: return responder.refuse(.requestTimeout, on: &channel)
    case .lost, .data: return .drop
    }
    if let sequel = responder.misbehave(request, on: &channel) { return sequel }
    if request.route == .webSocket && request.isAllowed, let key = request.handshakeKey {
      guard responder.upgrade(key, on: &channel) else { return .drop }
      var session = WebSocketEcho(replica)
      return session.run(on: &channel)
    }
    return responder.answer(request, on: &channel)
  }
}
