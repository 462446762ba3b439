// Moves the bytes of an exchange: the request to the replica, the response to the client, both as far
// as the sockets allow. lbd reads from one side only what the other side takes, so a slow reader costs
// two buffers and no more.

import Balancing
import HTTPWire
import Ledger
import LinuxIO
import Plan

extension Worker {
  /// Rounds of receiving and sending before other connections get their turn.
  static var burst: Int { 16 }
  /// Free bytes below which a request's buffer is used anew, and replay given up.
  private static var leastSpace: Int { 4096 }

  /// Goes on in both directions.
  mutating func resume(_ exchange: SlabSlot<Exchange>) {
    guard !exchanges[exchange].attempts.isHeld else { return }
    let token = exchanges.token(exchange)
    let isTunnel = exchanges[exchange].response.isTunnel
    if isTunnel || !isRequestSent(exchange) { pumpRequest(exchange) }
    if exchanges.slot(of: token) != nil { pumpResponse(exchange) }
  }

  /// Whether all of the request was received and handed to the replica's connection.
  @inline(__always)
  mutating func isRequestSent(_ exchange: SlabSlot<Exchange>) -> Bool {
    exchanges[exchange].request.body.isDone && clients[exchanges[exchange].client].input.isSent
  }

  // MARK: The request; the response is in ResponseRelay

  /// Sends the request's ready bytes, receives more of its body, and so on.
  mutating func pumpRequest(_ exchange: SlabSlot<Exchange>) {
    let upstream = exchanges[exchange].upstream
    guard upstream != .absent else { return }
    let client = exchanges[exchange].client
    var rounds = 0
    while true {
      if !clients[client].input.isSent {
        guard sendRequest(exchange, client, upstream) else { return }
        continue
      }
      if exchanges[exchange].request.body.isDone { return requestSent(exchange, upstream) }
      guard clients[client].leg.isReadable else { return awaitBody(exchange, client) }
      rounds += 1
      if rounds > Worker.burst { return giveWay(client) }
      guard receiveBody(exchange, client) else { return }
    }
  }

  /// Waits for more of the request, without a buffer where none of its bytes is needed again. A client
  /// that waits for a 100 has the replica's time for a response. Any other client has its time between
  /// two bytes, which began with the last byte.
  private mutating func awaitBody(_ exchange: SlabSlot<Exchange>, _ client: SlabSlot<Client>) {
    let upstream = exchanges[exchange].upstream
    if exchanges[exchange].request.awaitsContinue {
      upstreamDeadlines.set(upstream, at: exchanges[exchange].attempts.deadline)
    } else {
      upstreamDeadlines.clear(upstream)
      // In a tunnel, bytes of either side count.
      if exchanges[exchange].response.isTunnel || !clientDeadlines.isSet(client) {
        clientDeadlines.set(client, at: now + exchanges[exchange].silence)
      }
      limitBodyTime(exchange, client)
    }
    let isEmpty = !clients[client].input.hasMore
    if !exchanges[exchange].request.isReplayable && isEmpty {
      clients[client].input.buffer.giveBack()
    }
  }

  /// Starts the client's time for its body, which ends sooner than the time between two bytes for a
  /// client that sends little. Once the response has begun there is no such time: client and replica
  /// know what they do.
  mutating func limitBodyTime(_ exchange: SlabSlot<Exchange>, _ client: SlabSlot<Client>) {
    guard settings.byteTime != 0 && !exchanges[exchange].response.hasHead else { return }
    clientDeadlines.bringForward(client, to: exchanges[exchange].request.bodyTime.wait(now: now))
  }

  /// Counts received bytes of the body. False when they came too slowly.
  private mutating func isInTime(_ exchange: SlabSlot<Exchange>, _ count: Int) -> Bool {
    guard settings.byteTime != 0 && !exchanges[exchange].response.hasHead else { return true }
    return exchanges[exchange].request.bodyTime.take(count, byteTime: settings.byteTime, now: now)
  }

  /// One send to the replica. False when that is all for now.
  private mutating func sendRequest(
    _ exchange: SlabSlot<Exchange>, _ client: SlabSlot<Client>, _ upstream: SlabSlot<Upstream>
  ) -> Bool {
    guard upstreams[upstream].leg.isWritable else {
      if upstreams[upstream].leg.holdsOutput { awaitReplica(exchange, client, upstream) }
      return false
    }
    let (from, to) = (clients[client].input.sentTo, clients[client].input.readyTo)
    switch upstreams[upstream].leg.send(clients[client].input.buffer, from, to, transport) {
    case .moved(let count):
      clients[client].input.sent(count)
      if exchanges[exchange].request.contact == .none {
        exchanges[exchange].request.contact = .sent
      }
      upstreams[upstream].isConnected = true
      upstreamDeadlines.set(upstream, at: now + exchanges[exchange].silence)
      if count == to - from || upstreams[upstream].leg.isWritable { return true }
      awaitReplica(exchange, client, upstream)
    case .wouldBlock: awaitReplica(exchange, client, upstream)
    case .failed(let code): requestBroke(exchange, upstream, code)
    case .ended: break
    }
    return false
  }

  /// Starts the replica's deadline: the replica does not take the request as fast as the client sends
  /// it. The client's deadline does not run, unless the client holds up the response.
  private mutating func awaitReplica(
    _ exchange: SlabSlot<Exchange>, _ client: SlabSlot<Client>, _ upstream: SlabSlot<Upstream>
  ) {
    upstreams[upstream].leg.untaken = upstreams[upstream].leg.countUntaken(transport)
    upstreamDeadlines.set(upstream, at: now + exchanges[exchange].silence)
    if exchanges[exchange].response.pending == 0 { clientDeadlines.clear(client) }
  }

