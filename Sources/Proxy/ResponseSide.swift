// Understands what comes from a replica: its heads, rewritten in place for the client, and where its
// body ends. And the end of an exchange, where both connections are free for the next.

import Balancing
import HTTPWire
import Ledger
import LinuxIO
import Plan

extension Worker {
  /// What looking at received bytes came to.
  enum Digest {
    /// There may be something to send, and more to look at after it.
    case ready
    case needsBytes
    /// The exchange ended, or waits for something else than the replica.
    case settled
  }

  /// Looks at what was received and not yet looked at; nothing is pending.
  mutating func digest(_ exchange: SlabSlot<Exchange>) -> Digest {
    guard exchanges[exchange].hasHead else {
      return exchanges[exchange].response.isEmpty ? .needsBytes : digestHead(exchange)
    }
    if exchanges[exchange].page != .none { return digestPage(exchange) }
    if exchanges[exchange].responseBody.isDone {
      if exchanges[exchange].isTunnel { return endTunnelHalf(exchange) }
      end(exchange)
      return .settled
    }
    if exchanges[exchange].response.isEmpty { return .needsBytes }
    return digestBody(exchange)
  }

  private mutating func digestHead(_ exchange: SlabSlot<Exchange>) -> Digest {
    switch exchanges[exchange].parse(into: &responseHead) {
    case .complete(let length) where length <= settings.headLimit:
      if let flaw = exchanges[exchange].judge(responseHead, into: &responseFraming) {
        return broken(exchange, text(of: flaw))
      }
      if responseHead.isInterim { return passInterim(exchange, length) }
      return takeUpResponse(exchange, length)
    case .complete: return broken(exchange, tooLongHead)
    case .incomplete: return .needsBytes
    case .malformed(let flaw): return broken(exchange, text(of: flaw))
    }
  }

  private mutating func broken(_ exchange: SlabSlot<Exchange>, _ reason: String) -> Digest {
    attemptFailed(exchange, .protocol, reason)
    return .settled
  }

  /// Interim responses that may come before a response. Applications send one or two.
  private static var mostInterims: Int { 16 }

  /// A 1xx goes on to clients that can read it (RFC 9110 §15.2); the final response follows.
  private mutating func passInterim(_ exchange: SlabSlot<Exchange>, _ length: Int) -> Digest {
    exchanges[exchange].interims += 1
    guard exchanges[exchange].interims <= Worker.mostInterims else {
      return broken(exchange, "more than \(Worker.mostInterims) interim responses")
    }
    if responseFraming.statesBody { return broken(exchange, "an interim response with a body") }
    if exchanges[exchange].awaitsContinue && responseHead.status == 100 {
      exchanges[exchange].awaitsContinue = false
      upstreamDeadlines.clear(exchanges[exchange].upstream)
      clientDeadlines.set(exchanges[exchange].client, at: now + settings.idleTimeout)
      limitBodyTime(exchange, exchanges[exchange].client)
    }
    if exchanges[exchange].isVersion10 {
      exchanges[exchange].response.consume(length)
      return .ready
    }
    return writeHead(exchange, length, body: .none, .unsaid) ? .ready : .settled
  }

