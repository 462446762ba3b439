// How long a peer may hold a thread.

import Testing

@testable import replicad

@Suite struct AllowanceTests {
  private static let second: UInt64 = 1_000_000_000

  @Test func `who stalls has a minute`() {
    let allowance = Allowance(now: 5)
    #expect(allowance.milliseconds(now: 5) == 60_001)
    #expect(allowance.milliseconds(now: 59 * Self.second) > 0)
    #expect(allowance.milliseconds(now: 60 * Self.second + 5) == 0)
    #expect(allowance.milliseconds(now: .max) == 0)
  }

  @Test(arguments: [(1, 70), (100, 80), (499, 40_000)])
  func `a rate below 500 bytes a second ends`(_ rate: Int, _ end: Int) {
    var allowance = Allowance(now: 0)
    let last = (1...end).first { second in
      let now = UInt64(second) * Self.second
      allowance.earn(rate, now: now)
      return allowance.milliseconds(now: now) == 0
    }
    #expect(last != nil)
  }

  @Test(arguments: [500, 1_000_000, Int.max])
  func `a rate of 500 bytes a second goes on, and earns no more than a minute`(_ rate: Int) {
    var allowance = Allowance(now: 0)
    for second in 1...100_000 {
      allowance.earn(rate, now: UInt64(second) * Self.second)
      let left = allowance.milliseconds(now: UInt64(second) * Self.second)
      #expect(left > 0 && left <= 60_001)
    }
  }
}
