// Which probes are kept, and that their times can be told whatever clocks do.

import ControlProtocol
import Testing

@testable import Probing

@Suite struct ProbeHistoryTests {
  private func result(_ number: Int, _ verdict: ProbeResult.Verdict) -> ProbeResult {
    ProbeResult(
      slot: 0, verdict: verdict, text: "\(number)", isFresh: true, nanoseconds: 2_500_000)
  }

  @Test func `the last ten probes are kept, newest last, told by the wall's clock`() {
    var history = ProbeHistory()
    for number in 0..<25 {
      let verdict: ProbeResult.Verdict = [.pass, .failure, .none][number % 3]
      history.add(result(number, verdict), host: "a", now: UInt64(number) * 1000)
    }
    let report = history.report(Clocks(now: 24_000, wall: 1_000_000_024_000))
    #expect(report.map(\.result) == (15..<25).map { "\($0)" })
    #expect(report.prefix(3).map(\.verdict) == [.passed, .failed, .notMade])
    #expect(report.allSatisfy { $0.latencyMilliseconds == 2.5 })
    #expect(report.last?.time == "1970-01-01T00:16:40.000Z")
  }

  @Test func `no clock that jumps makes a time trap`() {
    let clocks = Clocks(now: 5_000_000_000, wall: 1)
    #expect(clocks.text(0) == "1970-01-01T00:00:00.000Z")
    #expect(clocks.text(.max) == "1970-01-01T00:00:00.000Z")
    #expect(clocks.secondsAgo(.max) == 0 && clocks.secondsAgo(0) == 5)
  }
}
