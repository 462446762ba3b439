// The time that a slow client has for the body of its request: `[limits] body_rate`.

/// The time that a client has left for the body of its request: a grace, and a time for each byte that
/// has come. Only the time in which lbd waits for the client counts, not what a replica takes.
struct BodyTime {
  /// The grace that every request has, in nanoseconds.
  static var grace: UInt64 { 20_000_000_000 }
  /// The most that a fast beginning can earn: a day.
  private static var most: UInt64 { 86_400_000_000_000 }

  private var left = BodyTime.grace
  /// The time since which lbd waits for the client; 0 while lbd does not wait.
  private var since: UInt64 = 0

  /// Begins lbd's wait for the client, or goes on with it. Returns the time by which bytes have to
  /// come.
  mutating func wait(now: UInt64) -> UInt64 {
    if since == 0 { since = now }
    return since + left
  }

  /// Moves the times on by a time in which lbd did not run.
  mutating func forgive(_ lost: UInt64) {
    if since != 0 { since += lost }
  }

  /// Counts bytes that have come.
  /// - Parameter byteTime: the time that each byte earns, in nanoseconds.
  /// - Returns: false when the bytes came too late.
  mutating func take(_ count: Int, byteTime: UInt64, now: UInt64) -> Bool {
    let waited = since == 0 ? 0 : now - since
    guard waited <= left else { return false }
    since = 0
    left = min(left - waited + UInt64(count) &* byteTime, BodyTime.most)
    return true
  }

  /// The time by which a head that began at `start` has to be whole, by the time that its bytes have
  /// earned.
  static func end(ofHeadSince start: UInt64, bytes: Int, byteTime: UInt64) -> UInt64 {
    start + grace + UInt64(bytes) &* byteTime
  }
}
