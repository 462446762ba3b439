// The limit of connections is said: what it comes to, what lowers it, and that it was met.

import ControlProtocol
import Foundation
import LinuxIO
import TestSupport
import Testing

@Suite struct LimitTests {
  private static let ulimit = "ulimit -n 400; exec \"$0\" \"$@\""

  private static let timeouts = "[timeouts]\nclient_header = 5m\nclient_idle = 5m\n"

  private func stage(
    _ limits: String, workers: Int = 1, by script: String? = nil
  ) throws -> Stage {
    let stage = try Stage()
    try stage.startReplica(["--host", "0.0.0.0"])
    try stage.writeConf(
      ports: stage.ports, lbd: "workers = \(workers)",
      sections: "[limits]\n\(limits)\n" + Self.timeouts)
    try stage.start(by: script)
    return stage
  }

  private func limit(_ stage: Stage) throws -> Int {
    try #require(try stage.metrics().sum("lbd_connections_limit"))
  }

  @Test
  func `a limit that the descriptors lower is a warning at the start, and shown behind the key`()
    throws
  {
    let stage = try stage("connections = 5000", by: Self.ulimit)
    let limit = try limit(stage)
    #expect(limit < 200 && limit >= 16)
    let log = try #require(stage.lbd?.error)
    #expect(
      log.contains("\"level\":\"warning\",\"message\":\"connections = 5000 comes to less"), "\(log)"
    )
    for part in ["at most \(limit) clients", "400 descriptors", "ulimit -n", "LimitNOFILE="] {
      #expect(log.contains(part), "\(part)")
    }
    let config = try stage.lbctl("config").output
    let line = try #require(config.split(separator: "\n").first { $0.hasPrefix("connections = ") })
    #expect(line.contains("\(limit) here, from 400 descriptors"), "\(line)")
    let shown = try Child(
      "/bin/sh", ["-c", Self.ulimit, try Binaries.path("lbd"), "-T", "-c", stage.confPath])
    #expect(try shown.outcome().output.contains(String(line)))
    let checked = try Child(
      "/bin/sh", ["-c", Self.ulimit, try Binaries.path("lbd"), "-t", "-c", stage.confPath])
    let notes = try checked.outcome().error
    #expect(notes.contains("lbd: note: connections = 5000 comes to less: at most \(limit) clients"))
  }

  @Test(arguments: ["connections = 40", "connections = auto"])
  func `a limit that holds as it is said is no warning`(_ limits: String) throws {
    let stage = try stage(limits)
    let log = try #require(stage.lbd?.error)
    #expect(
      log.contains("\"event\":\"limits\"") && !log.contains("\"level\":\"warning\""), "\(log)")
    let limit = try limit(stage)
    if limits.hasSuffix("40") {
      #expect(limit == 40 && log.contains("at most 40 clients at once: connections in [limits]"))
    }
    #expect(try stage.lbctl("health").output == "1 of 1 replicas up\n")
  }

  @Test func `a limit that workers share unevenly is said as what they serve`() throws {
    let stage = try stage("connections = 5", workers: 4)
    #expect(try limit(stage) == 8)
    try eventually("the log says so") {
      stage.lbd?.error.contains("at most 8 clients at once: connections in [limits], rounded up")
        == true
    }
  }

  /// A client whose request has begun, so that nobody is served in its place.
  private func busy(_ stage: Stage) throws -> Connection {
    let client = try stage.connect()
    #expect(try client.get("/getInfo").status == 200)
    try client.send("GET /getInfo HTTP/1.1\r\nHo")
    return client
  }

  private func lines(_ stage: Stage) -> Int {
    (stage.lbd?.error.components(separatedBy: "\"event\":\"limit-met\"").count ?? 1) - 1
  }

  /// What there is to see once the limit of 20 was met.
  private func expectSaid(_ stage: Stage) throws {
    try eventually("it is said") {
      stage.lbd?.error.contains("the limit of 20 connections was met") == true
    }
    #expect(lines(stage) == 1)
    #expect(try stage.lbctl("events").output.contains("limit-met"))
    #expect(try stage.lbctl("health").output.contains("; at the limit of 20 connections"))
    #expect(try stage.metrics().sum("lbd_worker_connections_limit_met_total") ?? 0 > 0)
  }

  @Test func `that clients at rest fill the limit is said in log, events, health and metrics`()
    throws
  {
    let stage = try stage("connections = 20")
    #expect(try stage.metrics().sum("lbd_worker_connections_limit_met_total") == 0)
    var clients = try (0..<20).map { _ in try stage.connect() }
    for client in clients { #expect(try client.get("/getInfo").status == 200) }
    let late = try stage.connect()
    #expect(try late.get("/getInfo").status == 200)
    try expectSaid(stage)
    #expect(try stage.metrics().sum("lbd_clients_closed_total") == 1)
    // Once a minute at most.
    for _ in 0..<30 { clients.append(try stage.connect()) }
    Clock.sleep(milliseconds: 1500)
    #expect(lines(stage) == 1)
    clients.removeAll()
    try eventually("it is past, and still said") {
      let health = try stage.lbctl("health")
      return health.status == 0 && health.output.contains("; the limit of 20 connections was met ")
    }
  }

  @Test func `that clients wait since nobody at the limit rests is said`() throws {
    let stage = try stage("connections = 20")
    var clients = try (0..<20).map { _ in try busy(stage) }
    let late = try stage.connect()
    try late.send("GET /getInfo HTTP/1.1\r\nHost: test\r\n\r\n")
    try expectSaid(stage)
    #expect(try stage.metrics().sum("lbd_clients_closed_total") == 0)
    clients.removeLast(5)
    #expect(try late.answer().status == 200)
  }

  @Test func `a pool that grows leaves fewer connections, and a reload says so`() throws {
    let stage = try stage("connections = auto", by: "ulimit -n 700; exec \"$0\" \"$@\"")
    let before = try limit(stage)
    try stage.writeConf(replicas: 80, on: stage.ports[0], health: Stage.fastProbes)
    let conf = try String(contentsOfFile: stage.confPath, encoding: .utf8)
    try stage.write(conf.replacing("[lbd]\n", with: "[lbd]\nworkers = 1\n") + Self.timeouts)
    #expect(try stage.lbctl("reload").status == 0)
    let after = try limit(stage)
    #expect(after < before - 50 && after >= 16)
    try eventually("the log says so") {
      stage.lbd?.error.contains("at most \(after) clients at once") == true
    }
    try stage.awaitPool("all are up") { $0.allSatisfy { $0.state == .up } }
    // So many are served, and no more.
    var clients = try (0..<after).map { _ in try busy(stage) }
    let late = try stage.connect()
    try late.send("GET /getInfo HTTP/1.1\r\nHost: test\r\n\r\n")
    #expect(late.isSilent(milliseconds: 300))
    clients.removeLast(5)
    #expect(try late.answer().status == 200)
  }
}
