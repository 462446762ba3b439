// Which failed attempts are made again elsewhere, which wait, and what the client is told of the others.

import Balancing
import Testing

@Suite struct RetryTests {
  private func verdict(
    _ failure: FailureClass, _ phase: FailurePhase = .sent, late: Bool = false,
    idempotent: Bool = true, replayable: Bool = true, resets: Int = 0, left: Int = 2,
    inTime: Bool = true, hasReplica: Bool = true, hasOther: Bool = true, budget: Bool = true
  ) -> RetryVerdict {
    Retry.verdict(
      FailedAttempt(
        failure, phase, isLate: late, isIdempotent: idempotent, isReplayable: replayable,
        resets: resets),
      RetryRoom(
        attemptsLeft: left, isInTime: inTime, hasReplica: hasReplica, hasOther: hasOther),
      budget: budget)
  }

  @Test func `what was not sent goes to another replica, whatever its method`() {
    for failure in [FailureClass.connect, .stale] {
      #expect(verdict(failure, .unsent, idempotent: false) == .retry)
    }
  }

  @Test func `a sent request that is not idempotent is never sent twice`() {
    for failure in FailureClass.allCases where failure != .connect {
      #expect(verdict(failure, idempotent: false) != .retry)
    }
  }

  @Test func `an idempotent request that met a connection's end is sent again`() {
    #expect(verdict(.stale) == .retry)
    #expect(verdict(.reset) == .retry)
    #expect(verdict(.status) == .retry)
  }

  @Test func `a request of which two replicas died is given to no third`() {
    #expect(verdict(.reset, resets: 1) == .fail(502))
    #expect(verdict(.stale, resets: 1) == .retry)
  }

  @Test func `a request whose bytes are gone is not sent again`() {
    #expect(verdict(.stale, replayable: false) == .fail(502))
    #expect(verdict(.status, replayable: false) == .pass)
  }

  @Test func `with none left that is usable, what was not sent waits, however often it was tried`()
  {
    #expect(verdict(.connect, .unsent, left: 0, hasReplica: false, hasOther: false) == .hold)
    #expect(verdict(.connect, .unsent, left: 0) == .fail(502))
    #expect(
      verdict(.connect, .unsent, inTime: false, hasReplica: false, hasOther: false) == .fail(502))
  }

  @Test func `with no other left, only the end of a connection asks the same one again`() {
    #expect(verdict(.stale, hasOther: false) == .retry)
    #expect(verdict(.reset, hasOther: false) == .retry)
    #expect(verdict(.status, hasOther: false) == .pass)
    #expect(verdict(.connect, .unsent, hasOther: false) == .fail(502))
  }

  @Test func `a spent budget ends what a replica has likely worked on, and nothing else`() {
    #expect(verdict(.reset, budget: false) == .fail(502))
    #expect(verdict(.status, budget: false) == .pass)
    #expect(verdict(.connect, .unsent, budget: false) == .retry)
    #expect(verdict(.stale, budget: false) == .retry)
  }

  @Test func `the budget is asked for nothing that fails anyway`() {
    var asked = 0
    func ask() -> Bool {
      asked += 1
      return true
    }
    let room = RetryRoom(attemptsLeft: 2, isInTime: true, hasReplica: true, hasOther: true)
    for failure in [FailureClass.timeout, .protocol, .connect] {
      let attempt = FailedAttempt(
        failure, failure == .connect ? .unsent : .sent, isIdempotent: true, isReplayable: true,
        resets: 0)
      _ = Retry.verdict(attempt, room, budget: ask())
    }
    #expect(asked == 0)
  }

  @Test func `after the request's deadline nothing is tried`() {
    #expect(verdict(.connect, .unsent, late: true, inTime: false) == .fail(504))
    #expect(verdict(.stale, inTime: false) == .fail(502))
  }

  @Test func `too slow is 504, broken is 502`() {
    #expect(verdict(.timeout, late: true) == .fail(504))
    #expect(verdict(.connect, .unsent, late: true, left: 0) == .fail(504))
    #expect(verdict(.protocol) == .fail(502))
    #expect(verdict(.connect, .unsent, left: 0) == .fail(502))
  }

  @Test func `nothing is retried once a response byte went out`() {
    for failure in FailureClass.allCases {
      #expect(verdict(failure, .answering) == .abort)
    }
  }

  @Test(arguments: [
    (0, 0, true), (2, 0, true), (3, 0, false), (3, 15, false), (3, 20, true),
    (199, 1000, true), (200, 1000, false),
  ])
  func `a fifth of the requests may be made again, and three always`(
    _ retries: Int, _ requests: Int, _ isAllowed: Bool
  ) {
    #expect(RetryBudget.allows(retries: retries, requests: requests, percent: 20) == isAllowed)
    #expect(!RetryBudget.allows(retries: retries, requests: requests, percent: 0))
  }
}
