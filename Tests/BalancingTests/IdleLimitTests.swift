// How long a replica keeps idle connections, learnt from the ends that were seen.

import Balancing
import Testing

@Suite struct IdleLimitTests {
  private let second: UInt64 = 1_000_000_000

  @Test
  func `two ends after the same rest are the replica's limit, and nine tenths of it are used`() {
    var limit = IdleLimit()
    limit.ended(after: 5 * second, now: 5 * second)
    #expect(limit.usable == nil)
    limit.ended(after: 5 * second + 9_000_000, now: 11 * second)
    #expect(limit.usable == 4_500_000_000)
  }

  @Test func `ends after different rests say nothing`() {
    var limit = IdleLimit()
    for round in 1...6 as ClosedRange<UInt64> {
      limit.ended(after: round * round * second, now: 100 * round * second)
    }
    #expect(limit.usable == nil)
  }

  @Test func `ends of one moment are those of the replica, not of a limit`() {
    var limit = IdleLimit()
    for _ in 0..<10 { limit.ended(after: 3 * second, now: 50 * second) }
    #expect(limit.usable == nil)
    limit.ended(after: 3 * second, now: 54 * second)
    #expect(limit.usable == 2_700_000_000)
  }

  @Test func `what ends after a moment is no limit`() {
    var limit = IdleLimit()
    for now in [10, 20, 30] as [UInt64] { limit.ended(after: 3_000_000, now: now * second) }
    #expect(limit.usable == nil)
  }

  @Test func `a shorter limit is learnt anew`() {
    var limit = IdleLimit()
    for now in [10, 20] as [UInt64] { limit.ended(after: 5 * second, now: now * second) }
    for now in [30, 40] as [UInt64] { limit.ended(after: 2 * second, now: now * second) }
    #expect(limit.usable == 1_800_000_000)
  }
}
