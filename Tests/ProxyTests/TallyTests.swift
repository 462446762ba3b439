// The counts of responses by time, for each replica apart.

import Proxy
import Testing

@Suite struct TallyTests {
  @Test func `a response time falls into a bucket whose middle is within a fifth of it`() {
    for microseconds in [1, 3, 5, 10, 99, 1000, 12_345, 999_999, 30_000_000] as [UInt64] {
      let tally = Tally()
      tally.record(7, nanoseconds: microseconds * 1000)
      let bucket = (0..<Tally.buckets).first { tally.responses(7, bucket: $0) == 1 }!
      let middle = Tally.microseconds(bucket: bucket)
      #expect(abs(middle - Double(microseconds)) <= max(0.6, Double(microseconds) / 5))
    }
  }

  @Test func `the longest time has a bucket too`() {
    let tally = Tally()
    tally.record(0, nanoseconds: .max)
    #expect(tally.responses(0, bucket: Tally.buckets - 1) == 1)
  }

  @Test func `replicas are counted apart`() {
    let tally = Tally()
    tally.count(.active, 1)
    tally.count(.active, 2, by: 5)
    tally.count(.active, 1, by: -1)
    #expect(tally.value(.active, 1) == 0)
    #expect(tally.value(.active, 2) == 5)
  }
}
