// What a failure comes to: another replica, an answer of lbd's own, or a connection that is visibly
// cut. Every exchange that does not end well passes through here.

import Balancing
import HTTPWire
import Ledger
import LinuxIO
import Plan

extension Worker {
  /// An attempt at a replica failed: the retry rule decides what follows.
  /// - Parameters:
  ///   - isLate: something took too long.
  ///   - reason: what happened, for people.
  mutating func attemptFailed(
    _ exchange: SlabSlot<Exchange>, _ failure: FailureClass, isLate: Bool = false, _ reason: String
  ) {
    let replica = exchanges[exchange].replica
    let attempt = failedAttempt(exchange, failure, isLate: isLate)
    noteFailure(exchange, attempt, reason)
    detach(exchange, .breaks)
    var isBudgetSpent = false
    let verdict = Retry.verdict(
      attempt, room(exchange), budget: takeRetry(exchange, isSpent: &isBudgetSpent))
    count(attempt, exchange)
    switch verdict {
    case .retry:
      links.tally.count(attempt.phase == .unsent ? .retriesUnsent : .retriesSent, replica)
      dispatch(exchange, orAgain: failure == .stale || failure == .reset ? replica : nil)
    case .abort, .pass:
      noteCause(exchange, reason)
      cut(exchange)
    case .hold where exchanges[exchange].asksControl: answerNoControl(exchange)
    case .fail where exchanges[exchange].asksControl: answerNoControl(exchange)
    case .hold:
      links.tally.count(.retriesUnsent, replica)
      hold(exchange, isFull: false)
    case .fail(let status):
      let end = isBudgetSpent ? "; the retry budget is spent" : ""
      answerFailure(exchange, attempt, status, "\(failure): \(reason)\(end)")
    }
  }

  private mutating func answerFailure(
    _ exchange: SlabSlot<Exchange>, _ attempt: FailedAttempt, _ status: Int, _ cause: String
  ) {
    let detail: StaticString =
      status == 504 ? "the replica did not answer in time" : "the replica failed"
    fail(exchange, status, detail, ProxyError(attempt), cause: cause)
  }

  /// A response whose status the conf takes to another replica. False where it is passed on.
  mutating func retryStatus(_ exchange: SlabSlot<Exchange>, _ status: Int) -> Bool {
    guard !exchanges[exchange].asksControl else { return false }
    let attempt = failedAttempt(exchange, .status, isLate: false)
    var isBudgetSpent = false
    let verdict = Retry.verdict(
      attempt, room(exchange), budget: takeRetry(exchange, isSpent: &isBudgetSpent))
    noteFailure(exchange, attempt, "status \(status)")
    guard verdict == .retry else { return false }
    links.tally.count(.retriesSent, exchanges[exchange].replica)
    detach(exchange, .breaks)
    count(attempt, exchange)
    dispatch(exchange)
    return true
  }

  /// Notes on the request what has failed.
  private mutating func count(_ attempt: FailedAttempt, _ exchange: SlabSlot<Exchange>) {
    exchanges[exchange].failures += 1
    exchanges[exchange].hasFailed = true
    if attempt.phase != .unsent { exchanges[exchange].hasFailedSent = true }
    if attempt.failure == .reset { exchanges[exchange].resets += 1 }
  }

  private mutating func failedAttempt(
    _ exchange: SlabSlot<Exchange>, _ failure: FailureClass, isLate: Bool
  ) -> FailedAttempt {
    let phase: FailurePhase =
      exchanges[exchange].hasAnswered
      ? .answering : exchanges[exchange].hasSent ? .sent : .unsent
    // A status is judged before anything of its response goes on: nothing was heard but that.
    let wasHeard = exchanges[exchange].hasHeard && failure != .status
    return FailedAttempt(
      failure, phase, isLate: isLate, isIdempotent: exchanges[exchange].method.isIdempotent,
      isReplayable: exchanges[exchange].isReplayable && !wasHeard,
      resets: exchanges[exchange].resets)
  }

  private mutating func room(_ exchange: SlabSlot<Exchange>) -> RetryRoom {
    RetryRoom(
      attemptsLeft: settings.retries - exchanges[exchange].failures,
      isInTime: now < exchanges[exchange].deadline, hasReplica: hasReplica,
      hasOther: hasOther(exchange))
  }

