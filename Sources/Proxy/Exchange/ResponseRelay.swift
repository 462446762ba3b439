// The bytes of a response on their way from the replica to the client.

import Balancing
import HTTPWire
import Ledger
import LinuxIO
import Plan

extension Worker {
  /// Sends the response's ready bytes, looks at more of them, receives more, and so on.
  mutating func pumpResponse(_ exchange: SlabSlot<Exchange>) {
    let client = exchanges[exchange].client
    var rounds = 0
    while true {
      while exchanges[exchange].response.pending > 0 {
        guard sendResponse(exchange, client) else { return }
      }
      switch digest(exchange) {
      case .ready:
        // What a replica cuts into tiny pieces costs as many calls as what it sends in large ones.
        rounds += 1
        if rounds > 2 * Worker.burst { return giveWay(client) }
        continue
      case .settled: return
      case .needsBytes: break
      }
      let upstream = exchanges[exchange].upstream
      guard upstream != .absent, upstreams[upstream].leg.isReadable else {
        return restResponse(exchange)
      }
      rounds += 1
      if rounds > 2 * Worker.burst { return giveWay(client) }
      guard receiveResponse(exchange, upstream) else { return }
    }
  }

  /// One send to the client. False when that is all for now.
  private mutating func sendResponse(
    _ exchange: SlabSlot<Exchange>, _ client: SlabSlot<Client>
  ) -> Bool {
    guard clients[client].leg.isWritable else {
      // A transport that holds what was sent before has room for no more.
      if !clientDeadlines.isSet(client) { awaitClient(exchange, client) }
      return false
    }
    let pending = exchanges[exchange].response.pending
    let start = exchanges[exchange].response.buffer.start
    let sent = clients[client].leg.send(
      exchanges[exchange].response.buffer, start, start + pending, transport)
    switch sent {
    case .moved(let count):
      exchanges[exchange].response.buffer.consume(count)
      exchanges[exchange].response.pending = pending - count
      exchanges[exchange].response.bytesSent += count
      // After a whole interim response another answer may still follow.
      exchanges[exchange].response.hasAnswered =
        exchanges[exchange].response.hasHead || count < pending
      if count == pending {
        if exchanges[exchange].request.body.isDone { clientDeadlines.clear(client) }
        return true
      }
      if clients[client].leg.isWritable { return true }
    case .wouldBlock, .ended: break
    case .failed:
      abandon(exchange)
      return false
    }
    awaitClient(exchange, client)
    return false
  }

  /// The client does not take the response as fast as it comes: its deadline runs.
  private mutating func awaitClient(
    _ exchange: SlabSlot<Exchange>, _ client: SlabSlot<Client>
  ) {
    clients[client].leg.untaken = clients[client].leg.countUntaken(transport)
    clientDeadlines.set(client, at: now + exchanges[exchange].silence)
    // The replica waits for the client now. Before its head, only its time for that goes on: no number
    // of interim responses extends it.
    let upstream = exchanges[exchange].upstream
    if upstream != .absent && exchanges[exchange].response.hasHead {
      upstreamDeadlines.clear(upstream)
    }
  }

  /// Nothing to send and nothing to receive: waits for the replica without a buffer.
  private mutating func restResponse(_ exchange: SlabSlot<Exchange>) {
    if exchanges[exchange].response.buffer.isEmpty {
      exchanges[exchange].response.buffer.giveBack()
    }
    guard exchanges[exchange].response.hasHead else { return }
    if exchanges[exchange].request.body.isDone {
      clientDeadlines.clear(exchanges[exchange].client)
    }
    let upstream = exchanges[exchange].upstream
    if upstream != .absent {
      upstreamDeadlines.set(upstream, at: now + exchanges[exchange].silence)
    }
  }

  /// One receive from the replica. False when that is all for now.
  private mutating func receiveResponse(
    _ exchange: SlabSlot<Exchange>, _ upstream: SlabSlot<Upstream>
  ) -> Bool {
    let space = makeRoomForResponse(exchange)
    guard space > 0 else { return false }
    let received = upstreams[upstream].leg.receive(
      into: &exchanges[exchange].response.buffer, transport)
    if upstreams[upstream].leg.wakesSender {
      upstreams[upstream].leg.wakesSender = false
      giveWay(exchanges[exchange].client)
    }
    switch received {
    case .moved(let count):
      exchanges[exchange].request.contact = .heard
      exchanges[exchange].response.isFlowing = count == space
      if exchanges[exchange].response.hasHead {
        upstreamDeadlines.set(upstream, at: now + exchanges[exchange].silence)
      }
      return true
    case .wouldBlock: return true
    case .ended: return responseEnded(exchange, nil)
    case .failed(let code): return responseEnded(exchange, code)
    }
  }

  /// Makes sure that there is a buffer for the response, with space in it. Gives the space; 0 where there is
  /// none to be had, which has settled the exchange.
  @inline(__always)
  private mutating func makeRoomForResponse(_ exchange: SlabSlot<Exchange>) -> Int {
    guard exchanges[exchange].response.buffer.borrow(from: &buffers) else {
      fail(
        exchange, 503, "lbd is out of buffers", .exhausted, cause: "every buffer is in use")
      return 0
    }
    if exchanges[exchange].response.buffer.isEmpty {
      if exchanges[exchange].response.isFlowing {
        exchanges[exchange].response.buffer.exchange(for: &largeBuffers)
      } else {
        exchanges[exchange].response.buffer.reset()
      }
    }
    // Interim responses, or chunks, may have left only the buffer's end to what is not whole yet.
    if exchanges[exchange].response.buffer.space == 0 {
      exchanges[exchange].response.buffer.compact()
    }
    let space = exchanges[exchange].response.buffer.space
    if space == 0 {
      let hasHead = exchanges[exchange].response.hasHead
      attemptFailed(
        exchange, .protocol, hasHead ? "a trailer of the response is too long" : tooLongHead)
    }
    return space
  }

  /// Handles the end of the replica's direction. True when the body ends by it.
  private mutating func responseEnded(_ exchange: SlabSlot<Exchange>, _ code: Int32?) -> Bool {
    if code == nil && exchanges[exchange].response.hasHead && endBodyWithConnection(exchange) {
      exchanges[exchange].response.body = .done
      exchanges[exchange].response.isUpstreamReusable = false
      upstreams[exchanges[exchange].upstream].leg.isReadable = false
      return true
    }
    let reason = code.map { SystemError.text($0) } ?? "the connection was closed"
    attemptFailed(exchange, endOfConnection(exchange), reason)
    return false
  }

  /// The failure class of the end of a replica's connection. A reused connection may have ended by
  /// itself, as this request came; that says nothing about its replica.
  mutating func endOfConnection(_ exchange: SlabSlot<Exchange>) -> FailureClass {
    let upstream = exchanges[exchange].upstream
    guard upstream != .absent && upstreams[upstream].isReused else { return .reset }
    return exchanges[exchange].request.contact == .heard ? .reset : .stale
  }

  /// Whether the end of the replica's connection is how this body ends; its last chunk is ready then,
  /// where it goes out in chunks. Nothing is at hand in the response's buffer.
  private mutating func endBodyWithConnection(_ exchange: SlabSlot<Exchange>) -> Bool {
    switch exchanges[exchange].response.body {
    case .untilClose: return true
    case .chunking(let owesEnd):
      writer.removeAll()
      ChunkWriter.writeSize(0, owesEnd: owesEnd, to: &writer)
      return exchanges[exchange].takeOwn(writer)
    case .done, .length, .chunked: return false
    }
  }
}
