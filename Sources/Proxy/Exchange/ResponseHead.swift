// What a replica answers: its heads are parsed, judged and rewritten in place for the client.

import Balancing
import HTTPWire
import Ledger
import LinuxIO
import Plan

extension Worker {
  /// The outcome of a look at received bytes.
  enum Digest {
    /// There may be something to send, and more to look at after it.
    case ready
    case needsBytes
    /// The exchange ended, or waits for something else than the replica.
    case settled
  }

  /// Looks at the received bytes that were not yet looked at. Nothing is pending.
  mutating func digest(_ exchange: SlabSlot<Exchange>) -> Digest {
    guard exchanges[exchange].response.hasHead else {
      return exchanges[exchange].response.buffer.isEmpty ? .needsBytes : digestHead(exchange)
    }
    if exchanges[exchange].response.page != .none { return digestPage(exchange) }
    if exchanges[exchange].response.body.isDone {
      if exchanges[exchange].response.isTunnel { return endTunnelHalf(exchange) }
      end(exchange)
      return .settled
    }
    if exchanges[exchange].response.buffer.isEmpty { return .needsBytes }
    return digestBody(exchange)
  }

  private mutating func digestHead(_ exchange: SlabSlot<Exchange>) -> Digest {
    switch exchanges[exchange].parse(into: &responseHead) {
    case .complete(let length) where length <= settings.headLimit:
      if let flaw = exchanges[exchange].judge(responseHead, into: &responseFraming) {
        return broken(exchange, text(of: flaw))
      }
      if responseHead.isInterim { return passInterim(exchange, length) }
      return takeResponse(exchange, length)
    case .complete: return broken(exchange, tooLongHead)
    case .incomplete: return .needsBytes
    case .malformed(let flaw): return broken(exchange, text(of: flaw))
    }
  }

  mutating func broken(_ exchange: SlabSlot<Exchange>, _ reason: String) -> Digest {
    attemptFailed(exchange, .protocol, reason)
    return .settled
  }

  /// Interim responses that may come before a response. Applications send one or two.
  private static var mostInterims: Int { 16 }

  /// A 1xx goes on to clients that can read it (RFC 9110 §15.2); the final response follows.
  private mutating func passInterim(_ exchange: SlabSlot<Exchange>, _ length: Int) -> Digest {
    exchanges[exchange].response.interims += 1
    guard exchanges[exchange].response.interims <= Worker.mostInterims else {
      return broken(exchange, "more than \(Worker.mostInterims) interim responses")
    }
    if responseFraming.statesBody { return broken(exchange, "an interim response with a body") }
    if exchanges[exchange].request.awaitsContinue && responseHead.status == 100 {
      exchanges[exchange].request.awaitsContinue = false
      upstreamDeadlines.clear(exchanges[exchange].upstream)
      clientDeadlines.set(exchanges[exchange].client, at: now + exchanges[exchange].silence)
      limitBodyTime(exchange, exchanges[exchange].client)
    }
    if exchanges[exchange].request.isVersion10 {
      exchanges[exchange].response.buffer.consume(length)
      return .ready
    }
    return writeHead(exchange, length, body: .none, .unsaid) ? .ready : .settled
  }

  /// The final response: decides how it goes out and what becomes of both connections.
  private mutating func takeResponse(_ exchange: SlabSlot<Exchange>, _ length: Int) -> Digest {
    let isSwitch = responseHead.status == 101
    guard !isSwitch || isSwitchAskedFor(exchange) else {
      return broken(exchange, "a change of protocol that was not asked for")
    }
    noteStatus(exchange)
    if responseHead.status >= 400 && sendsElsewhere(exchange) { return .settled }
    let body = clientsFraming(exchange)
    let isLeaving = clients[exchanges[exchange].client].isLeaving
    if body == .untilClose || !exchanges[exchange].request.body.isDone || isLeaving {
      exchanges[exchange].request.isPersistent = false
    }
    let isPersistent = exchanges[exchange].request.isPersistent
    let option: ConnectionOption =
      isSwitch
      ? .upgrade
      : !isPersistent ? .close : exchanges[exchange].request.isVersion10 ? .keepAlive : .unsaid
    guard writeHead(exchange, length, body: body, option) else { return .settled }
    exchanges[exchange].response.stage = .begun
    exchanges[exchange].request.awaitsContinue = false
    exchanges[exchange].response.status = responseHead.status
    exchanges[exchange].response.body = BodyProgress(
      responseFraming.body, keepsFraming: body == .chunked,
      keepsTrailers: !responseFraming.listsFields, isResponse: true)
    let upstream = exchanges[exchange].upstream
    exchanges[exchange].response.isUpstreamReusable = responseFraming.isPersistent
    if responseFraming.isPersistent && responseFraming.statesBody { doubt(exchange, upstream) }
    upstreams[upstream].keepAlive = Int32(min(responseFraming.keepAlive ?? -1, 3600))
    upstreamDeadlines.set(upstream, at: now + exchanges[exchange].silence)
    if !exchanges[exchange].request.body.isDone {
      // The body's own time has ended with the head of the response.
      clientDeadlines.set(exchanges[exchange].client, at: now + exchanges[exchange].silence)
    }
    if isSwitch { beginTunnel(exchange) } else { forgetRequest(exchange) }
    return digestBody(exchange)
  }

