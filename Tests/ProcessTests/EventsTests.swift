// What happened is kept and told with its cause, by real processes.

import ControlProtocol
import Foundation
import Glibc
import LinuxIO
import TestSupport
import Testing

extension Stage {
  /// What the control socket answers.
  func control(_ target: String) throws -> Answer {
    guard let address = SocketAddress(path: socketPath) else { throw TestFailure(socketPath) }
    return try Connection(address).get(target)
  }

  func events() throws -> [EventReport] {
    let body = try control(ControlPath.events).body
    return try JSONDecoder().decode(EventsReport.self, from: Data(body)).events
  }

  func explain(_ port: UInt16) throws -> ExplainReport {
    let body = try control(
      ControlQuery.target(ControlPath.explain, ControlQuery.replica, "127.0.0.1:\(port)")
    ).body
    return try JSONDecoder().decode(ExplainReport.self, from: Data(body))
  }

  /// For how many seconds replicas were ejected each time that one came back, by lbd's own clock.
  func outages() throws -> [Double] {
    let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    var since: [String: Date] = [:]
    var outages: [Double] = []
    for event in try events() where event.event == .state {
      let (name, time) = (event.replica ?? "", try style.parse(event.time))
      if event.state == .ejected { since[name] = time }
      if event.state == .up, let begin = since.removeValue(forKey: name) {
        outages.append(time.timeIntervalSince(begin))
      }
    }
    return outages
  }

  /// Waits until the events are as they must be.
  func awaitEvents(_ what: String, _ isSo: ([EventReport]) -> Bool) throws {
    var last: [EventReport] = []
    try eventually("\(what); the events: \(last)") {
      last = try events()
      return isSo(last)
    }
  }
}

@Suite(.waiting) struct EventsTests {
  /// Requests find a dead replica before probes do.
  private static let slowProbes = "path = /health\ninterval = 1s\nfast_interval = 100ms\n"

  @Test func `a killed replica's events say when it left, why, and when it came back`() throws {
    let stage = try Stage(replicas: 2, health: EventsTests.slowProbes)
    let name = stage.names[0]
    try stage.killReplica(stage.ports[0])
    _ = try (0..<2).map { _ in try stage.connect().get("/getInfo") }
    try stage.awaitEvents("it is ejected") { $0.contains { $0.state == .ejected } }
    try stage.startReplica(port: stage.ports[0])
    try stage.awaitEvents("it is up again") { $0.last?.state == .up && $0.last?.replica == name }
    let events = try stage.events()
    #expect(events.map(\.number) == Array(1...events.count))
    #expect(events[0].event == .start)
    let own = events.filter { $0.replica == name }
    #expect(own.allSatisfy { $0.event == .state })
    #expect(own.first?.state == .up && own.first?.cause?.hasPrefix("probe: ") == true)
    let ejected = own.first { $0.state == .ejected }
    #expect(ejected?.cause == "request: Connection refused")
    #expect(ejected.map { $0.time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) } != nil)
    let table = try stage.lbctl("events", "-n", "100", "--no-header")
    #expect(table.status == 0)
    #expect(table.output.split(separator: "\n").count == events.count)
    #expect(table.output.contains(try Regex("Z  ejected +\(name) +request: Connection refused\n")))
  }

  @Test func `orders carry who gave them, reloads what they came to`() throws {
    let stage = try Stage(replicas: 1)
    #expect(try stage.lbctl("add", "127.0.0.1:1").status == 0)
    #expect(try stage.lbctl("remove", "1").status == 0)
    stage.lbd?.signal(SIGHUP)
    try stage.awaitEvents("reloaded") { $0.contains { $0.event == .reload } }
    try stage.write("[lbd]\nbad = 1\n")
    stage.lbd?.signal(SIGHUP)
    try stage.awaitEvents("refused") { $0.contains { $0.event == .reloadRefused } }
    let events = try stage.events()
    let orders = events.filter { $0.event == .added || $0.event == .removed }
    #expect(orders.map(\.event) == [.added, .removed])
    #expect(orders.allSatisfy { $0.replica == "1" && $0.cause == "127.0.0.1:1" })
    #expect(orders.allSatisfy { $0.uid == Int(getuid()) })
    let refused = events.first { $0.event == .reloadRefused }?.cause ?? ""
    #expect(refused.contains("lb.conf:2:1: error: ") && !refused.contains("\n"))
  }

