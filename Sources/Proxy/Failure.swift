// What a failure comes to: another replica, an answer of lbd's own, or a connection that is visibly
// cut. Every exchange that does not end well passes through here.

import Balancing
import HTTPWire
import LinuxIO

extension Worker {
  /// An attempt at a replica failed: the retry rule decides what follows.
  mutating func attemptFailed(_ exchange: UInt32, _ cause: FailureCause, _ reason: String) {
    let upstream = exchanges[exchange].upstream
    let slot = exchanges[exchange].replica
    let isReused = upstream != none && upstreams[upstream].isReused
    let phase: FailurePhase =
      exchanges[exchange].hasAnswered
      ? .answering : exchanges[exchange].hasSent ? .sent : .unsent
    let verdict = Retry.verdict(
      cause, phase, isIdempotent: exchanges[exchange].method.isIdempotent, isReused: isReused,
      isReplayable: exchanges[exchange].isReplayable && !exchanges[exchange].hasHeard,
      attemptsLeft: settings.retries - exchanges[exchange].failures)
    detach(exchange, keep: false)
    links.evidence.post(
      .failed(slot: slot, cause.failureClass(isReused: isReused, phase), cause: reason),
      isDroppable: true)
    exchanges[exchange].failures += 1
    switch verdict {
    case .retry:
      links.tally.count(phase == .unsent ? .retriesUnsent : .retriesSent, slot)
      // The end of an idle connection says nothing of its replica: where no other is left, that
      // one is asked again.
      dispatch(exchange, orAgain: isReused && cause == .reset ? slot : nil)
    case .fail where exchanges[exchange].asksControl: answerNoControl(exchange)
    case .fail where phase == .unsent && !hasReplica: answerNoReplica(exchange)
    case .fail(let status):
      let isLate = status == 504
      fail(
        exchange, status, isLate ? "the replica did not answer in time" : "the replica failed",
        cause: reason)
    case .abort:
      noteCause(exchange, reason)
      abandon(exchange)
    }
  }

  /// Answers with a 5xx of lbd's own and says why in the log.
  mutating func fail(
    _ exchange: UInt32, _ status: Int, _ detail: StaticString, cause: String, retryAfter: Int = 0
  ) {
    links.evidence.post(
      .answered(status: status, tried: exchanges[exchange].tried, cause: cause), isDroppable: true)
    noteCause(exchange, cause)
    answer(exchange, status, detail, retryAfter: retryAfter)
  }

  /// A replica could not be reached: no request goes there until a probe has passed.
  mutating func unreachable(_ slot: Int, _ reason: String) {
    guard slot != SharedPool.controlSlot, links.pool.takeOut(slot) else { return }
    closeIdle(slot)
    links.evidence.post(.unreachable(slot: slot, cause: reason))
  }

  /// Cuts both connections: the client is gone, or it must see that its response is not whole.
  mutating func abandon(_ exchange: UInt32) {
    let client = exchanges[exchange].client
    if !exchanges[exchange].isTunnel { Socket.resetOnClose(clients[client].descriptor) }
    if exchanges[exchange].hasHead { count(exchange) }
    record(exchange, isAborted: true)
    detach(exchange, keep: false)
    _ = exchanges.remove(exchange)
    clients[client].exchange = none
    closeClient(client)
  }

  // MARK: Answers of lbd's own

  mutating func answerNoControl(_ exchange: UInt32) {
    let detail: StaticString = "the control socket does not answer"
    fail(exchange, 502, detail, cause: detail.description)
  }

  mutating func answerNoReplica(_ exchange: UInt32) {
    fail(exchange, 503, "no replica is available", cause: "no replica is available", retryAfter: 1)
  }

  /// Answers an OPTIONS or TRACE that may go no further (RFC 9110 §7.6.2).
  mutating func answerLastHop(_ exchange: UInt32, _ headLength: Int) {
    let client = exchanges[exchange].client
    clients[client].input.consume(headLength)
    exchanges[exchange].nextFrom = clients[client].input.start
    if exchanges[exchange].method == .options {
      answer(exchange, 200, "lbd is as far as Max-Forwards lets this request go")
    } else {
      answer(exchange, 501, "lbd answers no TRACE itself")
    }
  }

  /// Answers a request that is not accepted; the connection ends with it, since where the next
  /// request would begin is not known (RFC 9112 §9.3).
  mutating func refuse(exchange: UInt32, _ refusal: Refusal) {
    // Behind a part of a response it would be taken for the rest of it.
    guard !exchanges[exchange].hasAnswered else { return abandon(exchange) }
    exchanges[exchange].isPersistent = false
    // Whatever still comes is no request: it is thrown away until the client has read the answer.
    exchanges[exchange].requestBody = .untilClose
    detach(exchange, keep: false)
    answer(exchange, refusal.status, refusal.detail)
  }

  /// Answers in the replica's place.
  mutating func answer(
    _ exchange: UInt32, _ status: Int, _ detail: StaticString, retryAfter: Int = 0
  ) {
    if !exchanges[exchange].requestBody.isDone { exchanges[exchange].isPersistent = false }
    noteDetail(exchange, status, detail)
    writer.removeAll()
    Responses.write(
      status, detail: detail, connection: ownConnectionOption(exchange),
      date: Clock.wallSeconds(), retryAfter: retryAfter,
      isHead: exchanges[exchange].method == .head, to: &writer)
    sendOwn(exchange, status)
  }

  mutating func ownConnectionOption(_ exchange: UInt32) -> ConnectionOption {
    guard exchanges[exchange].isPersistent && !isDraining else { return .close }
    return exchanges[exchange].isVersion10 ? .keepAlive : .unsaid
  }

  /// Sends the answer that is in `writer`.
  mutating func sendOwn(_ exchange: UInt32, _ status: Int) {
    guard exchanges[exchange].response.borrow(from: &buffers),
      exchanges[exchange].takeOwn(writer)
    else { return abandon(exchange) }
    exchanges[exchange].hasHead = true
    exchanges[exchange].responseBody = .done
    exchanges[exchange].status = status
    links.tally.count(status: status, Tally.ownSlot)
    clientDeadlines.set(exchanges[exchange].client, at: now + settings.idleTimeout)
    pumpResponse(exchange)
  }
}
