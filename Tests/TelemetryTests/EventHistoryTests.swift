// Which events are kept, and that nothing pushes out what it must not.

import ControlProtocol
import Testing

@testable import Telemetry

@Suite struct EventHistoryTests {
  private let second: UInt64 = 1_000_000_000

  @Test func `the last thousand are kept, numbered on, newest last`() {
    var history = EventHistory()
    for number in 1...2345 { history.add(.added, replica: "r\(number)") }
    let kept = history.since(0)
    #expect(kept.map(\.number) == Array(1346...2345))
    #expect(kept.allSatisfy { $0.replica == "r\($0.number)" })
    #expect(history.since(2343).map(\.number) == [2344, 2345])
    #expect(history.since(2345).isEmpty && history.since(.max).isEmpty)
  }

  @Test func `hours of 5xx push no change of a state out`() {
    var history = EventHistory()
    history.add(.state, replica: "8081", state: .ejected, cause: "request: refused")
    for tick in 0..<100_000 as Range<UInt64> {
      let now = tick * second / 10
      history.answered(503, tried: [], cause: "no replica is available", now: now)
      history.settle(now: now)
    }
    let kept = history.since(0)
    #expect(kept.count == 1 + EventHistory.answersLimit)
    #expect(kept.first?.replica == "8081" && kept.first?.number == 1)
    #expect(kept.map(\.number) == kept.map(\.number).sorted())
  }

  @Test func `the first 5xx is an event at once, those of the next second are one together`() {
    var history = EventHistory()
    history.answered(503, tried: [], cause: "first", now: 10 * second)
    #expect(history.since(0).map(\.answers?.count) == [1] && history.due == .max)
    history.answered(502, tried: ["a", "b"], cause: "second", now: 10 * second + 1)
    history.answered(504, tried: ["b", "c"], cause: "third", now: 11 * second - 1)
    history.settle(now: 11 * second - 1)
    #expect(history.since(0).count == 1 && history.due == 11 * second)
    history.settle(now: 11 * second)
    let event = history.since(1).first
    #expect(event?.answers == .init(status: 504, count: 2, tried: ["a", "b", "c"]))
    #expect(event?.cause == "third" && event?.event == .answered)
    #expect(history.since(0).count == 2 && history.due == .max)
  }

  @Test func `an event of answers names twelve replicas at most`() {
    var history = EventHistory()
    history.answered(502, tried: (0..<40).map { "r\($0)" }, cause: "reset", now: second)
    #expect(history.since(0).first?.answers?.tried == (0..<12).map { "r\($0)" })
  }

  @Test func `a cause is one line of bounded length, and whole characters`() {
    var history = EventHistory()
    history.add(.reloadRefused, cause: "lb.conf:1:1: error: no\n  source line\n  ^")
    history.add(.reloadRefused, cause: String(repeating: "é", count: 5000))
    let causes = history.since(0).map { $0.cause ?? "" }
    #expect(causes[0] == "lb.conf:1:1: error: no")
    #expect(causes[1] == String(repeating: "é", count: 200))
  }

  @Test func `what is about a replica are its own events and the answers that tried it`() {
    var history = EventHistory()
    history.add(.start)
    history.add(.state, replica: "a", state: .up, cause: "probe: 200")
    history.add(.state, replica: "b", state: .up, cause: "probe: 200")
    history.answered(502, tried: ["b", "a"], cause: "reset", now: 0)
    history.add(.removed, replica: "a", cause: "127.0.0.1:1", uid: 1000)
    #expect(history.about("a", last: 10).map(\.event) == [.state, .answered, .removed])
    #expect(history.about("a", last: 1).map(\.uid) == [1000])
    #expect(history.about("c", last: 10).isEmpty)
  }
}
