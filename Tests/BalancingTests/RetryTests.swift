// Which failed attempts are made again elsewhere, and what the client is told of the others.

import Balancing
import Testing

@Suite struct RetryTests {
  private func verdict(
    _ cause: FailureCause, _ phase: FailurePhase, idempotent: Bool = true, reused: Bool = false,
    replayable: Bool = true, left: Int = 2
  ) -> RetryVerdict {
    Retry.verdict(
      cause, phase, isIdempotent: idempotent, isReused: reused, isReplayable: replayable,
      attemptsLeft: left)
  }

  @Test func `a failed connect sends any method to another replica`() {
    #expect(verdict(.connect, .unsent, idempotent: false) == .retry)
    #expect(verdict(.connectTimeout, .unsent, idempotent: false) == .retry)
    #expect(verdict(.reset, .unsent, idempotent: false, reused: true) == .retry)
  }

  @Test func `a sent request that is not idempotent is never sent twice`() {
    for cause in [FailureCause.reset, .timeout, .malformed] {
      for reused in [false, true] {
        #expect(verdict(cause, .sent, idempotent: false, reused: reused) != .retry)
      }
    }
  }

  @Test func `an idempotent request that met a reused connection's end is sent again`() {
    #expect(verdict(.reset, .sent, reused: true) == .retry)
    #expect(verdict(.reset, .sent, reused: false) == .fail(502))
  }

  @Test func `a request whose bytes are gone is not sent again`() {
    #expect(verdict(.reset, .sent, reused: true, replayable: false) == .fail(502))
  }

  @Test func `too slow is 504, broken is 502`() {
    #expect(verdict(.timeout, .sent) == .fail(504))
    #expect(verdict(.connectTimeout, .unsent, left: 0) == .fail(504))
    #expect(verdict(.malformed, .sent) == .fail(502))
    #expect(verdict(.connect, .unsent, left: 0) == .fail(502))
  }

  @Test func `nothing is retried once a response byte went out`() {
    for cause in [FailureCause.connect, .connectTimeout, .reset, .timeout, .malformed] {
      #expect(verdict(cause, .answering, reused: true) == .abort)
    }
  }
}
