// The limit of connections is said: what it comes to, what lowers it, and that it was met.

import ControlProtocol
import Foundation
import LinuxIO
import Testing

@Suite struct LimitTests {
  private static let ulimit = "ulimit -n 400; exec \"$0\" \"$@\""

  private func stage(_ limits: String, by script: String? = nil) throws -> Stage {
    let stage = try Stage()
    try stage.startReplica()
    try stage.writeConf(
      ports: stage.ports, lbd: "workers = 1", sections: "[limits]\n\(limits)\n")
    try stage.start(by: script)
    return stage
  }

  private func limit(_ stage: Stage) throws -> Int {
    Int(try stage.metrics().sum("lbd_connections_limit"))
  }

  @Test func `a limit that the descriptors lower is a warning at the start, and shown behind the key`()
    throws
  {
    let stage = try stage("connections = 5000", by: Self.ulimit)
    let limit = try limit(stage)
    #expect(limit < 200 && limit >= 16)
    let log = try #require(stage.lbd?.error)
    #expect(log.contains("\"level\":\"warning\",\"message\":\"connections = 5000 comes to less"), "\(log)")
    for part in ["at most \(limit) clients", "400 descriptors", "ulimit -n", "LimitNOFILE="] {
      #expect(log.contains(part), "\(part)")
    }
    let config = try stage.lbctl("config").output
    let line = try #require(config.split(separator: "\n").first { $0.hasPrefix("connections = ") })
    #expect(line.contains("\(limit) here, from 400 descriptors"), "\(line)")
    let shown = try Child(
      "/bin/sh", ["-c", Self.ulimit, try Binaries.path("lbd"), "-T", "-c", stage.confPath])
    #expect(try shown.outcome().output.contains(String(line)))
  }

  @Test(arguments: ["connections = 40", "connections = auto"])
  func `a limit that holds as it is said is no warning`(_ limits: String) throws {
    let stage = try stage(limits)
    let log = try #require(stage.lbd?.error)
    #expect(log.contains("\"event\":\"limits\"") && !log.contains("\"level\":\"warning\""), "\(log)")
    let limit = try limit(stage)
    if limits.hasSuffix("40") {
      #expect(limit == 40 && log.contains("at most 40 clients at once: connections in [limits]"))
    }
    #expect(try stage.lbctl("health").output == "1 of 1 replicas up\n")
  }

  @Test func `that the limit was met is said in log, events, health and metrics`() throws {
    let stage = try stage("connections = 20")
    #expect(try stage.metrics().sum("lbd_worker_connections_limit_met_total") == 0)
    var clients: [Connection] = []
    for _ in 0..<20 {
      let client = try stage.connect()
      #expect(try client.get("/getInfo").status == 200)
      clients.append(client)
    }
    try eventually("it is said") {
      stage.lbd?.error.contains("the limit of 20 connections was met") == true
    }
    #expect(stage.lbd?.error.contains("\"event\":\"limit-met\"") == true)
    #expect(try stage.lbctl("events").output.contains("limit-met"))
    #expect(try stage.lbctl("health").output.contains("; at the limit of 20 connections"))
    #expect(try stage.metrics().sum("lbd_worker_connections_limit_met_total") > 0)
    clients.removeAll()
    try eventually("it is past, and still said") {
      let health = try stage.lbctl("health")
      return health.status == 0 && health.output.contains("; the limit of 20 connections was met ")
    }
    // Once a minute at most.
    for _ in 0..<3 {
      clients = try (0..<20).map { _ in try stage.connect() }
      for client in clients { #expect(try client.get("/getInfo").status == 200) }
      clients.removeAll()
    }
    Clock.sleep(milliseconds: 1500)
    #expect(stage.lbd?.error.components(separatedBy: "\"event\":\"limit-met\"").count == 2)
  }

  @Test func `a pool that grows leaves fewer connections, and a reload says so`() throws {
    let stage = try stage("connections = auto", by: "ulimit -n 700; exec \"$0\" \"$@\"")
    let before = try limit(stage)
    try stage.writeConf(replicas: 80, on: stage.ports[0], health: Stage.fastProbes)
    let conf = try String(contentsOfFile: stage.confPath, encoding: .utf8)
    try stage.write(conf.replacing("[lbd]\n", with: "[lbd]\nworkers = 1\n"))
    #expect(try stage.lbctl("reload").status == 0)
    let after = try limit(stage)
    #expect(after < before - 50 && after >= 16)
    #expect(stage.lbd?.error.contains("at most \(after) clients at once") == true)
    // So many are served, and no more.
    var clients = try (0..<after).map { _ in try stage.connect() }
    for client in clients { #expect(try client.get("/getInfo").status == 200) }
    let late = try stage.connect()
    try late.send("GET /getInfo HTTP/1.1\r\nHost: test\r\n\r\n")
    Clock.sleep(milliseconds: 300)
    clients.removeLast(5)
    #expect(try late.answer().status == 200)
  }
}
