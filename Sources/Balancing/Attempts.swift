// One request's search for a replica so far: its turn, the replicas that were tried, the failures there,
// and the waits.

/// A request's attempts. Times are the worker's, in nanoseconds.
package struct Attempts: Sendable {
  /// The slot of the replica that the last attempt went to.
  package private(set) var replica = 0
  /// The replicas that no retry goes to again.
  package private(set) var tried = TriedReplicas()
  /// Attempts so far, in all.
  package private(set) var count = 0
  /// Attempts that failed since the last wait for a replica.
  package private(set) var failures = 0
  /// Attempts in all that failed as `reset`.
  package private(set) var resets = 0
  /// Whether an attempt has failed; and whether one has failed after something was sent.
  package private(set) var hasFailed = false
  package private(set) var hasFailedSent = false
  /// The request's turn; negative until it is drawn.
  private var turn = -1
  /// The time by which the response has to begin. A wait for a replica moves it on.
  package private(set) var deadline: UInt64 = 0
  /// It counts among the requests in flight of its replica.
  package var isCounted = false
  /// The request waits for a replica.
  package private(set) var isHeld = false
  /// The time at which the last wait began, and the time at which all waiting ends; 0 before the first
  /// wait.
  package private(set) var heldSince: UInt64 = 0
  package private(set) var holdUntil: UInt64 = 0

  package init() {}

  /// Begins the search in a pool, whose policy sets the deadline.
  package mutating func begin(deadline: UInt64) { self.deadline = deadline }

  /// Begins an attempt at a replica.
  package mutating func begin(at replica: Int) {
    self.replica = replica
    tried.insert(replica)
    count += 1
  }

  /// Takes back the attempt that has just begun, which counts as none: the replica took no more
  /// connections.
  package mutating func takeBack() {
    count -= 1
    tried.forget(replica)
  }

  /// Counts a failed attempt.
  package mutating func count(_ attempt: FailedAttempt) {
    failures += 1
    hasFailed = true
    if attempt.phase != .unsent { hasFailedSent = true }
    if attempt.failure == .reset { resets += 1 }
  }

  /// Forgets which replicas were tried: all were, and one of them may be asked once more.
  package mutating func forgetTried() { tried = TriedReplicas() }

  /// Whether the request has ever waited.
  package var hasWaited: Bool { holdUntil != 0 }

  /// Moves the times on by a time in which lbd did not run: no request is to pay for it.
  package mutating func forgive(_ lost: UInt64) {
    deadline += lost
    if holdUntil != 0 { holdUntil += lost }
  }

  /// The ticket of the next attempt. The turn is drawn once. A retry begins elsewhere in the table, so that
  /// a failed replica's share is spread over all others.
  mutating func ticket(_ draw: @autoclosure () -> Int) -> Int {
    if turn < 0 { turn = draw() }
    guard hasFailed else { return turn }
    let spread = UInt(bitPattern: turn &+ count) &* 0x9E37_79B9_7F4A_7C15
    return Int(spread >> 33)
  }

  // MARK: Waiting

  /// The time until which the request may wait. The first wait sets it.
  mutating func waitLimit(now: UInt64, timeout: UInt64) -> UInt64 {
    if holdUntil == 0 { holdUntil = now + timeout }
    return holdUntil
  }

  mutating func beginHold(now: UInt64, isFull: Bool) {
    heldSince = now
    isHeld = true
    // Failures at replicas that are unusable now do not count against those that become usable.
    if !isFull { failures = 0 }
  }

  mutating func endHold(now: UInt64) {
    isHeld = false
    deadline += now - heldSince
  }
}
