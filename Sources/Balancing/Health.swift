// One replica's health: a state machine fed by probes and by failures of requests. It knows no clock and
// no socket; the control thread owns it and passes the time in.

/// The rules by which a replica's state changes, and the intervals of probes.
package struct HealthPolicy: Sendable, Equatable {
  /// Passed probes in a row until a replica that was down is up, 1 or more.
  package var rise: Int
  /// Failed probes in a row until a replica that was up is down, 1 or more.
  package var fall: Int
  /// The time between probes, in nanoseconds.
  package var interval: UInt64
  /// The time between probes while a verdict is open, in nanoseconds.
  package var fastInterval: UInt64
  /// The length of the first ejection for failures, in nanoseconds.
  package var ejection: UInt64

  package init(rise: Int, fall: Int, interval: UInt64, fastInterval: UInt64, ejection: UInt64) {
    self.rise = rise
    self.fall = fall
    self.interval = interval
    self.fastInterval = fastInterval
    self.ejection = ejection
  }

  /// Whether a replica of a pool may be ejected for failures: half of a pool at most, and never the last
  /// usable replica. Ejecting some does not mend a fault that all replicas have.
  /// - Parameters:
  ///   - ejected: the number of replicas ejected for failures already.
  ///   - usable: the number of usable replicas, this one among them.
  package static func mayEject(ejected: Int, usable: Int, of count: Int) -> Bool {
    ejected < count / 2 && usable > 1
  }
}

/// The observation of a replica.
package enum Observation: String, Sendable {
  /// Nothing is known yet; the replica gets no requests.
  case starting
  case up
  /// Probes time out, and no other replica answers either. The replica goes on getting requests: a slow
  /// answer is better than none.
  case slow
  /// Probes failed.
  case down
  /// A request could not reach the replica, or too many in a row failed there. The next passed probe ends
  /// the ejection; for an ejection for failures so does its time.
  case ejected
}

/// One replica's health. Every call that changes the observation answers true.
package struct Health: Sendable {
  package private(set) var observation = Observation.starting
  /// When the observation last changed, by the caller's clock in nanoseconds.
  package private(set) var since: UInt64
  private var passes = 0
  private var failures = 0
  /// All of these failures were silence.
  private var isSilent = false
  private var hasPassed = false
  /// Whether the latest probe passed; false after an ejection.
  private var isProven = false
  /// The time at which an ejection for failures ends by itself; nil without one.
  package private(set) var ejectedUntil: UInt64?
  /// Ejections for failures in a row, and the length of the last one.
  private var ejections: UInt64 = 0
  private var lastEjection: UInt64 = 0

  package init(now: UInt64) {
    since = now
  }

  /// Whether requests may go to the replica.
  package var isUsable: Bool { observation == .up || observation == .slow }

  /// Whether the replica gets requests and its latest probe passed. While one such replica is there, silence
  /// takes others out.
  package var isAnswering: Bool { isBeyondDoubt && isProven }

  /// Whether the replica is up, and no probe has failed since.
  package var isBeyondDoubt: Bool { observation == .up && failures == 0 }

  /// The number of probes that must fail in a row until the replica is down; 1 where that changes nothing for
  /// requests.
  package func missingFailures(_ policy: HealthPolicy) -> Int {
    observation == .up ? max(1, policy.fall - failures) : 1
  }

  /// The pace at which the next probes follow the last one.
  package func pace(_ policy: HealthPolicy) -> ProbePace {
    let fast = min(policy.fastInterval, policy.interval)
    return switch observation {
    case .starting, .slow: .steady(fast)
    case .up: failures > 0 ? .urgent(fast) : .steady(policy.interval)
    case .ejected: .urgent(fast)
    case .down: passes > 0 ? .urgent(fast) : .steady(fast)
    }
  }

  /// A probe passed. The first passed probe ever, and the first after an ejection, make the replica usable at
  /// once.
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
  ///   - isSilence: there was no answer in time, not a refusal or a bad answer.
  ///   - isNeeded: no other replica answers. Then silence alone does not take this one out.
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

  /// Another replica answers, so that silence takes this one out after all.
  package mutating func otherAnswered(now: UInt64) -> Bool {
    observation == .slow && become(.down, now)
  }

  /// A request's connection to the replica was refused, reset or timed out.
  package mutating func connectFailed(now: UInt64) -> Bool {
    guard isUsable else { return false }
    return become(.ejected, now)
  }

  /// Counts a probe as passed where probes are off, except during an ejection for failures.
  package mutating func passedUnasked(_ policy: HealthPolicy, now: UInt64) -> Bool {
    ejectedUntil == nil && probePassed(policy, now: now)
  }

  // MARK: Failures of requests

  /// The longest ejection for failures, in nanoseconds.
  private static var longestEjection: UInt64 { 60_000_000_000 }

  /// The replica failed too many requests in a row, though it could be reached. The n-th ejection in a row
  /// lasts n times as long as the first, 60 s at most. The row ends once the replica has been up for ten
  /// times the length of the last ejection.
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

  /// Ends an ejection for failures once its time has passed.
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
