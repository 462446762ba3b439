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

  init(_ status: Int, _ report: some JSONWritable) {
    self.status = status
    body = report.json
  }
}

/// The control socket and its connections. The control thread owns it.
struct ControlServer: ~Copyable {
  struct Connection: ~Copyable {
    let descriptor: Descriptor
    let user: UInt32?
    var input: [UInt8] = []
    var output: [UInt8] = []
    var isLast = false
  }

  private static var most: Int { 256 }
  /// Set in the tokens of connections, to tell them from other records' on the same epoll.
  static var tokenBit: UInt64 { 1 << 31 }

  let listener: Descriptor
  private var connections = Slab<Connection>(capacity: ControlServer.most)

  /// Listens at `path`, where a dead lbd may have left its socket.
  init(path: String) throws(StartFailure) {
    guard let address = SocketAddress(path: path) else {
      throw StartFailure("the control socket's path is longer than 107 bytes: \(path)")
    }
    if case .connected = Socket.connect(address) {
      throw StartFailure(
        "another lbd answers at \(path); stop it or set another control in [lbd]")
    }
    do {
      // So that a conf which says nothing of it works, /run/lbd is made where that is allowed.
      try Files.makeDirectory(of: path)
      try Files.remove(path)
      // No moment in which others could connect: the mode is there from the start.
      let mask = umask(0o117)
      defer { umask(mask) }
      listener = try Socket.listen(address, backlog: 64)
    } catch {
      throw StartFailure(
        "cannot make the control socket \(path): \(error.reason); make its directory writable or"
          + " set another control in [lbd] or LBD_SOCKET")
    }
  }

  /// Takes the connections that wait.
  mutating func accept(_ poller: borrowing Poller) {
    while connections.count < ControlServer.most {
      switch Socket.accept(listener) {
      case .accepted(let descriptor, _):
        let user = Socket.peerUser(descriptor)
        let slot = connections.insert(Connection(descriptor: descriptor, user: user))
        let token = connections.token(slot) | ControlServer.tokenBit
        if (try? poller.add(connections[slot].descriptor, .connection, token: token)) == nil {
          _ = connections.remove(slot)
        }
      case .none: return
      case .exhausted: return
      }
    }
  }

  /// Receives what an event is about. The connection, unless that was its end.
  mutating func receive(_ event: Event) -> UInt32? {
    guard let slot = connections.slot(of: event.token & ~ControlServer.tokenBit) else { return nil }
    if event.readiness.isReadable && !connections[slot].receive() {
      _ = connections.remove(slot)
      return nil
    }
    return slot
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
    if !connections[slot].flush() { _ = connections.remove(slot) }
  }
}

extension ControlServer.Connection {
  private static var longestRequest: Int { 16 << 10 }

  /// Receives what is there. False when the connection is over.
  mutating func receive() -> Bool {
    while input.count < Self.longestRequest {
      switch descriptor.receive(appendingTo: &input, atMost: 4096) {
      case .moved: continue
      case .wouldBlock: return true
      case .ended, .failed: return false
      }
    }
    return true
  }

  /// The next whole request at hand; the connection's last one is the last it gives.
  mutating func nextRequest() -> ControlRequest? {
    guard !isLast && !input.isEmpty else { return nil }
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
    output += answer.body
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
    return !isLast
  }
}