  private mutating func takeRetry(_ exchange: SlabSlot<Exchange>, isSpent: inout Bool) -> Bool {
    isSpent = !links.pool.takeRetry(percent: settings.retryBudget, now: now)
    return !isSpent
  }

  /// Tells the control thread of a failure, and counts what speaks against a replica that was reached.
  private mutating func noteFailure(
    _ exchange: SlabSlot<Exchange>, _ attempt: FailedAttempt, _ reason: String
  ) {
    let replica = exchanges[exchange].replica
    guard replica != SharedPool.controlSlot else { return }
    links.tally.count(.init(attempt.failure), replica)
    links.evidence.post(.failed(slot: replica, attempt.failure, cause: reason), isDroppable: true)
    // What ends in the midst of a response may be the client's doing as well.
    guard attempt.phase != .answering && isAtPresentAddress(exchange) else { return }
    switch attempt.failure {
    case .connect, .stale, .status: break
    // A retry has no more time than is left of its request's.
    case .timeout where exchanges[exchange].hasFailed: break
    case .reset, .timeout, .protocol: gatewayFailed(replica, reason)
    }
  }

  /// Whether what the exchange's connection comes to says something of its replica: not one to an
  /// address that it has left.
  mutating func isAtPresentAddress(_ exchange: SlabSlot<Exchange>) -> Bool {
    let upstream = exchanges[exchange].upstream
    return upstream == .absent || upstreams[upstream].move == moves[upstreams[upstream].replica]
  }

  /// A replica that was reached failed as only gateways and what is behind them do.
  mutating func gatewayFailed(_ replica: Int, _ reason: @autoclosure () -> String) {
    let count = links.pool.failed(replica)
    let limit = settings.failuresToEject
    guard limit > 0 && count % limit == 0 else { return }
    links.evidence.post(.failing(slot: replica, cause: reason()), isDroppable: true)
  }

  /// Answers with a 5xx of lbd's own and says why in the log.
  mutating func fail(
    _ exchange: SlabSlot<Exchange>, _ status: Int, _ detail: StaticString, _ error: ProxyError,
    cause: String,
    retryAfter: Int = 0
  ) {
    links.evidence.post(
      .answered(
        status: status, tried: exchanges[exchange].tried, attempts: exchanges[exchange].attempts,
        cause: cause), isDroppable: true)
    noteCause(exchange, cause)
    answer(exchange, status, detail, error, retryAfter: retryAfter)
  }

  /// An exchange's replica could not be reached: no request goes there until a probe has passed.
  mutating func unreachable(_ exchange: SlabSlot<Exchange>, _ reason: String) {
    let replica = exchanges[exchange].replica
    guard replica != SharedPool.controlSlot, isAtPresentAddress(exchange),
      links.pool.takeOut(replica, now: now)
    else { return }
    closeIdle(replica)
    links.evidence.post(.unreachable(slot: replica, cause: reason))
  }

  /// Ends a response that its replica broke off. The client gets what lbd has taken of it, and then sees
  /// that it is not whole: by its length, by the last chunk that is missing, or, where nothing else
  /// would tell, by a reset.
  private mutating func cut(_ exchange: SlabSlot<Exchange>) {
    let client = exchanges[exchange].client
    guard exchanges[exchange].hasHead, !exchanges[exchange].isTunnel, !clients[client].isOver else {
      return abandon(exchange)
    }
    exchanges[exchange].isCut = true
    exchanges[exchange].isPersistent = false
    let end = exchanges[exchange].response.start + exchanges[exchange].pending
    exchanges[exchange].response.truncate(at: end)
    exchanges[exchange].cutNeedsReset = exchanges[exchange].endsUnseen
    exchanges[exchange].responseBody = .done
    if !clientDeadlines.isSet(client) {
      clientDeadlines.set(client, at: now + settings.idleTimeout)
    }
    pumpResponse(exchange)
  }

