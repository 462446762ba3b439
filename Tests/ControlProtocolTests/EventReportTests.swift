// What lbd tells of events and of one replica reads back as the same, and what it is asked is
// understood whole or not at all.

import ControlProtocol
import Foundation
import TestSupport
import Testing

struct EventReportTests {
  private func roundTrip<Report: JSONWritable & Decodable>(_ report: Report) throws -> Report {
    try JSONDecoder().decode(Report.self, from: Data(report.json))
  }

  private let time = "2026-11-22T13:54:40.123Z"

  private var answered: EventReport {
    EventReport(
      number: 7, time: time, event: .answered, cause: "reset",
      answers: .init(status: 502, count: 3, tried: ["8081", "a \"b\""]))
  }

  @Test func `events read back the same, with every word`() throws {
    var events = EventKind.allCases.map { EventReport(number: 1, time: time, event: $0) }
    events += ReplicaState.allCases.map {
      EventReport(
        number: .max, time: time, event: .state, replica: "r", state: $0, cause: "\"\n", uid: 1000)
    }
    let report = EventsReport(pid: 42, started: time, events: events + [answered])
    #expect(try roundTrip(report) == report)
    let none = EventsReport(pid: 42, started: time, events: [])
    #expect(try roundTrip(none) == none)
  }

  @Test func `an explanation reads back the same`() throws {
    var report = ExplainReport(
      replica: .sample("8082", .ejected), since: time, cause: "request: reset",
      probes: [ProbeReport.Verdict.passed, .failed, .notMade].map {
        ProbeReport(time: time, verdict: $0, result: "200", latencyMilliseconds: 0.4)
      },
      failures: [FailureCount(name: "connect", count: 2)],
      lastFailure: LastFailure(time: time, secondsAgo: 3.5, name: "connect", cause: "refused"),
      events: [answered])
    #expect(try roundTrip(report) == report)
    (report.cause, report.lastFailure, report.probes, report.events) = (nil, nil, [], [])
    #expect(try roundTrip(report) == report)
  }

  @Test func `the keys of events and explanations are those of the contract`() {
    let json = String(
      decoding: EventsReport(pid: 42, started: time, events: [answered]).json, as: UTF8.self)
    #expect(
      json == #"{"schema":1,"pid":42,"started":"2026-11-22T13:54:40.123Z","events":[{"number":7,"#
        + #""time":"2026-11-22T13:54:40.123Z","event":"answered","replica":null,"state":null,"#
        + #""cause":"reset","uid":null,"answers":{"status":502,"count":3,"#
        + #""tried":["8081","a \"b\""]}}]}"#)
    let failure = LastFailure(time: time, secondsAgo: 3.5, name: "connect", cause: "refused")
    #expect(
      String(decoding: failure.json, as: UTF8.self)
        == #"{"time":"2026-11-22T13:54:40.123Z","seconds_ago":3.5,"class":"connect","#
        + #""cause":"refused"}"#)
  }
}

struct ControlQueryTests {
  @Test func `any text comes through a query as it was`() {
    for text in ["8081", "127.0.0.1:8081", "[::1]:80", "unix:/a b/ä?&=#%+", "\u{0}\n", "%25"] {
      let target = ControlQuery.target(ControlPath.explain, ControlQuery.replica, text)
      #expect(target.utf8.allSatisfy { 0x21..<0x7F ~= $0 && $0 != 0x23 && $0 != 0x26 })
      #expect(ControlQuery.read(ControlQuery.replica, of: target) == .value(text))
    }
  }

  @Test func `no query, or an empty one, is none`() {
    #expect(ControlQuery.read("since", of: "/events") == .absent)
    #expect(ControlQuery.read("since", of: "/events?") == .absent)
  }

  @Test(arguments: [
    "since", "since=", "since=1&since=2", "since=1&x", "x=1", "x=1&since=1", "sinc=1", "Since=1",
    "since=%", "since=%4", "since=%zz", "since=%ff", "since=%c3%28", "since=1#2", "=1", "&", "?",
  ])
  func `what is no one name with its value is malformed`(_ query: String) {
    #expect(ControlQuery.read("since", of: "/events?\(query)") == .malformed)
  }

  @Test func `a value has its bound`() {
    let long = String(repeating: "a", count: ControlQuery.limit)
    #expect(ControlQuery.read("replica", of: "/explain?replica=\(long)") == .value(long))
    #expect(ControlQuery.read("replica", of: "/explain?replica=\(long)a") == .malformed)
  }

  @Test func `a number is digits that fit`() {
    #expect(ControlQuery.number("0") == 0 && ControlQuery.number("\(Int.max)") == .max)
    for text in ["", "-1", "+1", "1 ", "1e3", "0x1", "٣", "9223372036854775808", "1\u{0}"] {
      #expect(ControlQuery.number(text) == nil, "\(text)")
    }
  }
}
