// Answers of lbd's own, for clients whom no replica answers.

import Balancing
import HTTPWire
import Ledger
import LinuxIO
import Plan

extension Worker {
  /// Answers with a 5xx of lbd's own, with its cause in the log.
  mutating func fail(
    _ exchange: SlabSlot<Exchange>, _ status: Int, _ detail: StaticString, _ error: ProxyError,
    cause: String,
    retryAfter: Int = 0
  ) {
    links.reports.post(
      .answered(
        status: status, tried: exchanges[exchange].attempts.tried,
        attempts: exchanges[exchange].attempts.count,
        cause: cause), isDroppable: true)
    noteCause(exchange, cause)
    answer(exchange, status, detail, error, retryAfter: retryAfter)
  }

  /// The control socket, which has the pool's state, failed.
  mutating func answerNoControl(_ exchange: SlabSlot<Exchange>) {
    let detail: StaticString = "the control socket does not answer"
    fail(exchange, 502, detail, .refused, cause: detail.description)
  }

  /// The control socket has as many requests of clients as it may: others need it, too.
  private mutating func answerControlFull(_ exchange: SlabSlot<Exchange>) {
    let detail: StaticString = "too many ask for the pool's state at once"
    fail(exchange, 503, detail, .exhausted, cause: detail.description, retryAfter: 1)
  }

  /// - Parameter isFull: replicas are usable, and none has room.
  mutating func answerNoReplica(_ exchange: SlabSlot<Exchange>, isFull: Bool) {
    if exchanges[exchange].pool == Numbering.controlPool {
      return isFull ? answerControlFull(exchange) : answerNoControl(exchange)
    }
    let waited =
      exchanges[exchange].attempts.heldSince == 0
      ? "" : " after a wait of \((now - exchanges[exchange].attempts.heldSince) / 1_000_000) ms"
    let cause = isFull ? "every replica is at its max_requests" : "no replica is available"
    let error: ProxyError =
      exchanges[exchange].attempts.hasFailedSent ? .terminated : isFull ? .full : .unavailable
    fail(
      exchange, 503, "no replica is available", error,
      cause: cause + waited, retryAfter: 1)
  }

  /// Answers a request for which all usable replicas were tried.
  mutating func answerNoOther(_ exchange: SlabSlot<Exchange>) {
    fail(
      exchange, 502, "the replica failed", .refused, cause: "every replica that is up was tried")
  }

  /// Answers an OPTIONS or TRACE that may go no further (RFC 9110 §7.6.2).
  mutating func answerLastHop(_ exchange: SlabSlot<Exchange>, _ headLength: Int) {
    let client = exchanges[exchange].client
    clients[client].input.dropHead(headLength)
    if exchanges[exchange].request.method == .options {
      answer(exchange, 200, "lbd is as far as Max-Forwards lets this request go")
    } else {
      answer(exchange, 501, "lbd answers no TRACE itself")
    }
  }

  /// Refuses a request. The connection ends with the answer, since the beginning of the next request is
  /// not known (RFC 9112 §9.3).
  mutating func refuse(exchange: SlabSlot<Exchange>, _ refusal: Refusal) {
    // After a part of a response the client would take the answer for the rest.
    guard !exchanges[exchange].response.hasAnswered else { return abandon(exchange) }
    exchanges[exchange].request.isPersistent = false
    // Bytes that still come are no request. They are thrown away until the client has read the answer.
    exchanges[exchange].request.body = .untilClose
    detach(exchange, .breaks)
    let status = refusal.status
    answer(exchange, status, refusal.detail, status < 500 ? .request : nil)
  }

  /// Answers instead of a replica.
  mutating func answer(
    _ exchange: SlabSlot<Exchange>, _ status: Int, _ detail: StaticString,
    _ error: ProxyError? = nil,
    retryAfter: Int = 0
  ) {
    if !exchanges[exchange].request.body.isDone { exchanges[exchange].request.isPersistent = false }
    noteDetail(exchange, status, detail)
    writer.removeAll()
    Responses.write(
      status, detail: detail, connection: ownConnectionOption(exchange),
      date: Clock.wallSeconds(), retryAfter: retryAfter, error: error,
      isHead: exchanges[exchange].request.method == .head, to: &writer)
    sendOwn(exchange, status)
  }

  mutating func ownConnectionOption(_ exchange: SlabSlot<Exchange>) -> ConnectionOption {
    let isLeaving = clients[exchanges[exchange].client].isLeaving
    guard exchanges[exchange].request.isPersistent && !isLeaving else { return .close }
    return exchanges[exchange].request.isVersion10 ? .keepAlive : .unsaid
  }

  /// Sends the answer that is in `writer`.
  mutating func sendOwn(_ exchange: SlabSlot<Exchange>, _ status: Int) {
    guard exchanges[exchange].response.buffer.borrow(from: &buffers),
      exchanges[exchange].takeOwn(writer)
    else { return abandon(exchange) }
    exchanges[exchange].response.stage = .begun
    exchanges[exchange].response.body = .done
    exchanges[exchange].response.status = status
    links.tally.count(status: status, at: Tally.ownSlot)
    clientDeadlines.set(exchanges[exchange].client, at: now + exchanges[exchange].silence)
    pumpResponse(exchange)
  }
}
