// The clients' side of a worker: accepting connections, reading requests from them, and letting
// them go.

import HTTPWire
import LinuxIO

extension Worker {
  // MARK: Accepting

  /// Takes one waiting connection; false when there was none to take. The listener stays ready
  /// while others wait, so that workers share a burst.
  mutating func accept() -> Bool {
    // Orders of the same batch of events may have taken the last room.
    guard clients.count < clients.capacity, let listener = listener.take() else { return false }
    let outcome = Socket.accept(listener)
    self.listener = consume listener
    switch consume outcome {
    case .accepted(let descriptor, let address): admit(descriptor, address)
    case .none: return false
    case .exhausted:
      restListening()
      return false
    }
    return true
  }

  /// Takes what waits on the former listener, as far as there is room, and then closes that.
  mutating func emptyFormer() {
    while clients.count < clients.capacity, let listener = former.take() {
      switch Socket.accept(listener) {
      case .accepted(let descriptor, let address):
        former = consume listener
        admit(descriptor, address)
      case .none: return
      case .exhausted:
        former = consume listener
        return restListening()
      }
    }
  }

  private mutating func admit(_ descriptor: consuming Descriptor, _ address: SocketAddress) {
    if let worker = lighterWorker {
      hand(descriptor, address, to: worker)
    } else {
      welcome(descriptor, address)
    }
  }

  /// The others wait in the kernel's queue for a moment.
  private mutating func restListening() {
    pauseListening()
    listenAgain = now + UInt64(Worker.pause) * 1_000_000
  }

  /// The worker that should serve the next connection; nil for this one.
  private var lighterWorker: Int? {
    mutating get {
      guard links.counts.workers > 1 && !isDraining else { return nil }
      return links.counts.lighter(than: links.index, limit: clients.capacity)
    }
  }

  private mutating func hand(
    _ descriptor: consuming Descriptor, _ peer: SocketAddress, to worker: Int
  ) {
    guard links.counts.hand(to: worker) else { return welcome(descriptor, peer) }
    links.workers[worker].post(.serve(descriptor.release(), from: peer))
  }

  /// Takes over a connection that another worker has accepted.
  mutating func takeOver(_ descriptor: consuming Descriptor, _ peer: SocketAddress) {
    links.counts.add(.taken, links.index)
    // Many that were on their way at once may be more than there is room for.
    guard clients.count < clients.capacity else {
      return links.counts.add(.limitMet, links.index)
    }
    welcome(descriptor, peer)
    if isDraining { endSilent() }
  }

  private mutating func welcome(_ descriptor: consuming Descriptor, _ peer: SocketAddress) {
    let slot = clients.insert(
      Client(descriptor: descriptor, peer: peer, isTrusted: settings.trusts(peer)))
    do {
      try poller.add(clients[slot].descriptor, .connection, token: clients.token(slot))
    } catch {
      _ = clients.remove(slot)
      return
    }
    links.counts.add(.clients, links.index)
    links.counts.add(.accepted, links.index)
    clientDeadlines.set(slot, at: now + settings.clientHeaderTimeout)
    if clients.count == clients.capacity {
      links.counts.add(.limitMet, links.index)
      pauseListening()
    }
  }

  // MARK: Events

  mutating func clientEvent(_ slot: UInt32, _ readiness: Readiness) {
    if readiness.isReadable { clients[slot].isReadable = true }
    if readiness.isWritable { clients[slot].isWritable = true }
    if readiness.isEnding { clients[slot].isEnding = true }
    if readiness.isOver && clients[slot].phase == .exchanging && !mayStillRead(slot) {
      abandon(clients[slot].exchange)
    } else {
      resumeClient(slot)
    }
  }

  /// A tunnel whose replica ended first may hold the client's last bytes, and then its end.
  private mutating func mayStillRead(_ slot: UInt32) -> Bool {
    let exchange = clients[slot].exchange
    guard exchanges[exchange].isTunnel && !exchanges[exchange].requestBody.isDone else {
      return false
    }
    return exchanges[exchange].sentTo == exchanges[exchange].readyTo
  }

  /// Goes on with whatever the connection can do now.
  mutating func resumeClient(_ slot: UInt32) {
    switch clients[slot].phase {
    case .reading: readRequest(slot)
    case .lingering: linger(slot)
    case .exchanging: resume(clients[slot].exchange)
    }
  }

  mutating func clientDeadlinePassed(_ slot: UInt32) {
    guard clients.next(from: slot) == slot else { return }
    switch clients[slot].phase {
    case .reading where clients[slot].hasBegunHead: refuse(slot, .requestTimeout)
    case .reading, .lingering: closeClient(slot)
    case .exchanging where exchanges[clients[slot].exchange].isHeld:
      holdExpired(clients[slot].exchange)
    case .exchanging where isReading(slot): break
    case .exchanging:
      let exchange = clients[slot].exchange
      if exchanges[exchange].hasHead {
        noteCause(exchange, "the client did not take the response in time")
        abandon(exchange)
      } else {
        refuse(exchange: exchange, .requestTimeout)
      }
    }
  }

  /// Whether a client that holds up its response has taken some of it since its deadline began; the
  /// deadline begins anew then.
  private mutating func isReading(_ slot: UInt32) -> Bool {
    let exchange = clients[slot].exchange
    guard exchanges[exchange].pending > 0 else { return false }
    let unsent = Socket.unsentBytes(clients[slot].descriptor)
    guard unsent < clients[slot].unsent else { return false }
    clients[slot].unsent = unsent
    clientDeadlines.set(slot, at: now + idleLimit(exchange))
    return true
  }

  // MARK: Reading a request

