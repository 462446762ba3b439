// The verdict on a failed attempt at a replica: the one rule, as a function of the failure, of the
// request's progress and method, and of the pool's budget. Nothing else in lbd decides this.

/// The request's progress when the attempt failed.
package enum FailurePhase: UInt8, Sendable {
  /// No byte of the request was handed to the connection.
  case unsent
  /// Some or all bytes were.
  case sent
  /// The response had begun to go to the client.
  case answering
}

/// An attempt that failed.
package struct FailedAttempt: Sendable {
  package var failure: FailureClass
  package var phase: FailurePhase
  /// The attempt failed because something took too long.
  package var isLate: Bool
  /// The request may be executed twice (RFC 9110 §9.2.2).
  package var isIdempotent: Bool
  /// All bytes of the request that were sent are still at hand, and nothing was heard of a response.
  package var isReplayable: Bool
  /// Attempts of the same request before this one that failed as `reset`.
  package var resets: Int

  package init(
    _ failure: FailureClass, _ phase: FailurePhase, isLate: Bool = false, isIdempotent: Bool,
    isReplayable: Bool, resets: Int
  ) {
    self.failure = failure
    self.phase = phase
    self.isLate = isLate
    self.isIdempotent = isIdempotent
    self.isReplayable = isReplayable
    self.resets = resets
  }
}

/// The room that the request and the pool leave for another attempt.
package struct RetryRoom: Sendable {
  /// Retries that the conf still allows.
  package var attemptsLeft: Int
  /// The request's deadline has not passed.
  package var isInTime: Bool
  /// Some replica is usable.
  package var hasReplica: Bool
  /// Some usable replica was not tried for this request.
  package var hasOther: Bool

  package init(attemptsLeft: Int, isInTime: Bool, hasReplica: Bool, hasOther: Bool) {
    self.attemptsLeft = attemptsLeft
    self.isInTime = isInTime
    self.hasReplica = hasReplica
    self.hasOther = hasOther
  }
}

/// The next step after a failed attempt.
package enum RetryVerdict: Equatable, Sendable {
  /// Try another replica; where none is left, the same replica on a new connection.
  case retry
  /// No replica is usable: wait for one.
  case hold
  /// Pass on the response whose status was the failure.
  case pass
  /// Tell the client with this status.
  case fail(Int)
  /// The client already has a part of a response: cut it visibly.
  case abort
}

/// The retry rule.
package enum Retry {
  /// - Parameter budget: takes one retry from the pool's budget. The budget is asked last, and only where
  ///   a replica has most likely worked on the request. A failed connect has cost no replica anything, and
  ///   the first one marks the replica down. A stale connection ended by itself, and a request meets one
  ///   only once, since a retry has a new connection.
  package static func verdict(
    _ attempt: FailedAttempt, _ room: RetryRoom, budget: @autoclosure () -> Bool
  ) -> RetryVerdict {
    guard attempt.phase != .answering else { return .abort }
    guard mayRepeat(attempt) && room.isInTime else { return end(attempt) }
    let isUnsent = attempt.phase == .unsent
    // A request that waits for a replica costs nothing, however many attempts it had.
    if isUnsent && !room.hasReplica { return .hold }
    guard room.attemptsLeft > 0 && (room.hasOther || mayAskAgain(attempt.failure)) else {
      return end(attempt)
    }
    let isFree = isUnsent || attempt.failure == .stale
    return isFree || budget() ? .retry : end(attempt)
  }

  /// Whether a replica may get the request once more. A request of which nothing was sent always may go
  /// again. A sent request may only when its method is idempotent and no byte of a response has come. A
  /// request after which two replicas died goes to no third.
  private static func mayRepeat(_ attempt: FailedAttempt) -> Bool {
    guard attempt.isReplayable else { return false }
    if attempt.phase == .unsent { return true }
    return switch attempt.failure {
    case .connect: true
    case .stale, .status: attempt.isIdempotent
    case .reset: attempt.isIdempotent && attempt.resets == 0
    case .timeout, .protocol: false
    }
  }

  /// Whether the same replica may be asked again where no other is left: the end of a connection says little
  /// of its replica.
  private static func mayAskAgain(_ failure: FailureClass) -> Bool {
    failure == .stale || failure == .reset
  }

  private static func end(_ attempt: FailedAttempt) -> RetryVerdict {
    if attempt.failure == .status { return .pass }
    return .fail(attempt.isLate ? 504 : 502)
  }
}

/// The budget of retries of a pool, so that retries do not multiply the load of a pool in trouble.
package enum RetryBudget {
  /// Seconds over which requests and retries are counted.
  package static var window: Int { 10 }
  /// Retries that are always allowed in a window.
  package static var least: Int { 3 }

  /// Whether one more retry may be made.
  /// - Parameters:
  ///   - retries, requests: the window's; requests are counted without their retries.
  ///   - percent: the share of the requests that may be made again.
  package static func allows(retries: Int, requests: Int, percent: Int) -> Bool {
    percent > 0 && retries < max(least, requests * percent / 100)
  }
}