  /// The final response: decides how it goes out and what becomes of both connections.
  private mutating func takeUpResponse(_ exchange: SlabSlot<Exchange>, _ length: Int) -> Digest {
    let isSwitch = responseHead.status == 101
    guard !isSwitch || isSwitchAskedFor(exchange) else {
      return broken(exchange, "a change of protocol that was not asked for")
    }
    noteStatus(exchange)
    if responseHead.status >= 400 && sendsElsewhere(exchange) { return .settled }
    let body = clientsFraming(exchange)
    let isLeaving = clients[exchanges[exchange].client].isLeaving
    if body == .untilClose || !exchanges[exchange].requestBody.isDone || isLeaving {
      exchanges[exchange].isPersistent = false
    }
    let isPersistent = exchanges[exchange].isPersistent
    let option: ConnectionOption =
      isSwitch
      ? .upgrade
      : !isPersistent ? .close : exchanges[exchange].isVersion10 ? .keepAlive : .unsaid
    guard writeHead(exchange, length, body: body, option) else { return .settled }
    exchanges[exchange].hasHead = true
    exchanges[exchange].awaitsContinue = false
    exchanges[exchange].status = responseHead.status
    exchanges[exchange].responseBody = BodyProgress(
      responseFraming.body, keepsFraming: body == .chunked,
      keepsTrailers: !responseFraming.listsFields, isResponse: true)
    let upstream = exchanges[exchange].upstream
    exchanges[exchange].isUpstreamReusable = responseFraming.isPersistent
    if responseFraming.isPersistent && responseFraming.statesBody { doubt(exchange, upstream) }
    upstreams[upstream].keepAlive = Int32(min(responseFraming.keepAlive ?? -1, 3600))
    upstreamDeadlines.set(upstream, at: now + settings.idleTimeout)
    if !exchanges[exchange].requestBody.isDone {
      // The body's own time has ended with the head of the response.
      clientDeadlines.set(exchanges[exchange].client, at: now + settings.idleTimeout)
    }
    if isSwitch { beginTunnel(exchange) } else { forgetRequest(exchange) }
    return digestBody(exchange)
  }

  /// What becomes of a connection whose response has no body and states one, which may follow all the
  /// same. To a HEAD that is what is asked for (RFC 9110 §9.3.2), and the connection only waits a moment.
  private mutating func doubt(_ exchange: SlabSlot<Exchange>, _ upstream: SlabSlot<Upstream>) {
    if exchanges[exchange].method == .head {
      upstreams[upstream].isDoubtful = upstreams[upstream].replica != SharedPool.controlSlot
    } else {
      exchanges[exchange].isUpstreamReusable = false
      Socket.resetOnClose(upstreams[upstream].descriptor)
    }
  }

  /// What a status says of its replica.
  private mutating func noteStatus(_ exchange: SlabSlot<Exchange>) {
    let replica = exchanges[exchange].replica
    let status = responseHead.status
    if 502...504 ~= status {
      if replica != SharedPool.controlSlot { gatewayFailed(replica, "status \(status)") }
    } else {
      links.pool.succeeded(replica)
    }
  }

  /// Whether the response goes no further since its request has gone to another replica. What an lbd
  /// behind this one answers after its own retries is not multiplied.
  private mutating func sendsElsewhere(_ exchange: SlabSlot<Exchange>) -> Bool {
    let status = responseHead.status
    guard settings.retryStatuses.contains(where: { $0.contains(status) }),
      !exchanges[exchange].statesRetries(responseHead)
    else { return false }
    return retryStatus(exchange, status)
  }

  /// How the client is told where the body ends. One that ends with the replica's connection goes on
  /// in chunks, so that the client's own connection goes on and a cut shows (RFC 9112 §8); HTTP/1.0
  /// has no chunks.
  private mutating func clientsFraming(_ exchange: SlabSlot<Exchange>) -> BodyFraming {
    switch responseFraming.body {
    case .chunked where exchanges[exchange].isVersion10: .untilClose
    case .untilClose where !exchanges[exchange].isVersion10: .chunked
    case let body: body
    }
  }

  /// Whether a 101 goes on with what the client asked for.
  private mutating func isSwitchAskedFor(_ exchange: SlabSlot<Exchange>) -> Bool {
    guard exchanges[exchange].wantsUpgrade && responseFraming.hasUpgrade else { return false }
    exchanges[exchange].writeProtocols(responseHead, to: &writer)
    let start = exchanges[exchange].replayFrom
    return clients[exchanges[exchange].client].offers(writer, from: start, using: &requestHead)
  }

  /// Nothing is retried from here on: the request's buffer goes back unless the next request, or
  /// more of this one, lies in it.
  private mutating func forgetRequest(_ exchange: SlabSlot<Exchange>) {
    let client = exchanges[exchange].client
    guard exchanges[exchange].isRequestSent,
      exchanges[exchange].nextFrom == clients[client].input.end
    else { return }
    exchanges[exchange].isReplayable = false
    clients[client].input.giveBack()
  }