  @Test func `a storm of 5xx is one event a second with their count`() throws {
    let stage = try Stage(
      replicas: 1, health: Stage.noProbes, sections: "[hold]\ntimeout = off\n")
    try stage.killReplica(stage.ports[0])
    let connection = try stage.connect()
    for _ in 0..<300 { #expect(try connection.get("/getInfo").status == 503) }
    try stage.awaitEvents("all are counted") {
      $0.reduce(0) { $0 + ($1.answers?.count ?? 0) } == 300
    }
    let answered = try stage.events().filter { $0.event == .answered }
    #expect(answered.count <= 20 && answered.first?.answers?.tried == stage.names)
    #expect(answered.allSatisfy { $0.cause == "no replica is available" })
    #expect(answered.allSatisfy { $0.answers?.status == 503 })
  }

  @Test func `explain says why a killed replica gets nothing`() throws {
    let stage = try Stage(replicas: 2)
    _ = try (0..<4).map { _ in try stage.connect().get("/getInfo") }
    try stage.killReplica(stage.ports[0])
    try stage.awaitPool("it is down") { $0[0].state == .down }
    let report = try stage.explain(stage.ports[0])
    #expect(report.replica.name == stage.names[0] && report.replica.state == .down)
    #expect(report.cause == "probe: refused")
    #expect(report.probes.last?.verdict == .failed && report.probes.last?.result == "refused")
    #expect(report.probes.first?.verdict == .passed && report.probes.count <= 10)
    #expect(report.events.last?.state == .down && report.replica.order == .ready)
    let outcome = try stage.lbctl("explain", stage.names[0])
    #expect(outcome.status == 0)
    #expect(
      outcome.output.hasPrefix(
        "\(stage.names[0]) (127.0.0.1:\(stage.names[0])) is down: probe: refused\n\nconf "))
    #expect(outcome.output.contains(/\nobserved +down for \d/))
    #expect(outcome.output.contains(/failed +\d\S+  refused\n/))
  }

  @Test func `explain counts failures by class and tells the last one`() throws {
    let stage = try Stage(replicas: 2, health: Stage.noProbes)
    try stage.killReplica(stage.ports[0])
    _ = try (0..<2).map { _ in try stage.connect().get("/getInfo") }
    try eventually("it is told") { try stage.explain(stage.ports[0]).lastFailure != nil }
    let report = try stage.explain(stage.ports[0])
    #expect(
      report.failures.map(\.name) == ["connect", "stale", "reset", "timeout", "status", "protocol"])
    #expect(report.failures.map(\.count) == [1, 0, 0, 0, 0, 0])
    #expect(report.lastFailure?.name == "connect")
    #expect(report.lastFailure?.cause == "Connection refused")
    #expect(report.cause == "request: Connection refused" && report.replica.state == .ejected)
    #expect(try stage.explain(stage.ports[1]).failures.allSatisfy { $0.count == 0 })
  }

  @Test func `an unknown replica is exit 4, in every spelling`() throws {
    let stage = try Stage(replicas: 1)
    for name in ["nope", "127.0.0.1:1", "a b&c=d#?", "ä", "%", "\u{1B}[2J"] {
      let outcome = try stage.lbctl("explain", name)
      #expect(outcome.status == 4 && outcome.output.isEmpty, "\(name)")
      #expect(outcome.error.contains("there is no replica ") && !outcome.error.contains("\u{1B}"))
    }
    #expect(try stage.lbctl("explain", "127.0.0.1:\(stage.names[0])").status == 0)
  }

  @Test func `following prints what comes, survives a restart and ends on SIGINT`() throws {
    let stage = try Stage(replicas: 1)
    let follower = try Child.start(
      "lbctl", ["events", "-f", "-n", "0", "--no-header", "--socket", stage.socketPath])
    #expect(try stage.lbctl("add", "127.0.0.1:1").status == 0)
    // Between its start and its first look it is not known what counts as new.
    try eventually("it follows") {
      if follower.output.contains("added") || follower.output.contains("removed") { return true }
      _ = try stage.lbctl("remove", "1")
      _ = try stage.lbctl("add", "127.0.0.1:1")
      return false
    }
    stage.lbd?.signal(SIGTERM)
    _ = try stage.lbd?.exitStatus()
    try eventually("it says so") { follower.error.contains("lbd is not running") }
    #expect(follower.isRunning)
    try stage.launch()
    try eventually("it goes on; \(follower.output)\(follower.error)") {
      follower.output.contains(/Z  start +- +lbd/)
    }
    #expect(follower.error.contains("lbd was started anew"))
    follower.signal(SIGINT)
    #expect(try follower.exitStatus() == 0)
    #expect(follower.error.split(separator: "\n").count == 2)
  }

  @Test func `a hostile question about events is 400 and ends nothing`() throws {
    let stage = try Stage(replicas: 1)
    let queries = [
      "events?since=-1", "events?since=+1", "events?since=9223372036854775808", "events?since=1e3",
      "events?since=%00", "events?since=1&since=2", "events?x", "events?since=",
      "events?since=" + String(repeating: "9", count: 9000), "explain", "explain?", "explain?x=1",
      "explain?replica=", "explain?replica=%", "explain?replica=%ff", "explain?replica=a&b=c",
      "explain?replica=" + String(repeating: "a", count: 1025),
    ]
    for query in queries {
      let answer = try stage.control("/" + query)
      #expect(answer.status == 400, "\(query.prefix(40))")
      #expect(answer.text.hasPrefix(#"{"schema":1,"detail":""#))
    }
    #expect(try stage.control("/events?since=\(Int.max)").status == 200)
    #expect(try stage.control("/explain?replica=a%00%0a").status == 404)
    #expect(try stage.lbctl("pool").status == 0)
  }
}
