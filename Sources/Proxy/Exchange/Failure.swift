// What follows a failure: another replica, an answer of lbd's own, or a connection that is visibly cut.
// Every exchange that does not end well passes through this file.

import Balancing
import HTTPWire
import Ledger
import LinuxIO
import Plan

extension Worker {
  /// Handles a failed attempt at a replica, by the retry rule.
  /// - Parameters:
  ///   - isLate: something took too long.
  ///   - reason: what happened, for people.
  mutating func attemptFailed(
    _ exchange: SlabSlot<Exchange>, _ failure: FailureClass, isLate: Bool = false, _ reason: String
  ) {
    let replica = exchanges[exchange].attempts.replica
    let attempt = failedAttempt(exchange, failure, isLate: isLate)
    noteFailure(exchange, attempt, reason)
    detach(exchange, .breaks)
    var isBudgetSpent = false
    let verdict = verdict(attempt, exchange, isBudgetSpent: &isBudgetSpent)
    exchanges[exchange].attempts.count(attempt)
    switch verdict {
    case .retry:
      links.tally.count(attempt.phase == .unsent ? .retriesUnsent : .retriesSent, replica)
      dispatch(exchange, orAgain: failure == .stale || failure == .reset ? replica : nil)
    case .abort, .pass:
      noteCause(exchange, reason)
      cut(exchange)
    case .hold:
      links.tally.count(.retriesUnsent, replica)
      hold(exchange, isFull: false)
    case .fail(let status):
      let end = isBudgetSpent ? "; the retry budget is spent" : ""
      answerFailure(exchange, attempt, status, "\(failure): \(reason)\(end)")
    }
  }

  private mutating func verdict(
    _ attempt: FailedAttempt, _ exchange: SlabSlot<Exchange>, isBudgetSpent: inout Bool
  ) -> RetryVerdict {
    let pool = exchanges[exchange].pool
    refreshTable(pool)
    return lanes[pool].dispatcher.verdict(
      attempt, exchanges[exchange].attempts, links.pool, now: now, isBudgetSpent: &isBudgetSpent)
  }

  private mutating func answerFailure(
    _ exchange: SlabSlot<Exchange>, _ attempt: FailedAttempt, _ status: Int, _ cause: String
  ) {
    if exchanges[exchange].pool == Numbering.controlPool { return answerNoControl(exchange) }
    let detail: StaticString =
      status == 504 ? "the replica did not answer in time" : "the replica failed"
    fail(exchange, status, detail, ProxyError(attempt), cause: cause)
  }

  /// Retries a response whose status the conf sends to another replica. False where the response is
  /// passed on.
  mutating func retryStatus(_ exchange: SlabSlot<Exchange>, _ status: Int) -> Bool {
    let attempt = failedAttempt(exchange, .status, isLate: false)
    var isBudgetSpent = false
    let verdict = verdict(attempt, exchange, isBudgetSpent: &isBudgetSpent)
    noteFailure(exchange, attempt, "status \(status)")
    guard verdict == .retry else { return false }
    links.tally.count(.retriesSent, exchanges[exchange].attempts.replica)
    detach(exchange, .breaks)
    exchanges[exchange].attempts.count(attempt)
    dispatch(exchange)
    return true
  }

  private mutating func failedAttempt(
    _ exchange: SlabSlot<Exchange>, _ failure: FailureClass, isLate: Bool
  ) -> FailedAttempt {
    let contact = exchanges[exchange].request.contact
    let phase: FailurePhase =
      exchanges[exchange].response.hasAnswered ? .answering : contact == .none ? .unsent : .sent
    // A status is judged before any byte of its response goes on: nothing else was heard.
    let wasHeard = contact == .heard && failure != .status
    return FailedAttempt(
      failure, phase, isLate: isLate, isIdempotent: exchanges[exchange].request.method.isIdempotent,
      isReplayable: exchanges[exchange].request.isReplayable && !wasHeard,
      resets: exchanges[exchange].attempts.resets)
  }

