// The control socket: HTTP/1.1 with JSON over a Unix socket, for lbctl, for curl, and for the pool's
// state on lbd's own page. A few small connections on the control thread's epoll.

import ControlProtocol
import Glibc
import HTTPWire
import LinuxIO
import Proxy

/// A request to the control socket, read whole.
struct ControlRequest {
  let method: Method
  let path: String
  let body: [UInt8]
  /// The caller's user, as the kernel says.
  let user: UInt32?
}

/// What it is answered.
struct ControlAnswer {
  let status: Int
  let body: [UInt8]
  /// The body's length is said, the body left out.
  var isHead = false

  init(_ status: Int, _ report: some JSONWritable) {
    self.init(status, report.json)
  }

  init(_ status: Int, _ body: [UInt8]) {
    self.status = status
    self.body = body
  }
}

/// The control socket and its connections. The control thread owns it.
struct ControlServer: ~Copyable {
  struct Connection: ~Copyable {
    let descriptor: Descriptor
    let user: UInt32?
    var input: [UInt8] = []
    var output: [UInt8] = []
    /// The peer has sent all that it will.
    var isEnding = false
    var isLast = false
  }

  /// Connections at once; others wait in the kernel's queue.
  static let most = 128
  /// How long a connection may be silent, in nanoseconds: longer than a worker keeps an idle one.
  private static let patience: UInt64 = 75_000_000_000
  /// Set in the tokens of connections, to tell them from other records' on the same epoll.
  static var tokenBit: UInt64 { 1 << 31 }
  /// The token of the listener itself.
  static var listenerToken: UInt64 { 2 }

  private let listener: Descriptor
  private var isListening = false
  private var connections = Slab<Connection>(capacity: ControlServer.most)
  private var deadlines: Deadlines
  private var expired: [UInt32] = []

  /// Listens at `path`, where a dead lbd may have left its socket.
  init(path: String, now: UInt64) throws(StartFailure) {
    guard let address = SocketAddress(path: path) else {
      throw StartFailure("the control socket's path is longer than 107 bytes: \(path)")
    }
    try ControlServer.clear(path, address)
    do {
      // No moment in which others could connect: the mode is there from the start.
      let mask = umask(0o117)
      defer { umask(mask) }
      listener = try Socket.listen(address, backlog: 512)
      deadlines = Deadlines(capacity: ControlServer.most, now: now)
    } catch {
      throw ControlServer.refusal(path, error)
    }
  }

  /// Makes way at `path`: the directory is there, and no socket that nobody listens on.
  private static func clear(_ path: String, _ address: SocketAddress) throws(StartFailure) {
    switch Socket.connect(address) {
    case .failed(ENOENT): break
    case .failed(ECONNREFUSED):
      guard Files.isSocket(path) else {
        throw StartFailure(
          "\(path) is a file and no socket; remove it or set another control in [lbd]")
      }
    case .failed(EACCES): break
    case .failed(ENOTDIR): break
    default:
      throw StartFailure("another lbd answers at \(path); stop it or set another control in [lbd]")
    }
    do {
      // So that a conf which says nothing of it works, /run/lbd is made where that is allowed.
      if path.hasPrefix("/run/") { try Files.makeDirectory(of: path) }
      try Files.remove(path)
    } catch {
      throw refusal(path, error)
    }
  }

  private static func refusal(_ path: String, _ error: SystemError) -> StartFailure {
    StartFailure(
      "cannot make the control socket \(path): \(error.reason); make its directory writable or"
        + " set another control in [lbd] or LBD_SOCKET")
  }

  // MARK: Connections

  /// Watches for new connections, unless there are as many as there may be.
  mutating func listen(_ poller: borrowing Poller) {
    guard !isListening && connections.count < ControlServer.most else { return }
    isListening =
      (try? poller.add(listener, .readable, token: ControlServer.listenerToken)) != nil
  }

  private mutating func pause(_ poller: borrowing Poller) {
    poller.remove(listener)
    isListening = false
  }

