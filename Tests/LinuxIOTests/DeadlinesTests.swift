// The wheel of deadlines: nothing expires early, twice, late or after it was cleared.

import LinuxIO
import TestSupport
import Testing

@Suite struct DeadlinesTests {
  private let second: UInt64 = 1_000_000_000
  /// Two ticks: the most that an expiry may be late.
  private let slack: UInt64 = 2 << 24

  private func expired(_ deadlines: inout Deadlines<Int>, _ now: UInt64) -> [UInt32] {
    var slots: [UInt32] = []
    deadlines.expire(now: now)
    while let slot = deadlines.nextExpired() { slots.append(slot.number) }
    return slots.sorted()
  }

  @Test func `a deadline expires once, not before its time and at most two ticks late`() {
    var deadlines = Deadlines<Int>(capacity: 8, now: 5 * second)
    deadlines.set(3, at: 6 * second)
    #expect(expired(&deadlines, 6 * second - 1) == [])
    #expect(expired(&deadlines, 6 * second + slack) == [3])
    #expect(expired(&deadlines, 60 * second) == [])
  }

  @Test func `a deadline that moves later or earlier expires at its last time`() {
    var deadlines = Deadlines<Int>(capacity: 8, now: 0)
    deadlines.set(1, at: 10 * second)
    deadlines.set(1, at: 20 * second)
    #expect(expired(&deadlines, 15 * second) == [])
    deadlines.set(1, at: 16 * second)
    #expect(expired(&deadlines, 16 * second + slack) == [1])
    #expect(expired(&deadlines, 30 * second) == [])
  }

  @Test func `a cleared deadline does not expire`() {
    var deadlines = Deadlines<Int>(capacity: 8, now: 0)
    deadlines.set(1, at: second)
    deadlines.set(2, at: second)
    deadlines.clear(1)
    #expect(expired(&deadlines, 2 * second) == [2])
  }

  @Test func `deadlines beyond the wheel's round hold`() {
    var deadlines = Deadlines<Int>(capacity: 8, now: 0)
    deadlines.set(0, at: 3600 * second)
    var now: UInt64 = 0
    while now < 3599 * second {
      now += 7 * second
      if now < 3600 * second { #expect(expired(&deadlines, now) == []) }
    }
    #expect(expired(&deadlines, 3600 * second + slack) == [0])
  }

  @Test func `the wait ends when the first deadline is due`() {
    var deadlines = Deadlines<Int>(capacity: 8, now: 0)
    #expect(deadlines.wait(now: 0) < 0)
    deadlines.set(0, at: 30 * second)
    deadlines.set(1, at: 2 * second)
    let wait = deadlines.wait(now: 0)
    #expect(wait >= 2000 && wait <= 2040)
    _ = expired(&deadlines, 2 * second + slack)
    #expect(deadlines.wait(now: 2 * second + slack) > 27_000)
  }

  @Test func `any order of calls expires each slot exactly at its last deadline`() {
    var random = Seeded(7)
    var deadlines = Deadlines<Int>(capacity: 64, now: 0)
    var due = [UInt64?](repeating: nil, count: 64)
    var now: UInt64 = 0
    for _ in 0..<20_000 {
      let slot = Int(random.next() % 64)
      switch random.next() % 4 {
      case 0:
        deadlines.clear(SlabSlot(number: UInt32(slot)))
        due[slot] = nil
      case 1:
        now += random.next() % (3 * second)
        for slot in expired(&deadlines, now) {
          let time = due[Int(slot)]
          #expect(time != nil && time! <= now)
          due[Int(slot)] = nil
        }
        #expect(!due.contains { $0.map { $0 + slack < now } ?? false })
      default:
        let time = now + 1 + random.next() % (90 * second)
        deadlines.set(SlabSlot(number: UInt32(slot)), at: time)
        due[slot] = time
      }
    }
  }

  @Test func `what is postponed passes so much later, and what is set afterwards is not touched`() {
    let second: UInt64 = 1_000_000_000
    var deadlines = Deadlines<Int>(capacity: 4, now: 100 * second)
    deadlines.set(0, at: 101 * second)
    deadlines.postpone(by: 50 * second)
    deadlines.set(1, at: 152 * second)
    deadlines.bringForward(1, to: 153 * second)
    #expect(expired(&deadlines, 150 * second) == [])
    let wait = deadlines.wait(now: 150 * second)
    #expect(1...1100 ~= wait)
    #expect(expired(&deadlines, 151 * second + second / 10) == [0])
    #expect(expired(&deadlines, 152 * second + second / 10) == [1])
  }

  @Test func `a deadline that is set again is not given as one that has passed`() {
    var deadlines = Deadlines<Int>(capacity: 4, now: 0)
    deadlines.set(1, at: second)
    deadlines.set(2, at: second)
    deadlines.expire(now: 2 * second)
    let hasExpired = deadlines.hasExpired
    deadlines.set(1, at: 9 * second)
    let (first, other) = (deadlines.nextExpired(), deadlines.nextExpired())
    #expect(hasExpired && first == 2 && other == nil)
    #expect(expired(&deadlines, 10 * second) == [1])
  }

  @Test func `a deadline is brought forward and never back`() {
    let second: UInt64 = 1_000_000_000
    var deadlines = Deadlines<Int>(capacity: 4, now: 0)
    deadlines.bringForward(0, to: 9 * second)
    deadlines.bringForward(0, to: 5 * second)
    deadlines.bringForward(0, to: 7 * second)
    #expect(expired(&deadlines, 4 * second) == [])
    #expect(expired(&deadlines, 5 * second + second / 10) == [0])
  }

  @Test func `whatever is set, moved, cleared and passed, the wait is never too long`() {
    var random = Seeded(7)
    var deadlines = Deadlines<Int>(capacity: 64, now: 0)
    var due = [UInt64](repeating: .max, count: 64)
    var now: UInt64 = 0
    for _ in 0..<20_000 {
      let slot = Int.random(in: 0..<64, using: &random)
      switch Int.random(in: 0..<8, using: &random) {
      case 0:
        deadlines.clear(SlabSlot(number: UInt32(slot)))
        due[slot] = .max
      case 1, 2:
        now += UInt64.random(in: 0...3 * second, using: &random)
        for slot in expired(&deadlines, now) { due[Int(slot)] = .max }
      default:
        due[slot] = now + UInt64.random(in: 0...90 * second, using: &random)
        deadlines.set(SlabSlot(number: UInt32(slot)), at: due[slot])
      }
      guard let first = due.min(), first != .max else { continue }
      let wait = deadlines.wait(now: now)
      #expect(wait >= 0 && now + UInt64(wait) * 1_000_000 <= max(first, now) + slack + 1_000_000)
      if wait < 0 { return }
    }
  }
}

extension SlabSlot: ExpressibleByIntegerLiteral where Element == Int {
  init(integerLiteral value: UInt32) { self.init(number: value) }
}
