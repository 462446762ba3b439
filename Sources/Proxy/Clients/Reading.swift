// The clients' side of a worker: it reads requests from connections, and notices clients that are gone.

import Balancing
import HTTPWire
import Ledger
import LinuxIO
import Plan

extension Worker {
  // MARK: Events

  mutating func clientEvent(_ client: SlabSlot<Client>, _ readiness: Readiness) {
    clients[client].leg.note(readiness, transport)
    if readiness.isOver && (readiness.isBroken || !hasEnded(client)) {
      clients[client].isOver = true
    }
    if clients[client].leg.isEnding && clients[client].phase == .exchanging && isAbandoned(client) {
      abandon(clients[client].exchange)
    } else {
      resumeClient(client)
    }
  }

  /// Whether lbd has ended its direction of a tunnel. The client's end is then the second one, and the
  /// bytes before it are still to be read.
  private mutating func hasEnded(_ client: SlabSlot<Client>) -> Bool {
    guard clients[client].phase == .exchanging else { return false }
    let exchange = clients[client].exchange
    return exchanges[exchange].response.isTunnel && exchanges[exchange].response.body.isDone
  }

  /// Whether a client that has ended its direction, or its connection, no longer wants its exchange.
  private mutating func isAbandoned(_ client: SlabSlot<Client>) -> Bool {
    let exchange = clients[client].exchange
    if exchanges[exchange].response.isTunnel { return clients[client].isOver }
    // A client that sends no more may still read a response that lbd has in full.
    return isGone(client) && (clients[client].isOver || !exchanges[exchange].isAnswered)
  }

  /// Whether no client is there to read an answer: the connection is over, or the client has ended its
  /// direction and `half_close` is off. Clients end their direction when they close.
  mutating func isGone(_ client: SlabSlot<Client>) -> Bool {
    clients[client].isOver || clients[client].leg.isEnding && !settings.servesHalfClosed
  }

  /// Does everything that the connection is ready for now.
  mutating func resumeClient(_ client: SlabSlot<Client>) {
    switch clients[client].phase {
    case .reading: readRequest(client)
    case .lingering: linger(client)
    case .delivering: if clients[client].isOver { closeClient(client) }
    case .exchanging: resume(clients[client].exchange)
    }
  }

  mutating func clientDeadlinePassed(_ client: SlabSlot<Client>) {
    guard clients.contains(client) else { return }
    switch clients[client].phase {
    case .reading where clients[client].hasBegunHead: headIsLate(client)
    case .reading: endClient(client)
    case .lingering: endLingering(client)
    case .delivering: deliver(client)
    case .exchanging where exchanges[clients[client].exchange].attempts.isHeld:
      holdExpired(clients[client].exchange)
    case .exchanging where isReading(client): break
    case .exchanging:
      let exchange = clients[client].exchange
      if exchanges[exchange].response.hasHead {
        noteCause(exchange, "the client did not take the response in time")
        abandon(exchange, mayDeliver: false)
      } else {
        refuse(exchange: exchange, .requestTimeout)
      }
    }
  }

  /// Whether a client that holds up its response has taken some of it since its deadline began. If so,
  /// the deadline begins anew.
  private mutating func isReading(_ client: SlabSlot<Client>) -> Bool {
    let exchange = clients[client].exchange
    guard exchanges[exchange].response.pending > 0 else { return false }
    let unsent = clients[client].leg.countUntaken(transport)
    guard unsent < clients[client].leg.untaken else { return false }
    clients[client].leg.untaken = unsent
    clientDeadlines.set(client, at: now + exchanges[exchange].silence)
    return true
  }

  // MARK: Reading a request

  /// Reads and starts the next request, as far as its bytes have come.
  mutating func readRequest(_ client: SlabSlot<Client>) {
    // Nobody reads the answer, whatever the client has asked for.
    if clients[client].isOver { return closeClient(client) }
    while true {
      if !clients[client].input.buffer.isEmpty && parseRequest(client) { return }
      guard clients[client].leg.isReadable else { return awaitRequest(client) }
      guard borrowInput(client) else { return closeClient(client) }
      switch clients[client].receive(transport) {
      case .moved: beginHead(client)
      case .wouldBlock: return awaitRequest(client)
      case .ended: return endClient(client)
      case .failed: return closeClient(client)
      }
    }
  }