  /// Puts the client's head in the place of the replica's. False when that ended the exchange.
  private mutating func writeHead(
    _ exchange: SlabSlot<Exchange>, _ length: Int, body: BodyFraming, _ option: ConnectionOption
  ) -> Bool {
    let name = exchanges[exchange].isTest ? replicaName(exchange) : []
    let isDated = responseFraming.hasDate || responseHead.status < 200
    exchanges[exchange].writeResponse(
      responseHead, responseFraming, body: body, option, replica: name,
      date: isDated ? 0 : Clock.wallSeconds(), to: &writer)
    let count = exchanges[exchange].response.count - length
    if body == .chunked && responseFraming.body == .untilClose && count > 0 {
      ChunkWriter.writeSize(count, owesEnd: false, to: &writer)
    }
    guard exchanges[exchange].replaceHead(length, writer) else {
      attemptFailed(exchange, .protocol, tooLongHead)
      return false
    }
    return true
  }

  private func replicaName(_ exchange: SlabSlot<Exchange>) -> [UInt8] {
    let upstream = exchanges[exchange].upstream
    guard upstream != .absent else { return [] }
    let replica = upstreams[upstream].replica
    return snapshot.replicas.first { $0.slot == replica }.map { Array($0.name.utf8) } ?? []
  }

  /// Counts the bytes behind `pending` as body, as far as they are.
  private mutating func digestBody(_ exchange: SlabSlot<Exchange>) -> Digest {
    let from = exchanges[exchange].response.start + exchanges[exchange].pending
    let end = exchanges[exchange].response.end
    var ready = end
    switch exchanges[exchange].responseBody {
    case .done: ready = from
    case .untilClose: break
    case .chunking(let owesEnd): return digestIntoChunk(exchange, from, end, owesEnd)
    case .length(let remaining):
      let count = min(remaining, end - from)
      ready = from + count
      exchanges[exchange].responseBody = count == remaining ? .done : .length(remaining - count)
    case .chunked(let scanner): return digestChunks(exchange, from, end, scanner)
    }
    pass(exchange, upTo: ready, used: ready)
    return .ready
  }

  /// What was received up to `ready` goes out. What is behind the body's end belongs to no request: it
  /// goes no further, nor does its connection serve again.
  private mutating func pass(_ exchange: SlabSlot<Exchange>, upTo ready: Int, used: Int) {
    if used < exchanges[exchange].response.end { exchanges[exchange].isUpstreamReusable = false }
    exchanges[exchange].response.truncate(at: ready)
    exchanges[exchange].pending = ready - exchanges[exchange].response.start
  }

  /// A chunked body goes on in normal form.
  private mutating func digestChunks(
    _ exchange: SlabSlot<Exchange>, _ from: Int, _ end: Int, _ scanner: ChunkedScanner
  ) -> Digest {
    var scanner = scanner
    let result = exchanges[exchange].scan(from, end, &scanner)
    let (ready, used) = (from + result.kept, from + result.used)
    switch result.outcome {
    case .malformed: return broken(exchange, "the chunked response is malformed")
    case .complete:
      exchanges[exchange].responseBody = .done
      pass(exchange, upTo: ready, used: used)
    case .incomplete:
      // A zero, or part of a trailer's line, stays until there is more.
      exchanges[exchange].responseBody = .chunked(scanner)
      exchanges[exchange].response.closeGap(ready, used)
      let start = exchanges[exchange].response.start
      exchanges[exchange].pending = ready - start
      if exchanges[exchange].pending == 0 && result.used == 0 { return .needsBytes }
    }
    return .ready
  }

