// From an accepted head to a request that can be sent: the head is judged for this connection, gets its
// pool, and is rewritten in place.

import Balancing
import HTTPWire
import Ledger
import LinuxIO
import Plan

extension Worker {
  /// Takes the request in `requestHead` and `requestFraming`, whose head is the next `headLength` bytes
  /// of the client's input.
  mutating func open(_ exchange: SlabSlot<Exchange>, headLength: Int) {
    let client = exchanges[exchange].client
    noteFraming(exchange)
    exchanges[exchange].pool = Numbering.mainPool
    if requestFraming.hasVia && endsLoop(exchange, headLength) { return }
    if case .length(let length) = requestFraming.body {
      clients[client].sendsLong = length >= Worker.longBody
      guard length <= settings.bodyLimit else {
        clients[client].input.buffer.consume(headLength)
        return refuse(exchange: exchange, .bodyTooLarge)
      }
    }
    guard requestFraming.hopsLeft > 0 else { return answerLastHop(exchange, headLength) }
    exchanges[exchange].request.isTest = clients[client].holds(
      snapshot.testToken, in: .testToken, of: requestHead)
    if settings.docs && serveOwnDocument(exchange, headLength) { return }
    guard rewriteHead(exchange, headLength) else {
      return refuse(exchange: exchange, .headTooLarge)
    }
    let hasBegunBody = clients[client].input.hasMore
    if let refusal = takeInBody(exchange) { return refuse(exchange: exchange, refusal) }
    exchanges[exchange].request.awaitsContinue =
      requestFraming.expectsContinue && !exchanges[exchange].request.body.isDone && !hasBegunBody
    isGone(client) ? abandon(exchange) : dispatch(exchange)
  }

  /// Notes the head's wishes for the connection.
  private mutating func noteFraming(_ exchange: SlabSlot<Exchange>) {
    let client = exchanges[exchange].client
    exchanges[exchange].request.isPersistent =
      requestFraming.isPersistent && !clients[client].isLeaving
    exchanges[exchange].request.endsConnection = !requestFraming.isPersistent
    exchanges[exchange].request.wantsUpgrade = requestFraming.wantsUpgrade
    exchanges[exchange].request.body = BodyProgress(
      requestFraming.body, keepsFraming: true, keepsTrailers: !requestFraming.listsFields)
    clients[client].sendsLong = false
  }

  /// Replaces the client's head by the replica's, so that head and body stay in one piece.
  private mutating func rewriteHead(
    _ exchange: SlabSlot<Exchange>, _ headLength: Int
  ) -> Bool {
    let client = exchanges[exchange].client
    let pool = exchanges[exchange].pool
    let requestID = requestIDs.next()
    writer.removeAll()
    if pool == Numbering.controlPool {
      clients[client].writeControlRequest(
        requestHead, tellsAll: settings.docsTellAll, to: &writer)
    } else {
      if let version = lanes[pool].policy.proxyHeader {
        exchanges[exchange].request.hasProxyHeader = true
        clients[client].writeProxyHeader(version, to: &writer)
      }
      clients[client].writeRequest(
        requestHead, requestFraming, requestID: requestID, settings.forward, to: &writer)
    }
    noteID(exchange, requestID)
    exchanges[exchange].silence = lanes[pool].policy.idleTimeout
    exchanges[exchange].attempts.begin(deadline: now + lanes[pool].policy.responseTimeout)
    guard clients[client].replaceHead(headLength, writer) else { return false }
    clients[client].input.begin(head: writer.count)
    return true
  }

  /// Takes the longest silence from the exchange's pool, for what has begun.
  mutating func setSilence(_ exchange: SlabSlot<Exchange>) {
    let pool = exchanges[exchange].pool
    exchanges[exchange].silence =
      exchanges[exchange].response.isTunnel
      ? lanes[pool].policy.tunnelIdleTimeout : lanes[pool].policy.idleTimeout
  }
}
