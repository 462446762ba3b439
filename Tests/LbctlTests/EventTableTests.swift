// The tables of events and of one replica, character for character, and where a reader of events is.

import ControlProtocol
import Foundation
import Testing

@testable import lbctl

private func event(
  _ number: Int, _ kind: EventKind = .state, _ replica: String? = nil,
  _ state: ReplicaState? = nil, cause: String? = nil
) -> EventReport {
  EventReport(
    number: number, time: "2026-11-22T13:54:40.123Z", event: kind, replica: replica, state: state,
    cause: cause)
}

struct EventTableTests {
  private var events: [EventReport] {
    var answered = event(3, .answered, cause: "no replica is available")
    answered.answers = .init(status: 503, count: 214, tried: ["8081", "8082"])
    var added = event(4, .added, "app.internal:9000", cause: "app.internal:9000")
    added.uid = 1000
    return [
      event(1, .start, cause: "lbd listens"),
      event(2, .state, "8082", .ejected, cause: "request: Connection refused"), answered, added,
      event(5, .drain),
    ]
  }

  @Test func `events are a line each, newest last`() {
    var table = EventTable()
    let expected = """
      TIME                      EVENT           REPLICA            CAUSE
      2026-11-22T13:54:40.123Z  start           -                  lbd listens
      2026-11-22T13:54:40.123Z  ejected         8082               request: Connection refused
      2026-11-22T13:54:40.123Z  answered        -                  503 214 times: no replica is available (tried 8081 8082)
      2026-11-22T13:54:40.123Z  added           app.internal:9000  app.internal:9000 (user 1000)
      2026-11-22T13:54:40.123Z  drain           -                  -
      """
    #expect(table.lines(events).joined(separator: "\n") == expected)
  }

  @Test func `what follows stands in the same columns, without headings`() {
    var table = EventTable()
    let first = table.lines(events)
    let later = table.lines([event(6, .state, "1", .up, cause: "x")])
    #expect(later == ["2026-11-22T13:54:40.123Z  up              1                  x"])
    #expect(first.count == 6)
    var bare = EventTable(hasHeader: false)
    #expect(bare.lines(events) == Array(first.dropFirst()))
  }

  @Test func `nothing from elsewhere controls the terminal, colour is lbctl's own`() {
    var table = EventTable()
    var odd = event(1, .state, "a\u{1B}[2J", .down, cause: "\u{1B}c\n")
    odd.answers = .init(status: .min, count: .max, tried: ["\u{9B}"])
    (odd.time, odd.uid) = ("\u{7}", .min)
    let text = table.lines([odd]).joined()
    #expect(!text.unicodeScalars.contains { $0.value < 0x20 || 0x7F..<0xA0 ~= $0.value })
    #expect(table.lines(events, isColoured: true)[1].contains("\u{1B}[31mejected"))
  }
}

struct EventCursorTests {
  private func report(_ started: String, _ numbers: Int...) -> EventsReport {
    EventsReport(pid: 1, started: started, events: numbers.map { event($0) })
  }

  @Test func `it asks for what is behind the last one`() {
    var cursor = EventCursor()
    #expect(cursor.target == "/events")
    #expect(cursor.take(report("a", 4, 5)) == .new([event(4), event(5)]))
    #expect(cursor.target == "/events?since=5")
    #expect(cursor.take(report("a")) == .new([]))
    #expect(cursor.take(report("a", 6)) == .new([event(6)]))
    #expect(cursor.target == "/events?since=6")
  }

  @Test func `what was lost between two looks is counted`() {
    var cursor = EventCursor()
    _ = cursor.take(report("a", 1))
    #expect(cursor.take(report("a", 10)) == .gap(8, [event(10)]))
    #expect(cursor.target == "/events?since=10")
  }

  @Test func `another lbd's events are read from the first on`() {
    var cursor = EventCursor()
    _ = cursor.take(report("a", 40))
    #expect(cursor.take(report("b", 41)) == .restarted)
    #expect(cursor.target == "/events")
    #expect(cursor.take(report("b", 1, 2)) == .new([event(1), event(2)]))
  }

  @Test func `no number makes it trap`() {
    var cursor = EventCursor()
    _ = cursor.take(report("a", .max))
    _ = cursor.take(report("a", .min, .max))
    _ = cursor.take(report("a", .min))
    #expect(cursor.target == "/events")
  }
}

