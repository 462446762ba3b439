// The clients' side of a worker: reading requests from connections, noticing that clients are gone,
// and letting them go.

import HTTPWire
import LinuxIO

extension Worker {
  // MARK: Events

  mutating func clientEvent(_ slot: UInt32, _ readiness: Readiness) {
    if readiness.isReadable { clients[slot].isReadable = true }
    if readiness.isWritable { clients[slot].isWritable = true }
    if readiness.isEnding { clients[slot].isEnding = true }
    if readiness.isOver && (readiness.isBroken || !hasEnded(slot)) { clients[slot].isOver = true }
    if clients[slot].isEnding && clients[slot].phase == .exchanging && isAbandoned(slot) {
      abandon(clients[slot].exchange)
    } else {
      resumeClient(slot)
    }
  }

  /// Whether lbd has ended its direction of a tunnel: the client's end is the other one then, and what it
  /// sent before is still to be read.
  private mutating func hasEnded(_ slot: UInt32) -> Bool {
    guard clients[slot].phase == .exchanging else { return false }
    let exchange = clients[slot].exchange
    return exchanges[exchange].isTunnel && exchanges[exchange].responseBody.isDone
  }

  /// Whether a client that has ended its direction, or its connection, wants its exchange no more.
  private mutating func isAbandoned(_ slot: UInt32) -> Bool {
    let exchange = clients[slot].exchange
    if exchanges[exchange].isTunnel { return clients[slot].isOver }
    // What lbd has of the response in full may be read by one that sends no more.
    return isGone(slot) && (clients[slot].isOver || !exchanges[exchange].isAnswered)
  }

  /// Whether nobody is there for an answer: the connection is over, or the client has ended its
  /// direction, which clients do when they close, and lbd is not told that its clients may half-close.
  mutating func isGone(_ slot: UInt32) -> Bool {
    clients[slot].isOver || clients[slot].isEnding && !settings.servesHalfClosed
  }

  /// Goes on with whatever the connection can do now.
  mutating func resumeClient(_ slot: UInt32) {
    switch clients[slot].phase {
    case .reading: readRequest(slot)
    case .lingering: linger(slot)
    case .delivering: if clients[slot].isOver { closeClient(slot) }
    case .exchanging: resume(clients[slot].exchange)
    }
  }

  mutating func clientDeadlinePassed(_ slot: UInt32) {
    guard clients.next(from: slot) == slot else { return }
    switch clients[slot].phase {
    case .reading where clients[slot].hasBegunHead: headIsLate(slot)
    case .reading: closeClient(slot)
    case .lingering: endLingering(slot)
    case .delivering: deliver(slot)
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
    // Whatever it has asked for, nobody reads the answer.
    if clients[slot].isOver { return closeClient(slot) }
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
    clients[slot].since = now
    clientDeadlines.set(slot, at: headEnd(slot))
  }

  /// By when the head that has begun has to be whole. Bytes that come later may move it on.
  private mutating func headEnd(_ slot: UInt32) -> UInt64 {
    let since = clients[slot].since
    let end = since + settings.clientHeaderTimeout
    guard settings.byteTime != 0 else { return end }
    let count = clients[slot].input.count
    return min(end, BodyTime.end(ofHeadSince: since, bytes: count, byteTime: settings.byteTime))
  }

  private mutating func headIsLate(_ slot: UInt32) {
    let end = headEnd(slot)
    now < end ? clientDeadlines.set(slot, at: end) : refuse(slot, .requestTimeout)
  }

  /// Nothing more to read now: no buffer is held without bytes.
  private mutating func awaitRequest(_ slot: UInt32) {
    guard clients[slot].input.isEmpty else { return }
    clients[slot].input.giveBack()
    // Its answer will end the connection; without a request the deadline does.
    if clients[slot].isLeaving { clientDeadlines.set(slot, at: now + Worker.farewell) }
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
      case .refused(let refusal):
        refuse(slot, refusal)
        return true
      case .tooMany:
        closeClient(slot)
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
    clients[slot].since = now
    clients[slot].unsent = .max
    clientDeadlines.set(slot, at: now + lingeringTime(slot))
    linger(slot)
  }

  /// How long a client has to end its side.
  private mutating func lingeringTime(_ slot: UInt32) -> UInt64 {
    clients[slot].isLeaving ? 1_000_000_000 : 10_000_000_000
  }

  /// The client has not ended its side. What the kernel still holds for it is delivered after the close,
  /// unless the client takes none of it for as long as it may be idle: that is thrown away then.
  private mutating func endLingering(_ slot: UInt32) {
    let before = clients[slot].unsent
    let unsent = Socket.unsentBytes(clients[slot].descriptor)
    clients[slot].unsent = unsent
    if before == .max && unsent > 0 && !clients[slot].isLeaving {
      return clientDeadlines.set(slot, at: now + settings.idleTimeout)
    }
    if unsent > 0 && unsent >= before { Socket.resetOnClose(clients[slot].descriptor) }
    closeClient(slot)
  }

  /// How often it is seen whether a client has taken the last of a response that was cut.
  private static var deliveryPause: UInt64 { 50_000_000 }

  /// Resets the connection once its client has taken what was sent, or takes none of it for too long.
  mutating func beginDelivery(_ slot: UInt32) {
    clients[slot].phase = .delivering
    clients[slot].since = now
    clients[slot].unsent = .max
    deliver(slot)
  }

  private mutating func deliver(_ slot: UInt32) {
    let unsent = Socket.unsentBytes(clients[slot].descriptor)
    if unsent < clients[slot].unsent { clients[slot].since = now }
    clients[slot].unsent = unsent
    guard unsent > 0 && now < clients[slot].since + settings.idleTimeout else {
      Socket.resetOnClose(clients[slot].descriptor)
      return closeClient(slot)
    }
    clientDeadlines.set(slot, at: now + Worker.deliveryPause)
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
    if clients[slot].isCounted, let network = ClientNetwork(clients[slot].address) {
      links.addresses.leave(network)
    }
    _ = clients.remove(slot)
    links.counts.add(.clients, links.index, by: -1)
  }
}
