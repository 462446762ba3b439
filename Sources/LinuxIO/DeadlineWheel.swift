// A wheel of ticks. A deadline that moves later is one store; the wheel finds out when the old one comes
// round. So a connection that is in use costs it nothing.

/// What is below `Deadlines`: one wheel for the records of any slab, by the numbers of their slots.
struct DeadlineWheel: ~Copyable {
  private struct Entry: BitwiseCopyable {
    /// Neighbours in the bucket's list, one above their slot; 0 for none.
    var next: UInt32
    var previous: UInt32
    /// When it is due, in ticks; 0 for never.
    var due: Int
    /// The tick whose bucket it hangs in; 0 for none.
    var linked: Int
  }

  private static var buckets: Int { 2048 }
  /// A tick is 2^24 nanoseconds, about 17 ms.
  private static var tickShift: UInt64 { 24 }

  private let entries: ZeroedArray<Entry>
  private let heads: ZeroedArray<UInt32>
  /// A bit for each bucket that holds some.
  private let occupied = ZeroedArray<UInt64>(count: buckets / 64)
  private var current: Int
  /// No bucket with an entry comes before this tick; `Int.max` where none has one. Not later than the
  /// first, so that `wait` need not look for it.
  private var next = Int.max
  /// Nanoseconds that count for no deadline: see `postpone`.
  private var lost: UInt64 = 0

  /// - Parameters:
  ///   - capacity: slots are below it.
  ///   - now: the clock, in nanoseconds.
  init(capacity: Int, now: UInt64) {
    entries = ZeroedArray(count: capacity)
    heads = ZeroedArray(count: DeadlineWheel.buckets)
    current = Int(now >> DeadlineWheel.tickShift)
  }

  /// Sets a slot's deadline to a time in nanoseconds, whatever it was. It expires at that time or
  /// up to two ticks later.
  mutating func set(_ slot: UInt32, at time: UInt64) {
    var entry = entries[Int(slot)]
    entry.due = tick(time) + 1
    entries[Int(slot)] = entry
    if entry.linked == 0 {
      link(slot)
    } else if entry.due < entry.linked {
      unlink(slot)
      link(slot)
    }
  }

  /// Sets a slot's deadline to a time in nanoseconds unless it is due before that already.
  mutating func bringForward(_ slot: UInt32, to time: UInt64) {
    let due = entries[Int(slot)].due
    if due == 0 || due > tick(time) + 1 { set(slot, at: time) }
  }

  /// Moves every deadline that is set on by this many nanoseconds, in which nobody could meet one: the
  /// process was stopped.
  mutating func postpone(by time: UInt64) { lost += time }

  private func tick(_ time: UInt64) -> Int {
    Int((time - min(lost, time)) >> DeadlineWheel.tickShift)
  }

  /// Whether a slot has a deadline. One that `expire` gave has none until it is set again.
  func isSet(_ slot: UInt32) -> Bool { entries[Int(slot)].due != 0 }

  /// Forgets a slot's deadline.
  mutating func clear(_ slot: UInt32) {
    entries[Int(slot)].due = 0
  }

  /// Milliseconds until `expire` may have something to do; negative when nothing is set.
  @inline(__always)
  func wait(now: UInt64) -> Int {
    if next == .max { return -1 }
    let time = (UInt64(next) << DeadlineWheel.tickShift) + lost
    return time <= now ? 0 : Int((time - now) / 1_000_000) + 1
  }

  /// The first tick behind the current one whose bucket has an entry.
  private func firstOccupied() -> Int {
    let first = current + 1
    var offset = 0
    while offset < DeadlineWheel.buckets {
      let bucket = (first + offset) % DeadlineWheel.buckets
      let word = occupied[bucket >> 6] >> UInt64(bucket & 63)
      if word != 0 { return first + offset + word.trailingZeroBitCount }
      offset += 64 - bucket & 63
    }
    return .max
  }

  /// Moves on to `now` and appends the slots whose deadlines have passed; these have none afterwards.
  mutating func expire(now: UInt64, into expired: inout [UInt32]) {
    let target = tick(now)
    guard target > current else { return }
    // After a long sleep one round visits every bucket.
    if target - current > DeadlineWheel.buckets { current = target - DeadlineWheel.buckets }
    while current < target {
      current += 1
      visit(current % DeadlineWheel.buckets, target, &expired)
    }
    if next <= current { next = firstOccupied() }
  }

  private mutating func visit(_ bucket: Int, _ target: Int, _ expired: inout [UInt32]) {
    while heads[bucket] != 0 {
      let slot = heads[bucket] - 1
      unlink(slot)
      let due = entries[Int(slot)].due
      if due == 0 { continue }
      if due <= target {
        entries[Int(slot)].due = 0
        expired.append(slot)
      } else {
        link(slot)
      }
    }
  }

  private mutating func link(_ slot: UInt32) {
    var entry = entries[Int(slot)]
    let tick = min(max(entry.due, current + 1), current + DeadlineWheel.buckets - 1)
    let bucket = tick % DeadlineWheel.buckets
    entry.linked = tick
    next = min(next, tick)
    entry.previous = 0
    entry.next = heads[bucket]
    if entry.next != 0 { entries[Int(entry.next - 1)].previous = slot + 1 }
    heads[bucket] = slot + 1
    entries[Int(slot)] = entry
    occupied[bucket >> 6] |= 1 << UInt64(bucket & 63)
  }

  private mutating func unlink(_ slot: UInt32) {
    let entry = entries[Int(slot)]
    let bucket = entry.linked % DeadlineWheel.buckets
    if entry.next != 0 { entries[Int(entry.next - 1)].previous = entry.previous }
    if entry.previous != 0 {
      entries[Int(entry.previous - 1)].next = entry.next
    } else {
      heads[bucket] = entry.next
      if entry.next == 0 { occupied[bucket >> 6] &= ~(1 << UInt64(bucket & 63)) }
    }
    entries[Int(slot)].linked = 0
  }
}
