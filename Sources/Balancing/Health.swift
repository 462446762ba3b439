// What was observed of one replica: a state machine fed by probes and by the traffic's failures.
// It knows no clock and no socket; the control thread owns it and passes the time in.

/// When a replica's state changes, and how often to ask.
package struct HealthPolicy: Sendable, Equatable {
  /// Passed probes in a row until a replica that was down is up, 1 or more.
  package var rise: Int
  /// Failed probes in a row until a replica that was up is down, 1 or more.
  package var fall: Int
  /// Between probes, in nanoseconds.
  package var interval: UInt64
  /// Between probes while a verdict is open, in nanoseconds.
  package var fastInterval: UInt64

  package init(rise: Int, fall: Int, interval: UInt64, fastInterval: UInt64) {
    self.rise = rise
    self.fall = fall
    self.interval = interval
    self.fastInterval = fastInterval
  }
}

/// What is observed of a replica.
package enum Observation: String, Sendable {
  /// Nothing was learnt yet; it gets no traffic.
  case starting
  case up
  /// Probes failed.
  case down
  /// A request could not reach it; the next passed probe brings it back.
  case ejected
}

/// One replica's health. Every call that changes the observation answers true.
package struct Health: Sendable {
  package private(set) var observation = Observation.starting
  /// When the observation last changed, by the caller's clock in nanoseconds.
  package private(set) var since: UInt64
  private var passes = 0
  private var failures = 0
  private var hasPassed = false

  package init(now: UInt64) {
    since = now
  }

  /// Whether requests may go to it.
  package var isUsable: Bool { observation == .up }

  /// Whether it is up and nothing since has spoken against it.
  package var isBeyondDoubt: Bool { observation == .up && failures == 0 }

  /// How its next probes follow the last one.
  package func pace(_ policy: HealthPolicy) -> ProbePace {
    let fast = min(policy.fastInterval, policy.interval)
    return switch observation {
    case .starting: .steady(fast)
    case .up: failures > 0 ? .urgent(fast) : .steady(policy.interval)
    case .ejected: .urgent(fast)
    case .down where passes > 0: .urgent(fast)
    // It may take for ever to come for the first time.
    case .down: .steady(hasPassed ? policy.interval : fast)
    }
  }

  /// A probe passed. The first one ever, and the first after an ejection, admit at once.
  package mutating func probePassed(_ policy: HealthPolicy, now: UInt64) -> Bool {
    failures = 0
    passes += 1
    let isAdmitted = !hasPassed || observation == .ejected || passes >= policy.rise
    hasPassed = true
    guard observation != .up && isAdmitted else { return false }
    return become(.up, now)
  }

  /// A probe failed.
  package mutating func probeFailed(_ policy: HealthPolicy, now: UInt64) -> Bool {
    passes = 0
    failures += 1
    guard observation != .down && failures >= policy.fall else { return false }
    return become(.down, now)
  }

  /// A request's connection to it was refused, reset or timed out.
  package mutating func connectFailed(now: UInt64) -> Bool {
    guard observation == .up else { return false }
    return become(.ejected, now)
  }

  private mutating func become(_ next: Observation, _ now: UInt64) -> Bool {
    observation = next
    since = now
    passes = 0
    failures = 0
    return true
  }
}