  private mutating func borrowInput(_ client: SlabSlot<Client>) -> Bool {
    if clients[client].sendsLong && clients[client].input.buffer.borrow(from: &largeBuffers) {
      return true
    }
    return clients[client].input.buffer.borrow(from: &buffers)
  }

  /// The deadline of the whole head runs from its first byte.
  private mutating func beginHead(_ client: SlabSlot<Client>) {
    guard !clients[client].hasBegunHead else { return }
    clients[client].hasBegunHead = true
    clients[client].since = now
    clientDeadlines.set(client, at: headEnd(client))
  }

  /// The time by which the head that has begun has to be whole. Later bytes may move the time on.
  private mutating func headEnd(_ client: SlabSlot<Client>) -> UInt64 {
    let since = clients[client].since
    let end = since + settings.clientHeaderTimeout
    guard settings.byteTime != 0 else { return end }
    let count = clients[client].input.buffer.count
    return min(end, BodyTime.end(ofHeadSince: since, bytes: count, byteTime: settings.byteTime))
  }

  private mutating func headIsLate(_ client: SlabSlot<Client>) {
    let end = headEnd(client)
    now < end ? clientDeadlines.set(client, at: end) : refuse(client, .requestTimeout)
  }

  /// Waits for more to read. No buffer is held without bytes.
  private mutating func awaitRequest(_ client: SlabSlot<Client>) {
    guard clients[client].input.buffer.isEmpty else { return }
    clients[client].input.buffer.giveBack()
    // The answer ends the connection; without a request the deadline does.
    if clients[client].isLeaving { clientDeadlines.set(client, at: now + Worker.drainGrace) }
  }

  /// Parses the bytes at hand. True when that settled the connection's next step; false when more bytes
  /// are needed, for which there is room.
  private mutating func parseRequest(_ client: SlabSlot<Client>) -> Bool {
    if clients[client].mayNameClient {
      switch takeProxyHeader(client) {
      case .passed: clients[client].scanned = 0
      case .incomplete:
        // The header has a limit of its own, for which the buffer has room.
        beginHead(client)
        return false
      case .refused(let refusal):
        refuse(client, refusal)
        return true
      case .tooMany:
        closeClient(client)
        return true
      }
      if clients[client].input.buffer.isEmpty { return false }
    }
    guard clients[client].mayHoldHead else { return awaitHead(client) }
    switch clients[client].parse(into: &requestHead) {
    case .complete(let length) where length <= settings.headLimit: begin(client, length)
    case .complete:
      let isTarget = requestHead.targetRange.upperBound >= settings.headLimit
      refuse(client, isTarget ? .targetTooLong : .headTooLarge)
    case .incomplete: return awaitHead(client)
    case .malformed(let refusal): refuse(client, refusal)
    }
    return true
  }

  /// Makes room for the rest of a head that is incomplete, or refuses a head that is too long.
  private mutating func awaitHead(_ client: SlabSlot<Client>) -> Bool {
    let count = clients[client].input.buffer.count
    clients[client].scanned = UInt32(count)
    beginHead(client)
    if count >= settings.headLimit {
      refuse(client, clients[client].holdsLine ? .headTooLarge : .targetTooLong)
      return true
    }
    if clients[client].input.buffer.space < settings.headLimit - count {
      clients[client].input.buffer.compact()
    }
    return false
  }

  /// Starts the exchange for a complete head of `length` bytes.
  private mutating func begin(_ client: SlabSlot<Client>, _ length: Int) {
    clients[client].scanned = 0
    clients[client].hasBegunHead = false
    clients[client].phase = .exchanging
    clientDeadlines.clear(client)
    var record = Exchange(
      client: client, method: requestHead.method, startedAt: now, silence: settings.idleTimeout)
    record.request.isVersion10 = requestHead.isVersion10
    let exchange = exchanges.insert(record)
    clients[client].exchange = exchange
    noteRequest(exchange)
    if let refusal = clients[client].examine(requestHead, into: &requestFraming) {
      clients[client].input.buffer.consume(length)
      return refuse(exchange: exchange, refusal)
    }
    open(exchange, headLength: length)
  }
}