  /// What was received becomes a chunk: the first one's size went out with the head.
  private mutating func digestIntoChunk(
    _ exchange: SlabSlot<Exchange>, _ from: Int, _ end: Int, _ owesEnd: Bool
  ) -> Digest {
    guard end > from else { return .ready }
    if exchanges[exchange].pending == 0 {
      writer.removeAll()
      ChunkWriter.writeSize(end - from, owesEnd: owesEnd, to: &writer)
      exchanges[exchange].beginChunk(writer)
    }
    let isEnded = exchanges[exchange].endChunk()
    exchanges[exchange].responseBody = .chunking(owesEnd: !isEnded)
    return .ready
  }

  // MARK: Tunnels

  /// After a 101: bytes both ways until both sides have ended.
  private mutating func beginTunnel(_ exchange: SlabSlot<Exchange>) {
    exchanges[exchange].isTunnel = true
    exchanges[exchange].isPersistent = false
    exchanges[exchange].isUpstreamReusable = false
    exchanges[exchange].isReplayable = false
    exchanges[exchange].requestBody = .untilClose
    exchanges[exchange].responseBody = .untilClose
    let client = exchanges[exchange].client
    _ = takeInBody(exchange)
    giveWay(client)
  }

  /// The replica's direction ended: so does the client's, and with both the exchange.
  private mutating func endTunnelHalf(_ exchange: SlabSlot<Exchange>) -> Digest {
    Socket.endSending(clients[exchanges[exchange].client].descriptor)
    if exchanges[exchange].isRequestSent { end(exchange) }
    return .settled
  }

  // MARK: The end

  /// Both messages have ended, or lbd's own answer has: counts, and frees both connections.
  mutating func end(_ exchange: SlabSlot<Exchange>) {
    let client = exchanges[exchange].client
    let isRequestRead = exchanges[exchange].requestBody.isDone
    let isClean = isRequestRead && exchanges[exchange].isRequestSent
    count(exchange)
    record(exchange, isAborted: exchanges[exchange].isCut)
    if exchanges[exchange].holdUntil != 0 { heldEnded() }
    let isOwn = exchanges[exchange].hasProxyHeader
    let isKept = exchanges[exchange].isUpstreamReusable && isClean && !isOwn
    detach(exchange, isKept ? .rests : isClean ? .ends : .breaks)
    let isPersistent =
      exchanges[exchange].isPersistent && isRequestRead && !clients[client].isLeaving
    let isTunnel = exchanges[exchange].isTunnel
    let isAwaited = exchanges[exchange].clientEnds || clients[client].isEnding
    let nextFrom = exchanges[exchange].nextFrom
    let needsReset = exchanges[exchange].cutNeedsReset
    _ = exchanges.remove(exchange)
    clients[client].exchange = .absent
    clients[client].phase = .reading
    if isTunnel { return closeClient(client) }
    if needsReset { return beginDelivery(client, resetsThen: true) }
    if isPersistent { return awaitNext(client, nextFrom) }
    // A client that did not ask for the end may be sending its next request, whose reset would
    // overtake what it has not read yet (RFC 9112 §9.6).
    if isAwaited && isRequestRead && !clients[client].isReadable { return closeClient(client) }
    beginLingering(client)
  }

  /// Counts a response that has begun, whole or not.
  mutating func count(_ exchange: SlabSlot<Exchange>) {
    let upstream = exchanges[exchange].upstream
    guard upstream != .absent else { return }
    let replica = upstreams[upstream].replica
    links.tally.count(status: exchanges[exchange].status, replica)
    links.tally.record(replica, nanoseconds: now - exchanges[exchange].startedAt)
  }

  /// The connection waits for its next request, which may be here already. Others go first.
  private mutating func awaitNext(_ client: SlabSlot<Client>, _ nextFrom: Int) {
    if clients[client].input.isHeld && nextFrom > clients[client].input.start {
      clients[client].input.consume(nextFrom - clients[client].input.start)
    }
    if clients[client].input.isEmpty { clients[client].input.giveBack() }
    clients[client].since = now
    clientDeadlines.set(client, at: now + settings.clientIdleTimeout)
    if !clients[client].input.isEmpty || clients[client].isReadable {
      giveWay(client)
    }
  }
}
