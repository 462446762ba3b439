// When replicas are probed: evenly spread, at their pace, and none because of another.

import Balancing
import Testing

@Suite struct ProbeScheduleTests {
  /// Lets the clock run from 0 to `end` and gives each slot's starts. A probe takes no time, or what
  /// `taking` says.
  private func run(
    _ schedule: inout ProbeSchedule, _ pace: ProbePace, jitter: Double, until end: UInt64,
    tick: UInt64 = 1, taking: (Int) -> UInt64 = { _ in 0 }
  ) -> [Int: [UInt64]] {
    var starts: [Int: [UInt64]] = [:]
    var ends: [(time: UInt64, slot: Int)] = []
    while let next = ([schedule.next].compactMap { $0 } + ends.map(\.time)).min(), next < end {
      let now = (next + tick - 1) / tick * tick
      for slot in ends.filter({ $0.time <= now }).map(\.slot) {
        schedule.follow(slot, pace, jitter: jitter, now: now)
      }
      ends.removeAll { $0.time <= now }
      while let slot = schedule.take(now: now) {
        starts[slot, default: []].append(now)
        if taking(slot) > 0 {
          ends.append((now + taking(slot), slot))
        } else {
          schedule.follow(slot, pace, jitter: jitter, now: now)
        }
      }
    }
    return starts
  }

  @Test func `slots come in the order of their times`() {
    var schedule = ProbeSchedule(origin: 0, seed: 1)
    for (slot, time) in [50, 10, 40, 20, 30].enumerated() { schedule.set(slot, at: UInt64(time)) }
    schedule.set(2, at: 5)
    schedule.remove(3)
    schedule.hasten(0, to: 45)
    schedule.hasten(0, to: 60)
    schedule.hasten(7, to: 1)
    #expect(schedule.next == 5)
    var order: [Int] = []
    while let slot = schedule.take(now: 30) { order.append(slot) }
    #expect(order == [2, 1, 4])
    #expect(schedule.next == 45 && schedule.due(0) == 45 && schedule.due(1) == nil)
    #expect(schedule.take(now: 44) == nil)
  }

  @Test func `any order of calls keeps the first due first`() {
    var schedule = ProbeSchedule(origin: 0, seed: 1)
    var model: [Int: UInt64] = [:]
    var state: UInt64 = 7
    for step in 0..<20_000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let (slot, time) = (Int(state >> 33 % 64), state >> 40 % 1000)
      switch state >> 60 % 3 {
      case 0:
        schedule.set(slot, at: time)
        model[slot] = time
      case 1:
        schedule.remove(slot)
        model[slot] = nil
      default:
        if let taken = schedule.take(now: time) {
          #expect(model[taken] == model.values.min() && model[taken] ?? .max <= time)
          model[taken] = nil
        } else {
          #expect((model.values.min() ?? .max) > time)
        }
      }
      guard schedule.next == model.values.min() else {
        Issue.record("step \(step): \(schedule.next ?? 0), not \(model.values.min() ?? 0)")
        return
      }
    }
  }

  @Test func `a steady pace has one probe in each period at the replica's place`() {
    var schedule = ProbeSchedule(origin: 100, seed: 1)
    for slot in 0..<3 { schedule.set(slot, at: 100) }
    let starts = run(&schedule, .steady(1000), jitter: 0, until: 4000)
    #expect(starts[0] == [100, 1100, 2100, 3100])
    // The golden ratio of a period further on, and again.
    #expect(starts[1] == [100, 718, 1718, 2718, 3718])
    #expect(starts[2] == [100, 1336, 2336, 3336])
  }

  @Test func `an urgent probe follows the last one by its period`() {
    var schedule = ProbeSchedule(origin: 0, seed: 1)
    schedule.set(5, at: 330)
    _ = schedule.take(now: 340)
    schedule.follow(5, .urgent(250), jitter: 0, now: 345)
    #expect(schedule.due(5) == 580)
    _ = schedule.take(now: 580)
    // One that took longer is followed at once.
    schedule.follow(5, .urgent(250), jitter: 0, now: 1080)
    #expect(schedule.due(5) == 1080)
  }

  @Test func `jitter strays as far as it is told and no further`() {
    var schedule = ProbeSchedule(origin: 0, seed: 42)
    for slot in 0..<50 { schedule.set(slot, at: 0) }
    let starts = run(&schedule, .steady(10_000), jitter: 0.1, until: 500_000)
    let gaps = starts.values.flatMap { zip($0.dropFirst(2), $0.dropFirst()).map { $0 - $1 } }
    #expect(gaps.allSatisfy { 9000...11_000 ~= $0 })
    #expect(gaps.min() ?? 0 < 9300 && gaps.max() ?? 0 > 10_700)
    // What strays does not walk away: there are as many as without.
    #expect(starts.values.allSatisfy { 49...51 ~= $0.count })
  }

  /// The most that start in a window of `width`, wherever it lies.
  private func most(_ times: [UInt64], in width: UInt64) -> Int {
    var (first, most) = (0, 0)
    for (index, time) in times.enumerated() {
      while times[first] + width <= time { first += 1 }
      most = max(most, index - first + 1)
    }
    return most
  }

  @Test(arguments: [0, 0.1, 0.5])
  func `a thousand replicas that start at once are probed evenly from the second time on`(
    _ jitter: Double
  ) {
    let second: UInt64 = 1_000_000_000
    var schedule = ProbeSchedule(origin: 77 * second / 10, seed: 3)
    for slot in 0..<1000 { schedule.set(slot, at: 8 * second) }
    let starts = run(
      &schedule, .steady(second), jitter: jitter, until: 12 * second, tick: 1 << 24)
    let times = starts.values.flatMap { $0.dropFirst() }.sorted()
    #expect(times.count >= 3000)
    #expect(most(times, in: second / 10) <= 150)
    #expect(starts.values.allSatisfy { 4...5 ~= $0.count })
  }

  @Test func `one that hangs moves no other's time`() {
    func starts(hanging: Int?) -> [Int: [UInt64]] {
      var schedule = ProbeSchedule(origin: 0, seed: 3)
      for slot in 0..<100 { schedule.set(slot, at: 0) }
      return run(&schedule, .steady(1000), jitter: 0, until: 20_000) { $0 == hanging ? 3500 : 0 }
    }
    let (before, after) = (starts(hanging: nil), starts(hanging: 42))
    for slot in 0..<100 where slot != 42 { #expect(before[slot] == after[slot]) }
    #expect(after[42]?.count == 6)
  }
}