  /// Takes the connections that wait.
  mutating func accept(_ poller: borrowing Poller, now: UInt64) {
    while connections.count < ControlServer.most {
      switch Socket.accept(listener) {
      case .accepted(let descriptor, _): welcome(descriptor, poller, now)
      case .none: return
      case .exhausted: return pause(poller)
      }
    }
    pause(poller)
  }

  private mutating func welcome(
    _ descriptor: consuming Descriptor, _ poller: borrowing Poller, _ now: UInt64
  ) {
    let user = Socket.peerUser(descriptor)
    let slot = connections.insert(Connection(descriptor: descriptor, user: user))
    let token = connections.token(slot) | ControlServer.tokenBit
    if (try? poller.add(connections[slot].descriptor, .connection, token: token)) == nil {
      _ = connections.remove(slot)
    } else {
      deadlines.set(slot, at: now + ControlServer.patience)
    }
  }

  /// Milliseconds until `expire` has something to do; negative for never.
  func wait(now: UInt64) -> Int {
    let next = deadlines.wait(now: now)
    return isListening || next >= 0 && next < 100 ? next : 100
  }

  /// Ends the connections that were silent for too long, and lets new ones in where there is room.
  mutating func expire(_ poller: borrowing Poller, now: UInt64) {
    deadlines.expire(now: now, into: &expired)
    while let slot = expired.popLast() {
      if !deadlines.isSet(slot) && connections.next(from: slot) == slot { close(slot) }
    }
    listen(poller)
  }

  private mutating func close(_ slot: UInt32) {
    deadlines.clear(slot)
    _ = connections.remove(slot)
  }

  /// The connection that an event is about, with what it sent. Nil when it is over.
  mutating func receive(_ event: Event, now: UInt64) -> UInt32? {
    guard let slot = connections.slot(of: event.token & ~ControlServer.tokenBit) else { return nil }
    deadlines.set(slot, at: now + ControlServer.patience)
    guard !event.readiness.isReadable || receive(slot) else { return nil }
    return slot
  }

  /// Takes more of what a connection sent, as far as there is room. False when it is over.
  mutating func receive(_ slot: UInt32) -> Bool {
    if connections[slot].receive() { return true }
    close(slot)
    return false
  }

  /// The next whole request of a connection. What is no request is answered here.
  mutating func nextRequest(_ slot: UInt32) -> ControlRequest? {
    connections[slot].nextRequest()
  }

  mutating func answer(_ slot: UInt32, _ answer: ControlAnswer) {
    connections[slot].write(answer)
  }

  /// Sends the answers as far as they go, and lets an ended connection go.
  mutating func flush(_ slot: UInt32) {
    if !connections[slot].flush() { close(slot) }
  }
}

extension ControlServer.Connection {
  private static var longestRequest: Int { 16 << 10 }
  /// Answers that may wait for a peer that does not read.
  private static var longestOutput: Int { 4 << 20 }

  /// Receives what is there, as far as one request may be long. False when the connection is over.
  mutating func receive() -> Bool {
    while input.count < Self.longestRequest && !isEnding {
      switch descriptor.receive(appendingTo: &input, atMost: 4096) {
      case .moved: continue
      case .wouldBlock: return true
      case .ended: isEnding = true
      case .failed: return false
      }
    }
    return true
  }

  /// The next whole request at hand; the connection's last one is the last it gives.
  mutating func nextRequest() -> ControlRequest? {
    guard !isLast && output.count < Self.longestOutput else { return nil }
    _ = receive()
    guard !input.isEmpty else { return nil }
    switch take() {
    case .request(let request, let isPersistent):
      isLast = !isPersistent
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
      answer.status, type: "application/json", length: answer.body.count,
      connection: isLast ? .close : .unsaid, to: &writer)
    for index in 0..<writer.count { output.append(writer.bytes[index]) }
    if !answer.isHead { output += answer.body }
  }

  /// Sends what is to be sent, as far as it goes. False when the connection is over.
  mutating func flush() -> Bool {
    while !output.isEmpty {
      switch descriptor.send(output.span) {
      case .moved(let count): output.removeFirst(count)
      case .wouldBlock: return true
      case .ended, .failed: return false
      }
    }
    return !isLast && !isEnding
  }
}
