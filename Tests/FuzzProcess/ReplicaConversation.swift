// One connection of lbd's to a hostile replica, from its beginning to its end.

import LinuxIO

/// What is read, and the steps by which it is answered.
final class ReplicaConversation {
  private let peer: Peer
  private let replica: HostileReplica
  private let generation: Int
  private let number: UInt64

  /// How long lbd may be silent in the middle of a request, in steps of `slice`.
  private static let patience = 600
  private static let slice = 100

  init(_ peer: Peer, _ replica: HostileReplica, generation: Int, number: UInt64) {
    (self.peer, self.replica) = (peer, replica)
    (self.generation, self.number) = (generation, number)
  }

  func run() {
    var random = Seeded(replica.seed, number)
    if !isTame && random.chance(4) { return misbehaveAtOnce(&random) }
    do throws(Malformed) {
      try skipProxyHeader()
      while let request = try nextRequest() {
        peer.consume(request.head.end)
        guard try answer(request) else { return }
      }
    } catch {
      replica.ledger.violated("replica \(replica.name) got \(error.what)")
    }
  }

  private var isTame: Bool { replica.isTame }
  private var isOver: Bool { replica.isOver(generation) }

  // MARK: Reading

  /// Waits for more. False at the end, or when this connection is to end.
  private func receive() -> Bool {
    for _ in 0..<ReplicaConversation.patience {
      guard !isOver && peer.end == nil else { return false }
      if peer.receive(milliseconds: ReplicaConversation.slice) { return peer.end == nil }
    }
    return false
  }

  /// The PROXY header that lbd sends first where the conf says so; whether it is right, other tests ask.
  private func skipProxyHeader() throws(Malformed) {
    while peer.received.count < 16 { guard receive() else { return } }
    if peer.received.starts(with: Array("PROXY ".utf8)) {
      while peer.received.firstIndex(of: 0x0A) == nil { guard receive() else { return } }
      let end = peer.received.firstIndex(of: 0x0A) ?? 0
      peer.consume(end + 1)
    } else if peer.received[0] == 0x0D {
      let length = 16 + Int(peer.received[14]) << 8 + Int(peer.received[15])
      while peer.received.count < length { guard receive() else { return } }
      peer.consume(length)
    }
  }

  private func nextRequest() throws(Malformed) -> ReceivedRequest? {
    while true {
      if let request = try ReceivedRequest(peer.received, from: 0) { return request }
      guard receive() else { return nil }
    }
  }

  /// Reads a body to its end. False when it does not come whole.
  private func readBody(_ request: ReceivedRequest) throws(Malformed) -> Bool {
    switch request.framing {
    case .none, .untilClose: return true
    case .length(let count):
      var left = count
      while true {
        let part = min(left, peer.received.count)
        peer.consume(part)
        left -= part
        if left == 0 { return true }
        guard receive() else { return false }
      }
    case .chunked:
      var chunks = Chunks()
      while true {
        peer.consume(try chunks.take(peer.received, from: 0))
        if chunks.isOver { return true }
        guard receive() else { return false }
      }
    }
  }

  // MARK: Answering

  /// Answers a request. Whether the connection goes on.
  private func answer(_ request: ReceivedRequest) throws(Malformed) -> Bool {
    if !request.isProbe {
      replica.ledger.count(.replicaRequests)
      if let token = request.token, token.kind == .pure, !request.isIdempotent,
        !replica.ledger.execute(token)
      {
        throw Malformed("a request for the second time", request.text)
      }
    }
    var random = Seeded(replica.seed, request.token?.number ?? number)
    var plan = AnswerPlan(request, isTame: isTame, &random)
    var isRead = false
    for step in plan.take() {
      guard !isOver else { return false }
      switch step {
      case .readBody:
        guard try readBody(request) else { return false }
        isRead = true
      case .send(let bytes): guard peer.send(bytes, milliseconds: 20_000) else { return false }
      case .drip(let bytes, let pause): guard drip(bytes, pause) else { return false }
      case .pause(let milliseconds): guard sleep(milliseconds) else { return false }
      case .tunnel: return tunnel()
      case .speak(let bytes):
        try speak(bytes)
        return false
      case .close: return false
      case .reset:
        peer.resetOnClose()
        return false
      }
    }
    if isRead { return true }
    return try readBody(request)
  }

  private func drip(_ bytes: [UInt8], _ pause: Int) -> Bool {
    for index in bytes.indices {
      guard !isOver, peer.send(bytes[index...index], milliseconds: 5000) else { return false }
      Clock.sleep(milliseconds: pause)
    }
    return true
  }

  /// Says nothing for a while; false when the peer ends meanwhile.
  private func sleep(_ milliseconds: Int) -> Bool {
    let deadline = Clock.now() + UInt64(milliseconds) * 1_000_000
    while true {
      let now = Clock.now()
      guard now < deadline else { return true }
      guard !isOver else { return false }
      let left = min(ReplicaConversation.slice, Int((deadline - now) / 1_000_000) + 1)
      if peer.descriptor.wait(until: .over, milliseconds: left) == .ready { return false }
    }
  }

  /// Sends back whatever comes.
  private func tunnel() -> Bool {
    while receive() {
      guard peer.send(peer.received) else { break }
      peer.consume(peer.received.count)
    }
    return false
  }

  /// Says what nobody asked for. lbd takes that for an answer only as long as it may be one: when it has had
  /// the time to notice, no request may come any more.
  private func speak(_ bytes: [UInt8]) throws(Malformed) {
    guard peer.received.isEmpty, peer.send(bytes) else { return }
    let start = Clock.now()
    while Clock.now() - start < 10_000_000_000 && !isOver && peer.end == nil {
      _ = peer.receive(milliseconds: ReplicaConversation.slice)
      guard !peer.received.isEmpty else { continue }
      guard Clock.now() - start < 5_000_000_000 else {
        throw Malformed("a request on a connection with unasked bytes", peer.received)
      }
      return
    }
  }

  /// Before anything was read; the connection ends with it.
  private func misbehaveAtOnce(_ random: inout Seeded) {
    switch random.number(0...3) {
    case 0: peer.resetOnClose()
    case 1: break
    case 2: _ = sleep(random.number(0...3000))
    default:
      // An answer that nobody asked for, and then none: lbd can't tell it from the first one's.
      _ = peer.send(random.pick(AnswerPlan.unasked))
      _ = sleep(random.number(0...2000))
    }
  }
}
