// The counts of responses by time, for each replica apart.

import Balancing
import Testing

@testable import Ledger

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

  @Test func `each class of failure has a counter of its own, beside the histogram's`() {
    let tally = Tally()
    tally.record(4, nanoseconds: 0)
    for (index, failure) in FailureClass.allCases.enumerated() {
      tally.count(.init(failure), 4, by: index + 1)
    }
    #expect(FailureClass.allCases.map { tally.value(.init($0), 4) } == [1, 2, 3, 4, 5, 6])
    #expect(tally.responses(4, bucket: 0) == 1 && tally.responses(4) == 0)
    #expect(tally.value(.retriesSent, 4) == 0)
  }

  @Test func `each counter and each bucket of each replica has a cell of its own`() {
    let cells = (0..<3).flatMap { slot in
      Tally.Counter.allCases.map { Tally.cell($0, of: slot) }
        + (0..<Tally.buckets).map { Tally.cell(bucket: $0, of: slot) }
    }
    #expect(Set(cells).count == 3 * (Tally.Counter.allCases.count + Tally.buckets))
  }

  @Test func `replicas are counted apart`() {
    let tally = Tally()
    tally.count(.attempts, 1)
    tally.count(.attempts, 2, by: 5)
    tally.count(.ended, 1)
    #expect(tally.active(1) == 0 && tally.value(.attempts, 1) == 1)
    #expect(tally.active(2) == 5)
  }

  @Test func `a response is counted once, by the first digit of its status`() {
    let tally = Tally()
    for status in [101, 200, 299, 302, 404, 500, 599, 999] { tally.count(status: status, at: 3) }
    let counts = Tally.Counter.classes.map { tally.value($0, 3) }
    #expect(counts == [1, 2, 1, 1, 3] && tally.responses(3) == 8)
  }
}