  /// Handles a replica that takes no more of the request. The replica may have answered before it
  /// closed.
  private mutating func requestBroke(
    _ exchange: SlabSlot<Exchange>, _ upstream: SlabSlot<Upstream>, _ code: Int32
  ) {
    exchanges[exchange].response.isUpstreamReusable = false
    upstreams[upstream].leg.isWritable = false
    if exchanges[exchange].response.isTunnel {
      // Nobody takes the client's bytes any more: that direction is over.
      exchanges[exchange].request.body = .done
      clients[exchanges[exchange].client].input.dropReady()
    }
    if exchanges[exchange].request.contact != .none {
      upstreams[upstream].leg.isReadable = true
      pumpResponse(exchange)
    } else if upstreams[upstream].isConnected {
      attemptFailed(exchange, endOfConnection(exchange), SystemError.text(code))
    } else {
      connectFailed(exchange, code)
    }
  }

  private mutating func requestSent(
    _ exchange: SlabSlot<Exchange>, _ upstream: SlabSlot<Upstream>
  ) {
    if exchanges[exchange].response.isTunnel {
      upstreams[upstream].leg.endSending()
    } else if !exchanges[exchange].response.hasHead {
      clientDeadlines.clear(exchanges[exchange].client)
      awaitAnswer(exchange, upstream)
    }
  }

  /// Starts the time for the response. A retry has only the time that its request has left. The first
  /// deadline checks whether the replica's kernel takes the request at all.
  private mutating func awaitAnswer(
    _ exchange: SlabSlot<Exchange>, _ upstream: SlabSlot<Upstream>
  ) {
    let isFirst = !exchanges[exchange].attempts.hasFailed
    let pool = exchanges[exchange].pool
    let answerBy =
      isFirst ? now + lanes[pool].policy.responseTimeout : exchanges[exchange].attempts.deadline
    upstreams[upstream].answerBy = answerBy
    upstreamDeadlines.set(upstream, at: min(answerBy, now + lanes[pool].policy.connectTimeout))
  }

  /// One receive of the request's body. False when that is all for now.
  private mutating func receiveBody(
    _ exchange: SlabSlot<Exchange>, _ client: SlabSlot<Client>
  ) -> Bool {
    guard makeRoomForBody(exchange, client) else {
      abandon(exchange)
      return false
    }
    switch clients[client].receive(transport) {
    case .moved(let count):
      exchanges[exchange].request.awaitsContinue = false
      clientDeadlines.set(client, at: now + exchanges[exchange].silence)
      if let refusal = isInTime(exchange, count) ? takeInBody(exchange) : .requestTimeout {
        refuse(exchange: exchange, refusal)
        return false
      }
      return true
    case .wouldBlock:
      clientDeadlines.set(client, at: now + exchanges[exchange].silence)
      limitBodyTime(exchange, client)
      return false
    case .ended where exchanges[exchange].response.isTunnel:
      exchanges[exchange].request.body = .done
      return true
    case .ended, .failed:
      abandon(exchange)
      return false
    }
  }

  /// Makes room after the bytes that were sent, which are kept for a retry as long as the buffer has
  /// room. False when no buffer is free.
  private mutating func makeRoomForBody(
    _ exchange: SlabSlot<Exchange>, _ client: SlabSlot<Client>
  ) -> Bool {
    if exchanges[exchange].request.isReplayable {
      if clients[client].input.buffer.space < Worker.leastSpace { clients[client].input.moveUp() }
      if clients[client].input.buffer.space >= Worker.leastSpace { return true }
    }
    exchanges[exchange].request.isReplayable = false
    if clients[client].input.buffer.isHeld {
      // A zero, or part of a trailer's line, may wait for more.
      clients[client].input.dropSent()
      if clients[client].input.buffer.isEmpty {
        clients[client].input.buffer.exchange(for: &largeBuffers)
      } else {
        clients[client].input.buffer.compact()
      }
    } else {
      guard clients[client].input.buffer.borrow(from: &buffers) else { return false }
    }
    clients[client].input.restart()
    return true
  }

  /// Takes the bytes from `nextFrom` on for the request's body, as far as they belong to it.
  mutating func takeInBody(_ exchange: SlabSlot<Exchange>) -> Refusal? {
    let client = exchanges[exchange].client
    let (from, end) = (clients[client].input.nextFrom, clients[client].input.buffer.end)
    switch exchanges[exchange].request.body {
    case .done: return nil
    case .untilClose, .chunking: clients[client].input.take(upTo: end, next: end)
    case .length(let remaining):
      let count = min(remaining, end - from)
      clients[client].input.take(upTo: from + count, next: from + count)
      exchanges[exchange].request.body = count == remaining ? .done : .length(remaining - count)
    case .chunked(let scanner): return takeInChunks(exchange, client, from, end, scanner)
    }
    return nil
  }

  /// The same for a chunked body, which is passed on in normal form.
  private mutating func takeInChunks(
    _ exchange: SlabSlot<Exchange>, _ client: SlabSlot<Client>, _ from: Int, _ end: Int,
    _ scanner: ChunkedScanner
  ) -> Refusal? {
    var scanner = scanner
    let result = clients[client].scan(
      from, end, &scanner, dropping: settings.forward.dropped)
    if result.outcome == .malformed { return .malformedChunk }
    if scanner.dataCount > settings.bodyLimit { return .bodyTooLarge }
    let isComplete = result.outcome == .complete
    exchanges[exchange].request.body = isComplete ? .done : .chunked(scanner)
    clients[client].input.take(
      upTo: from + result.kept, next: from + (isComplete ? result.used : result.kept))
    if !isComplete { clients[client].input.buffer.closeGap(from + result.kept, from + result.used) }
    return nil
  }
}
