// How far one request's search for a replica is: its turn, the replicas that it has met, what failed
// there, and its waits.

/// A request's attempts. Times are the worker's, in nanoseconds.
package struct Attempts: Sendable {
  /// The slot of the replica that the last attempt went to.
  package private(set) var replica = 0
  /// The replicas that no retry goes to again.
  package private(set) var tried = TriedReplicas()
  /// Attempts so far, in all.
  package private(set) var count = 0
  /// Those that failed since the last wait for a replica.
  package private(set) var failures = 0
  /// Those in all that failed as `reset`.
  package private(set) var resets = 0
  /// An attempt has failed; and one of which something was sent.
  package private(set) var hasFailed = false
  package private(set) var hasFailedSent = false
  /// Its turn; negative until it is drawn.
  private var turn = -1
  /// By when the response has to begin; waits for a replica move it on.
  package private(set) var deadline: UInt64 = 0
  /// It counts among the requests in flight of a replica that has a limit of them.
  package var isCounted = false
  /// It waits for a replica.
  package private(set) var isHeld = false
  /// When its last wait began, and until when it may wait in all; 0 where it never did.
  package private(set) var heldSince: UInt64 = 0
  package private(set) var holdUntil: UInt64 = 0

  package init() {}

  /// The request has a pool, and with it a time.
  package mutating func begin(deadline: UInt64) { self.deadline = deadline }

  /// The request goes to a replica.
  package mutating func begin(at replica: Int) {
    self.replica = replica
    tried.insert(replica)
    count += 1
  }

  /// The attempt that has just begun comes to nothing and counts as none: the replica took no more
  /// connections.
  package mutating func takeBack() {
    count -= 1
    tried.forget(replica)
  }

  /// Notes what has failed.
  package mutating func count(_ attempt: FailedAttempt) {
    failures += 1
    hasFailed = true
    if attempt.phase != .unsent { hasFailedSent = true }
    if attempt.failure == .reset { resets += 1 }
  }

  /// Every replica was tried, and one of them may be asked once more.
  package mutating func forgetTried() { tried = TriedReplicas() }

  /// Whether the request has ever waited.
  package var hasWaited: Bool { holdUntil != 0 }

  /// Time in which lbd did not run counts against nobody.
  package mutating func forgive(_ lost: UInt64) {
    deadline += lost
    if holdUntil != 0 { holdUntil += lost }
  }

  /// The ticket of the next attempt, drawn once. A retry begins somewhere else, so that a failed
  /// replica's share is spread over all others.
  mutating func ticket(_ draw: @autoclosure () -> Int) -> Int {
    if turn < 0 { turn = draw() }
    guard hasFailed else { return turn }
    let spread = UInt(bitPattern: turn &+ count) &* 0x9E37_79B9_7F4A_7C15
    return Int(spread >> 33)
  }

  // MARK: Waiting

  /// Until when the request may wait, which its first wait decides.
  mutating func waitLimit(now: UInt64, timeout: UInt64) -> UInt64 {
    if holdUntil == 0 { holdUntil = now + timeout }
    return holdUntil
  }

  mutating func beginHold(now: UInt64, isFull: Bool) {
    heldSince = now
    isHeld = true
    // Attempts at replicas that are gone now do not count against those that come back.
    if !isFull { failures = 0 }
  }

  mutating func endHold(now: UInt64) {
    isHeld = false
    deadline += now - heldSince
  }
}