  /// Tells the control thread of a failure, and counts the gateway failures of a replica that was
  /// reached.
  private mutating func noteFailure(
    _ exchange: SlabSlot<Exchange>, _ attempt: FailedAttempt, _ reason: String
  ) {
    let replica = exchanges[exchange].attempts.replica
    links.tally.count(.init(attempt.failure), replica)
    links.reports.post(.failed(slot: replica, attempt.failure, cause: reason), isDroppable: true)
    // An end within a response may be the client's doing as well.
    guard attempt.phase != .answering && isAtPresentAddress(exchange) else { return }
    switch attempt.failure {
    case .connect, .stale, .status: break
    // A retry has only the time that its request has left.
    case .timeout where exchanges[exchange].attempts.hasFailed: break
    case .reset, .timeout, .protocol: gatewayFailed(exchange, reason)
    }
  }

  /// Whether the outcome of the exchange's connection says something about its replica: not where the
  /// replica has another address by now.
  mutating func isAtPresentAddress(_ exchange: SlabSlot<Exchange>) -> Bool {
    let upstream = exchanges[exchange].upstream
    guard upstream != .absent else { return true }
    return upstreams[upstream].generation == generations[upstreams[upstream].replica]
  }

  /// Counts a gateway failure of a replica that was reached.
  mutating func gatewayFailed(
    _ exchange: SlabSlot<Exchange>, _ reason: @autoclosure () -> String
  ) {
    let replica = exchanges[exchange].attempts.replica
    let count = links.pool.recordFailure(replica)
    let limit = lanes[exchanges[exchange].pool].policy.failuresToEject
    guard limit > 0 && count % limit == 0 else { return }
    links.reports.post(.failing(slot: replica, cause: reason()), isDroppable: true)
  }

  /// Marks down an exchange's replica that could not be reached: no request goes there until a probe
  /// has passed.
  mutating func unreachable(_ exchange: SlabSlot<Exchange>, _ reason: String) {
    let replica = exchanges[exchange].attempts.replica
    let pool = exchanges[exchange].pool
    guard lanes[pool].policy.isProbed, isAtPresentAddress(exchange),
      links.pool.markDown(replica, in: pool, now: now)
    else { return }
    closeIdle(replica)
    links.reports.post(.unreachable(slot: replica, cause: reason))
  }

  /// Ends a response that its replica broke off. The client gets the bytes that lbd has, and then sees
  /// that the response is not whole: by its length, by the missing last chunk, or, where nothing else
  /// would tell, by a reset.
  private mutating func cut(_ exchange: SlabSlot<Exchange>) {
    let client = exchanges[exchange].client
    guard exchanges[exchange].response.hasHead, !exchanges[exchange].response.isTunnel,
      !clients[client].isOver
    else {
      return abandon(exchange)
    }
    exchanges[exchange].request.isPersistent = false
    let end = exchanges[exchange].response.buffer.start + exchanges[exchange].response.pending
    exchanges[exchange].response.buffer.truncate(at: end)
    exchanges[exchange].response.stage = exchanges[exchange].endsUnseen ? .cutUnseen : .cut
    exchanges[exchange].response.body = .done
    if !clientDeadlines.isSet(client) {
      clientDeadlines.set(client, at: now + exchanges[exchange].silence)
    }
    pumpResponse(exchange)
  }

  /// Cuts both connections: the client is gone, or must see that its response is not whole.
  /// - Parameter mayDeliver: a client that has ended its direction may still read the response before
  ///   this one, as long as the client takes some of it.
  mutating func abandon(_ exchange: SlabSlot<Exchange>, mayDeliver: Bool = true) {
    let client = exchanges[exchange].client
    let hasHead = exchanges[exchange].response.hasHead
    // The response's head shows the client that the response is cut.
    let delivers =
      mayDeliver && hasHead && clients[client].leg.isEnding && !clients[client].isOver
      && !exchanges[exchange].response.isTunnel && !exchanges[exchange].endsUnseen
    if !exchanges[exchange].response.isTunnel && !delivers && (hasHead || clients[client].isOver) {
      clients[client].leg.resetOnClose()
    }
    if hasHead { count(exchange) }
    record(exchange, isAborted: true)
    endHold(exchange)
    detach(exchange, .breaks)
    _ = exchanges.remove(exchange)
    clients[client].exchange = .absent
    if delivers { beginDelivery(client, resetsThen: false) } else { closeClient(client) }
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