  /// Reads and starts the next request, as far as bytes are there.
  mutating func readRequest(_ slot: UInt32) {
    while true {
      if !clients[slot].input.isEmpty && parseRequest(slot) { return }
      guard clients[slot].isReadable else { return awaitRequest(slot) }
      guard borrowInput(slot) else { return closeClient(slot) }
      switch clients[slot].receive() {
      case .moved: beginHead(slot)
      case .wouldBlock: return awaitRequest(slot)
      case .ended, .failed: return closeClient(slot)
      }
    }
  }

  private mutating func borrowInput(_ slot: UInt32) -> Bool {
    if clients[slot].sendsLong && clients[slot].input.borrow(from: &largeBuffers) { return true }
    return clients[slot].input.borrow(from: &buffers)
  }

  /// The deadline of the whole head runs from its first byte.
  private mutating func beginHead(_ slot: UInt32) {
    guard !clients[slot].hasBegunHead else { return }
    clients[slot].hasBegunHead = true
    clientDeadlines.set(slot, at: now + settings.clientHeaderTimeout)
  }

  /// Nothing more to read now: no buffer is held without bytes.
  private mutating func awaitRequest(_ slot: UInt32) {
    guard clients[slot].input.isEmpty else { return }
    clients[slot].input.giveBack()
    // Its answer will end the connection; without a request the deadline does.
    if isDraining { clientDeadlines.set(slot, at: now + Worker.farewell) }
  }

  /// Parses what is at hand. True when that settled what the connection does next; false when more
  /// bytes are needed, for which there is room.
  private mutating func parseRequest(_ slot: UInt32) -> Bool {
    if clients[slot].mayNameClient {
      switch takeProxyHeader(slot) {
      case .passed: clients[slot].scanned = 0
      case .incomplete:
        // It has a limit of its own, for which the buffer has room.
        beginHead(slot)
        return false
      case .refused:
        refuse(slot, .malformedProxyHeader)
        return true
      }
      if clients[slot].input.isEmpty { return false }
    }
    guard clients[slot].mayHoldHead else { return awaitHead(slot) }
    switch clients[slot].parse(into: &requestHead) {
    case .complete(let length) where length <= settings.headLimit: begin(slot, length)
    case .complete:
      let isTarget = requestHead.targetRange.upperBound >= settings.headLimit
      refuse(slot, isTarget ? .targetTooLong : .headTooLarge)
    case .incomplete: return awaitHead(slot)
    case .malformed(let refusal): refuse(slot, refusal)
    }
    return true
  }

  /// The head goes on beyond what is at hand: makes room, or refuses what is too long.
  private mutating func awaitHead(_ slot: UInt32) -> Bool {
    let count = clients[slot].input.count
    clients[slot].scanned = UInt32(count)
    beginHead(slot)
    if count >= settings.headLimit {
      refuse(slot, clients[slot].holdsLine ? .headTooLarge : .targetTooLong)
      return true
    }
    if clients[slot].input.space < settings.headLimit - count { clients[slot].input.compact() }
    return false
  }

  /// Starts the exchange that a complete head of `length` bytes asks for.
  private mutating func begin(_ slot: UInt32, _ length: Int) {
    clients[slot].scanned = 0
    clients[slot].hasBegunHead = false
    clients[slot].phase = .exchanging
    clientDeadlines.clear(slot)
    var record = Exchange(client: slot, method: requestHead.method, startedAt: now)
    record.isVersion10 = requestHead.isVersion10
    record.deadline = now + settings.responseTimeout
    let exchange = exchanges.insert(record)
    clients[slot].exchange = exchange
    noteRequest(exchange)
    if let refusal = clients[slot].examine(requestHead, into: &requestFraming) {
      clients[slot].input.consume(length)
      return refuse(exchange: exchange, refusal)
    }
    open(exchange, headLength: length)
  }

  // MARK: Letting go

  /// Answers what is no request, and ends the connection.
  mutating func refuse(_ slot: UInt32, _ refusal: Refusal) {
    clients[slot].phase = .exchanging
    let exchange = exchanges.insert(Exchange(client: slot, method: .other, startedAt: now))
    clients[slot].exchange = exchange
    noteUnparsed(exchange)
    refuse(exchange: exchange, refusal)
  }

  /// After the last answer: ends the sending side and waits a while for the client's end.
  mutating func beginLingering(_ slot: UInt32) {
    Socket.endSending(clients[slot].descriptor)
    clients[slot].phase = .lingering
    clientDeadlines.set(slot, at: now + (isDraining ? 1 : 10) * 1_000_000_000)
    linger(slot)
  }

  /// What a client may send behind its refusal: less would cut uploads before their answer is read.
  private static var lingeringLimit: Int { 32 << 20 }

  /// Throws away what still comes, until the deadline or the client's end.
  private mutating func linger(_ slot: UInt32) {
    guard clients[slot].input.borrow(from: &buffers) else { return closeClient(slot) }
    var rounds = 0
    while clients[slot].isReadable {
      rounds += 1
      if rounds > Worker.burst { return giveWay(slot) }
      clients[slot].input.reset()
      guard case .moved(let count) = clients[slot].receive() else { break }
      clients[slot].discarded += count
      if clients[slot].discarded > Worker.lingeringLimit { return closeClient(slot) }
    }
    if clients[slot].isReadable { return closeClient(slot) }
    clients[slot].input.giveBack()
  }

  /// Closes the connection; an exchange on it was ended before.
  mutating func closeClient(_ slot: UInt32) {
    if clients[slot].exchange != none { return abandon(clients[slot].exchange) }
    clientDeadlines.clear(slot)
    _ = clients.remove(slot)
    links.counts.add(.clients, links.index, by: -1)
  }
}
