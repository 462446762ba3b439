// Whether a request that failed at one replica may go to another: the one rule, as a function of
// what failed, how far the request had come, and what it asks for. Nothing else in lbd decides it.

/// How an attempt at a replica failed.
package enum FailureCause: UInt8, Sendable {
  /// The connection was refused, reset or unreachable before it stood.
  case connect
  /// The connection did not stand in time.
  case connectTimeout
  /// The connection ended before a byte of the response.
  case reset
  /// The response did not begin in time.
  case timeout
  /// What came is no valid response.
  case malformed

  package func failureClass(isReused: Bool, _ phase: FailurePhase) -> FailureClass {
    switch self {
    case .connect, .connectTimeout: .connect
    case .reset: isReused && phase != .answering ? .stale : .reset
    case .timeout: .timeout
    case .malformed: .protocol
    }
  }
}

/// How far the request had come when the attempt failed.
package enum FailurePhase: UInt8, Sendable {
  /// No byte of the request was handed to the connection.
  case unsent
  /// Some or all of it was.
  case sent
  /// The response had begun to go to the client.
  case answering
}

/// What to do after a failed attempt.
package enum RetryVerdict: Equatable, Sendable {
  case retry
  /// Tell the client with this status.
  case fail(Int)
  /// The client already has a part of a response: cut it visibly.
  case abort
}

/// The retry rule.
package enum Retry {
  /// - Parameters:
  ///   - isReused: the connection had served a request before, so that its end may have crossed
  ///     with the request.
  ///   - isReplayable: all bytes of the request that were sent are still at hand.
  ///   - attemptsLeft: retries that the conf still allows.
  /// - Returns: a request of which nothing was sent may always go on; a sent one only when its
  ///   method is idempotent (RFC 9110 §9.2.2) and it met a reused connection's end; nothing is
  ///   ever executed twice otherwise.
  package static func verdict(
    _ cause: FailureCause, _ phase: FailurePhase, isIdempotent: Bool, isReused: Bool,
    isReplayable: Bool, attemptsLeft: Int
  ) -> RetryVerdict {
    guard phase != .answering else { return .abort }
    let isSafe =
      phase == .unsent || cause == .connect || cause == .connectTimeout
      || (cause == .reset && isReused && isIdempotent)
    if isSafe && isReplayable && attemptsLeft > 0 { return .retry }
    return .fail(cause == .timeout || cause == .connectTimeout ? 504 : 502)
  }
}
