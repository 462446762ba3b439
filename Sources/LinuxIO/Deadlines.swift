// The deadlines of one worker's connections, or of the control thread's probes.

/// The deadlines of a slab's records by slot. One thread owns it. No call allocates but `expire`, where
/// more have passed at once than ever before.
package struct Deadlines<Element: ~Copyable>: ~Copyable {
  private var wheel: DeadlineWheel
  /// Slots whose deadlines have passed, for `nextExpired`.
  private var expired: [UInt32] = []

  /// - Parameters:
  ///   - capacity: that of the slab.
  ///   - now: the clock, in nanoseconds.
  package init(capacity: Int, now: UInt64) {
    wheel = DeadlineWheel(capacity: capacity, now: now)
    expired.reserveCapacity(min(capacity, 1024))
  }

  /// Sets a record's deadline to a time in nanoseconds, whatever it was. It expires at that time or
  /// up to two ticks later.
  @inline(__always)
  package mutating func set(_ slot: SlabSlot<Element>, at time: UInt64) {
    wheel.set(slot.number, at: time)
  }

  /// Sets a record's deadline to a time in nanoseconds unless it is due before that already.
  @inline(__always)
  package mutating func bringForward(_ slot: SlabSlot<Element>, to time: UInt64) {
    wheel.bringForward(slot.number, to: time)
  }

  /// Moves every deadline that is set on by this many nanoseconds, in which nobody could meet one: the
  /// process was stopped.
  package mutating func postpone(by time: UInt64) { wheel.postpone(by: time) }

  /// Whether a record has a deadline. One that has expired has none until it is set again.
  @inline(__always)
  package func isSet(_ slot: SlabSlot<Element>) -> Bool { wheel.isSet(slot.number) }

  /// Forgets a record's deadline.
  @inline(__always)
  package mutating func clear(_ slot: SlabSlot<Element>) { wheel.clear(slot.number) }

  /// Milliseconds until `expire` may have something to do; negative when nothing is set.
  @inline(__always)
  package func wait(now: UInt64) -> Int { wheel.wait(now: now) }

  /// Moves on to `now`. Deadlines that have passed are over, and `nextExpired` gives whose they were.
  @inline(__always)
  package mutating func expire(now: UInt64) { wheel.expire(now: now, into: &expired) }

  /// Whether `nextExpired` may have another slot to give.
  package var hasExpired: Bool { !expired.isEmpty }

  /// The slot of another record whose deadline has passed, and is not set again: that would be the
  /// deadline of what the slot has become meanwhile. Nil when there is none.
  @inline(__always)
  package mutating func nextExpired() -> SlabSlot<Element>? {
    while let slot = expired.popLast() {
      if !wheel.isSet(slot) { return SlabSlot(number: slot) }
    }
    return nil
  }
}