struct ExplainTextTests {
  private func report(_ replica: ReplicaReport) -> ExplainReport {
    ExplainReport(
      replica: replica, since: "2026-11-22T13:54:40.123Z", cause: "request: Connection refused",
      probes: [
        ProbeReport(
          time: "2026-11-22T13:54:37.100Z", verdict: .passed, result: "200",
          latencyMilliseconds: 0.9),
        ProbeReport(
          time: "2026-11-22T13:54:41.200Z", verdict: .failed, result: "refused",
          latencyMilliseconds: 0.04),
      ],
      failures: [
        FailureCount(name: "connect", count: 2), FailureCount(name: "stale", count: 0),
        FailureCount(name: "reset", count: 1),
      ],
      lastFailure: LastFailure(
        time: "2026-11-22T13:54:40.123Z", secondsAgo: 3.15, name: "connect",
        cause: "Connection refused"),
      events: [event(9, .state, "8082", .ejected, cause: "request: Connection refused")])
  }

  @Test func `one look says why`() {
    var ejected = replica("8082", .ejected, check: "refused", isBusy: false, seconds: 3.1)
    ejected.observed = .ejected
    let expected = """
      8082 (127.0.0.1:8082) is ejected: request: Connection refused

      conf        weight 100
      ordered     nothing
      observed    ejected for 3.1s, since 2026-11-22T13:54:40.123Z
      requests    9 answered, 0 with 5xx; 4 retried elsewhere; 0 in flight
      failures    connect 2, reset 1
                  the last 3.1s ago: connect, Connection refused
      next probe  in 0.2s

      TIME                      PROBE     TOOK  RESULT
      2026-11-22T13:54:37.100Z  passed   0.9ms  200
      2026-11-22T13:54:41.200Z  failed  0.04ms  refused

      TIME                      EVENT           REPLICA  CAUSE
      2026-11-22T13:54:40.123Z  ejected         8082     request: Connection refused
      """
    #expect(ExplainText(report(ejected)).lines().joined(separator: "\n") == expected)
  }

  @Test func `a replica of which nothing is known yet is explained, too`() {
    var report = report(replica("8082", .starting))
    (report.cause, report.lastFailure) = (nil, nil)
    (report.probes, report.events, report.failures) = ([], [], [])
    let lines = ExplainText(report).lines()
    #expect(lines[0] == "8082 (127.0.0.1:8082) is starting: nothing was learnt yet")
    #expect(lines.contains("failures    none") && lines.last == "next probe  -")
  }

  @Test func `who was ordered out is so by order, whatever was observed`() {
    var maint = replica("8082", .maint)
    maint.order = .maint
    let lines = ExplainText(report(maint)).lines()
    #expect(lines[0] == "8082 (127.0.0.1:8082) is maint: by order of an operator")
    #expect(lines[3] == "ordered     maint")
    maint.weight = 50
    #expect(ExplainText(report(maint)).lines()[3] == "ordered     maint, weight 50")
    maint.order = .ready
    #expect(ExplainText(report(maint)).lines()[3] == "ordered     weight 50")
  }

  @Test func `figures and names out of all bounds are shown somehow`() {
    var odd = replica("\u{1B}c")
    (odd.stateSeconds, odd[.active], odd[.retries]) = (-1e308, .count(.min), .count(.max))
    odd.check.nextInMilliseconds = .infinity
    var report = report(odd)
    report.lastFailure?.secondsAgo = .nan
    report.probes[0].latencyMilliseconds = -.infinity
    // The name's in the verdict is written out where it leaves lbctl.
    #expect(!ExplainText(report).lines().dropFirst().joined().contains("\u{1B}"))
  }

  @Test func `no line is longer than there is room, but what cannot be broken`() {
    var report = report(replica("8082", .down))
    report.cause = String(repeating: "connect timed out ", count: 10)
    report.events[0].cause = report.cause
    report.lastFailure?.cause = report.cause ?? ""
    for width in [80, 100, 132] {
      let lines = ExplainText(report).lines(within: width)
      #expect(lines.allSatisfy { $0.count <= width }, "\(width)")
      #expect(lines.joined(separator: " ").components(separatedBy: "timed").count == 31)
    }
  }
}