  /// Cuts both connections: the client is gone, or it must see that its response is not whole.
  /// - Parameter mayDeliver: a client that has ended its direction may still read the response before
  ///   this one, for as long as it takes some of it.
  mutating func abandon(_ exchange: SlabSlot<Exchange>, mayDeliver: Bool = true) {
    let client = exchanges[exchange].client
    let hasHead = exchanges[exchange].hasHead
    // It sees that this one is cut by what its head says.
    let delivers =
      mayDeliver && hasHead && clients[client].isEnding && !clients[client].isOver
      && !exchanges[exchange].isTunnel && !exchanges[exchange].endsUnseen
    if !exchanges[exchange].isTunnel && !delivers && (hasHead || clients[client].isOver) {
      Socket.resetOnClose(clients[client].descriptor)
    }
    if hasHead { count(exchange) }
    record(exchange, isAborted: true)
    endHold(exchange)
    detach(exchange, .breaks)
    _ = exchanges.remove(exchange)
    clients[client].exchange = .absent
    if delivers { beginDelivery(client, resetsThen: false) } else { closeClient(client) }
  }

  // MARK: Answers of lbd's own

  mutating func answerNoControl(_ exchange: SlabSlot<Exchange>) {
    let detail: StaticString = "the control socket does not answer"
    fail(exchange, 502, detail, .refused, cause: detail.description)
  }

  /// - Parameter isFull: replicas are usable, and each has as many requests as it may.
  mutating func answerNoReplica(_ exchange: SlabSlot<Exchange>, isFull: Bool) {
    let waited =
      exchanges[exchange].heldSince == 0
      ? "" : " after a wait of \((now - exchanges[exchange].heldSince) / 1_000_000) ms"
    let cause = isFull ? "every replica is at its max_requests" : "no replica is available"
    let error: ProxyError =
      exchanges[exchange].hasFailedSent ? .terminated : isFull ? .full : .unavailable
    fail(
      exchange, 503, "no replica is available", error,
      cause: cause + waited, retryAfter: 1)
  }

  /// All usable replicas were tried.
  mutating func answerNoOther(_ exchange: SlabSlot<Exchange>) {
    fail(
      exchange, 502, "the replica failed", .refused, cause: "every replica that is up was tried")
  }

  /// Answers an OPTIONS or TRACE that may go no further (RFC 9110 §7.6.2).
  mutating func answerLastHop(_ exchange: SlabSlot<Exchange>, _ headLength: Int) {
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
  mutating func refuse(exchange: SlabSlot<Exchange>, _ refusal: Refusal) {
    // Behind a part of a response it would be taken for the rest of it.
    guard !exchanges[exchange].hasAnswered else { return abandon(exchange) }
    exchanges[exchange].isPersistent = false
    // Whatever still comes is no request: it is thrown away until the client has read the answer.
    exchanges[exchange].requestBody = .untilClose
    detach(exchange, .breaks)
    let status = refusal.status
    answer(exchange, status, refusal.detail, status < 500 ? .request : nil)
  }

  /// Answers in the replica's place.
  mutating func answer(
    _ exchange: SlabSlot<Exchange>, _ status: Int, _ detail: StaticString,
    _ error: ProxyError? = nil,
    retryAfter: Int = 0
  ) {
    if !exchanges[exchange].requestBody.isDone { exchanges[exchange].isPersistent = false }
    noteDetail(exchange, status, detail)
    writer.removeAll()
    Responses.write(
      status, detail: detail, connection: ownConnectionOption(exchange),
      date: Clock.wallSeconds(), retryAfter: retryAfter, error: error,
      isHead: exchanges[exchange].method == .head, to: &writer)
    sendOwn(exchange, status)
  }

  mutating func ownConnectionOption(_ exchange: SlabSlot<Exchange>) -> ConnectionOption {
    let isLeaving = clients[exchanges[exchange].client].isLeaving
    guard exchanges[exchange].isPersistent && !isLeaving else { return .close }
    return exchanges[exchange].isVersion10 ? .keepAlive : .unsaid
  }

  /// Sends the answer that is in `writer`.
  mutating func sendOwn(_ exchange: SlabSlot<Exchange>, _ status: Int) {
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

extension ProxyError {
  fileprivate init(_ attempt: FailedAttempt) {
    self =
      switch attempt.failure {
      case .connect: attempt.isLate ? .connectTimeout : .refused
      case .stale, .reset, .status: .terminated
      case .timeout: .timeout
      case .protocol: .malformed
      }
  }
}
