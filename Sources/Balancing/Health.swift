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
  /// How long the first ejection for failures lasts, in nanoseconds.
  package var ejection: UInt64

  package init(rise: Int, fall: Int, interval: UInt64, fastInterval: UInt64, ejection: UInt64) {
    self.rise = rise
    self.fall = fall
    self.interval = interval
    self.fastInterval = fastInterval
    self.ejection = ejection
  }

  /// Whether a replica of a pool may be ejected for failures: half of a pool at most, and never the
  /// last one that is usable. A fault of all of them is none that leaving some out would mend.
  /// - Parameters:
  ///   - ejected: how many are ejected for failures already.
  ///   - usable: how many are usable, it among them.
  package static func mayEject(ejected: Int, usable: Int, of count: Int) -> Bool {
    ejected < count / 2 && usable > 1
  }
}

/// What is observed of a replica.
package enum Observation: String, Sendable {
  /// Nothing was learnt yet; it gets no traffic.
  case starting
  case up
  /// Its probes time out, and no other replica answers either: it goes on getting requests, since being
  /// slow is no reason to answer none.
  case slow
  /// Probes failed.
  case down
  /// A request could not reach it, or too many in a row failed there; the next passed probe brings
  /// it back, or the end of the time that an ejection for failures has.
  case ejected
}

/// One replica's health. Every call that changes the observation answers true.
package struct Health: Sendable {
  package private(set) var observation = Observation.starting
  /// When the observation last changed, by the caller's clock in nanoseconds.
  package private(set) var since: UInt64
  private var passes = 0
  private var failures = 0
  /// All of these were silence.
  private var isSilent = false
  private var hasPassed = false
  /// Whether its latest probe passed; false once an ejection has said otherwise.
  private var isProven = false
  /// When an ejection for failures ends by itself; nil unless there is one.
  package private(set) var ejectedUntil: UInt64?
  /// Ejections for failures in a row, and how long the last one was to last.
  private var ejections: UInt64 = 0
  private var lastEjection: UInt64 = 0

  package init(now: UInt64) {
    since = now
  }

  /// Whether requests may go to it.
  package var isUsable: Bool { observation == .up || observation == .slow }

  /// Whether it gets requests and its latest probe passed: beside such a one, silence takes others out.
  package var isAnswering: Bool { isBeyondDoubt && isProven }

  /// Whether it is up and nothing since has spoken against it.
  package var isBeyondDoubt: Bool { observation == .up && failures == 0 }

  /// How many probes must fail in a row until it is down; 1 where that changes nothing for requests.
  package func missingFailures(_ policy: HealthPolicy) -> Int {
    observation == .up ? max(1, policy.fall - failures) : 1
  }

  /// How its next probes follow the last one.
  package func pace(_ policy: HealthPolicy) -> ProbePace {
    let fast = min(policy.fastInterval, policy.interval)
    return switch observation {
    case .starting, .slow: .steady(fast)
    case .up: failures > 0 ? .urgent(fast) : .steady(policy.interval)
    case .ejected: .urgent(fast)
    case .down: passes > 0 ? .urgent(fast) : .steady(fast)
    }
  }

  /// A probe passed. The first one ever, and the first after an ejection, admit at once.
  package mutating func probePassed(_ policy: HealthPolicy, now: UInt64) -> Bool {
    failures = 0
    passes += 1
    isProven = true
    let isBack = observation == .ejected || observation == .slow
    let isAdmitted = !hasPassed || isBack || passes >= policy.rise
    hasPassed = true
    guard observation != .up && isAdmitted else { return false }
    return become(.up, now)
  }

  /// A probe failed.
  /// - Parameters:
  ///   - isSilence: it was not refused or answered badly, there was no answer in time.
  ///   - isNeeded: no other replica answers. Then silence alone does not take it out.
  package mutating func probeFailed(
    _ policy: HealthPolicy, isSilence: Bool = false, isNeeded: Bool = false, now: UInt64
  ) -> Bool {
    passes = 0
    isProven = false
    isSilent = isSilence && (failures == 0 || isSilent)
    failures += 1
    if observation == .slow { return isSilence && isNeeded ? false : become(.down, now) }
    guard observation != .down && failures >= policy.fall else { return false }
    return become(observation == .up && isSilent && isNeeded ? .slow : .down, now)
  }

  /// Another replica answers, so that its own silence takes it out after all.
  package mutating func otherAnswered(now: UInt64) -> Bool {
    observation == .slow && become(.down, now)
  }

  /// A request's connection to it was refused, reset or timed out.
  package mutating func connectFailed(now: UInt64) -> Bool {
    guard isUsable else { return false }
    return become(.ejected, now)
  }

  /// Nothing probes replicas: each is taken for one that passes, but while it is ejected for failures.
  package mutating func passedUnasked(_ policy: HealthPolicy, now: UInt64) -> Bool {
    ejectedUntil == nil && probePassed(policy, now: now)
  }

  // MARK: Failures of requests

  /// The longest ejection for failures, in nanoseconds.
  private static var longestEjection: UInt64 { 60_000_000_000 }

  /// It failed too many requests in a row, though it could be reached. The n-th ejection in a row
  /// lasts n times as long as the first, 60 s at most; one is the first again once the replica has
  /// been up for ten times as long as the last was to last.
  package mutating func failedInARow(_ policy: HealthPolicy, now: UInt64) -> Bool {
    guard observation == .up else { return false }
    if now >= since + 10 * lastEjection { ejections = 0 }
    ejections += 1
    lastEjection = min(policy.ejection * ejections, Health.longestEjection)
    isProven = false
    _ = become(.ejected, now)
    ejectedUntil = now + lastEjection
    return true
  }

  /// Ends an ejection for failures whose time has passed.
  package mutating func endEjection(now: UInt64) -> Bool {
    guard let ejectedUntil, now >= ejectedUntil else { return false }
    return become(.up, now)
  }

  private mutating func become(_ next: Observation, _ now: UInt64) -> Bool {
    observation = next
    since = now
    passes = 0
    failures = 0
    ejectedUntil = nil
    return true
  }
}