  /// Decides on a connection whose response has no body but states one: the body may follow all the
  /// same. To a HEAD that is what is asked for (RFC 9110 §9.3.2), and the connection only waits a
  /// moment.
  private mutating func doubt(_ exchange: SlabSlot<Exchange>, _ upstream: SlabSlot<Upstream>) {
    if exchanges[exchange].request.method == .head {
      // lbd's own control socket knows what a HEAD is.
      upstreams[upstream].isDoubtful = upstreams[upstream].pool != Numbering.controlPool
    } else {
      exchanges[exchange].response.isUpstreamReusable = false
      upstreams[upstream].leg.resetOnClose()
    }
  }

  /// Counts a status for or against its replica.
  private mutating func noteStatus(_ exchange: SlabSlot<Exchange>) {
    let status = responseHead.status
    if 502...504 ~= status {
      gatewayFailed(exchange, "status \(status)")
    } else {
      links.pool.recordSuccess(exchanges[exchange].attempts.replica)
    }
  }

  /// Whether the response goes no further since its request has gone to another replica. An answer that
  /// another lbd gives after its own retries is not retried.
  private mutating func sendsElsewhere(_ exchange: SlabSlot<Exchange>) -> Bool {
    let status = responseHead.status
    guard
      lanes[exchanges[exchange].pool].policy.retryStatuses.contains(where: { $0.contains(status) }),
      !exchanges[exchange].statesRetries(responseHead)
    else { return false }
    return retryStatus(exchange, status)
  }

  /// How the client is told where the body ends. One that ends with the replica's connection goes on
  /// in chunks, so that the client's own connection goes on and a cut shows (RFC 9112 §8); HTTP/1.0
  /// has no chunks.
  private mutating func clientsFraming(_ exchange: SlabSlot<Exchange>) -> BodyFraming {
    switch responseFraming.body {
    case .chunked where exchanges[exchange].request.isVersion10: .untilClose
    case .untilClose where !exchanges[exchange].request.isVersion10: .chunked
    case let body: body
    }
  }

  /// Whether a 101 goes on with what the client asked for.
  private mutating func isSwitchAskedFor(_ exchange: SlabSlot<Exchange>) -> Bool {
    guard exchanges[exchange].request.wantsUpgrade && responseFraming.hasUpgrade else {
      return false
    }
    exchanges[exchange].writeProtocols(responseHead, to: &writer)
    let client = exchanges[exchange].client
    let start = clients[client].input.replayFrom
    return clients[client].offers(writer, from: start, using: &requestHead)
  }

  /// Returns the request's buffer, unless the next request, or more of this one, lies in it: nothing is
  /// retried from here on.
  private mutating func forgetRequest(_ exchange: SlabSlot<Exchange>) {
    let client = exchanges[exchange].client
    guard isRequestSent(exchange), !clients[client].input.hasMore else { return }
    exchanges[exchange].request.isReplayable = false
    clients[client].input.buffer.giveBack()
  }

  /// Replaces the replica's head by the client's. False when that ended the exchange.
  private mutating func writeHead(
    _ exchange: SlabSlot<Exchange>, _ length: Int, body: BodyFraming, _ option: ConnectionOption
  ) -> Bool {
    let name = exchanges[exchange].request.isTest ? replicaName(exchange) : []
    let isDated = responseFraming.hasDate || responseHead.status < 200
    exchanges[exchange].writeResponse(
      responseHead, responseFraming, body: body, option, replica: name,
      date: isDated ? 0 : Clock.wallSeconds(), to: &writer)
    let count = exchanges[exchange].response.buffer.count - length
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
    return snapshot.pools[upstreams[upstream].pool].replicas.first { $0.slot == replica }.map {
      Array($0.name.utf8)
    } ?? []
  }
}
