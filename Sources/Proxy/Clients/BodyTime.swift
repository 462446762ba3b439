// How long a client may take for its request where it sends little: `[limits] body_rate`.

/// The time that a client has left for the body of its request: a grace, and a time for each byte that
/// has come. Only the time in which lbd waits for the client counts, not what a replica takes.
struct BodyTime {
  /// What every request has, in nanoseconds.
  static var grace: UInt64 { 20_000_000_000 }
  /// The most that a fast beginning can earn: a day.
  private static var most: UInt64 { 86_400_000_000_000 }

  private var left = BodyTime.grace
  /// Since when lbd waits for the client; 0 while it does not.
  private var since: UInt64 = 0

  /// lbd waits for the client, from now or still. Gives the time by which bytes have to come.
  mutating func wait(now: UInt64) -> UInt64 {
    if since == 0 { since = now }
    return since + left
  }

  /// Time in which lbd did not run is nobody's.
  mutating func forgive(_ lost: UInt64) {
    if since != 0 { since += lost }
  }

  /// Bytes have come.
  /// - Parameter byteTime: what each one earns, in nanoseconds.
  /// - Returns: false when they have come too late.
  mutating func take(_ count: Int, byteTime: UInt64, now: UInt64) -> Bool {
    let waited = since == 0 ? 0 : now - since
    guard waited <= left else { return false }
    since = 0
    left = min(left - waited + UInt64(count) &* byteTime, BodyTime.most)
    return true
  }

  /// By when a head that began at `start` has to be whole, as far as this many bytes have earned.
  static func end(ofHeadSince start: UInt64, bytes: Int, byteTime: UInt64) -> UInt64 {
    start + grace + UInt64(bytes) &* byteTime
  }
}
