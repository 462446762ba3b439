// What there is little of: the control thread's time, room in the log's pipe, descriptors. Whoever
// uses it up takes neither the control socket nor a replica away.

import ControlProtocol
import Foundation
import Glibc
import LinuxIO
import TestSupport
import Testing

@Suite(.waiting) struct ShortageTests {
  /// lbctl answers, and not only once it has waited.
  private func expectPrompt(_ stage: Stage) throws {
    let start = Clock.now()
    #expect(try stage.lbctl("pool").status == 0)
    #expect(Clock.now() - start < 30_000_000_000)
  }

  // MARK: Many who ask for the pool's state

  private func ask(_ stage: Stage, _ fields: String) throws -> [Connection] {
    try (0..<300).map { _ in
      let connection = try stage.connect()
      try connection.send("GET /docs/pool HTTP/1.1\r\nHost: test\r\n\(fields)\r\n")
      return connection
    }
  }

  @Test func `requests for the pool's state whose bodies never come are refused at once`() throws {
    let stage = try Stage(replicas: 1, lbd: "docs = on")
    let connections = try ask(stage, "Content-Length: 1\r\n")
    try expectPrompt(stage)
    #expect(try connections.allSatisfy { try $0.answer().status == 413 })
    #expect(try stage.lbd?.load() ?? 100 < 30)
    #expect(try stage.connect().get("/docs/pool").status == 200)
  }

  @Test func `hundreds who ask for the pool's state at once leave lbctl its turn`() throws {
    let stage = try Stage(replicas: 1, lbd: "docs = on")
    let connections = try ask(stage, "")
    try expectPrompt(stage)
    let statuses = try connections.map { try $0.answer().status }
    #expect(statuses.contains(200) && statuses.allSatisfy { $0 == 200 || $0 == 503 })
    #expect(try stage.lbd?.load() ?? 100 < 30)
    #expect(try stage.connect().get("/docs/pool").status == 200)
  }

  @Test func `clients who ask for the pool's state without end leave lbctl its turn`() throws {
    let stage = try Stage(replicas: 1, lbd: "docs = on")
    let load = try Load(port: stage.mainPort, clients: 16, target: "/docs/pool", rate: nil)
    try load.awaitAnswers(500)
    for _ in 0..<3 { try expectPrompt(stage) }
    #expect(load.stop().allSatisfy { $0.hasPrefix("503 ") })
  }

  // MARK: A log that nobody reads

  /// lbd whose log goes to a pipe, its replicas up.
  private func startLogging(_ stage: Stage, _ ports: [UInt16]) throws -> NamedPipe {
    let log = try NamedPipe(stage.directory + "/log")
    try stage.writeConf(ports: ports, lbd: "workers = 1")
    try stage.start(by: "exec \"$0\" \"$@\" 2> '\(log.path)'")
    return log
  }

  @Test func `a log that nobody reads stops nothing`() throws {
    let stage = try Stage()
    for _ in 0..<2 { try stage.startReplica() }
    let log = try startLogging(stage, stage.ports)
    log.fill()
    try stage.killReplica(stage.ports[0])
    try stage.awaitPool("what lbd saw it would log") { $0[0].state != .up }
    stage.lbd?.signal(SIGHUP)
    #expect(try stage.lbctl("pool").status == 0)
    for _ in 0..<10 { #expect(try stage.connect().get("/getInfo").status == 200) }
    // Once it is read again, it says that there is a gap.
    _ = log.drain()
    try stage.startReplica(port: stage.ports[0])
    try stage.awaitPool("both are up") { $0.allSatisfy { $0.state == .up } }
    let text = log.drain()
    #expect(text.contains("lines of this log were dropped"), "\(text)")
    log.fill()
    stage.lbd?.signal(SIGTERM)
    #expect(try stage.lbd?.exitStatus() == 0)
  }

  @Test func `a line that is longer than a pipe's page is cut, and stops nothing`() throws {
    let stage = try Stage()
    let port = try stage.startReplica()
    let log = try startLogging(stage, [port])
    // Some pages are free, and fewer than the whole line of what changes would take.
    log.fill()
    log.takeSome(8192)
    let more = (0..<300).map {
      "[replica added-by-the-reload-\($0)]\naddress = 127.0.0.1:\($0 + 1)\n"
    }
    try stage.writeConf(ports: [port], lbd: "workers = 1", sections: more.joined())
    #expect(try stage.lbctl("reload").status == 0)
    #expect(try stage.lbctl("pool").status == 0)
    let line = log.drain().split(separator: "\n").last { $0.contains("\"changes\"") }
    #expect(line.map { $0.utf8.count < 4096 && $0.hasSuffix("}") && $0.contains("…") } == true)
  }

  @Test func `a replica comes back after any number of failures that nobody could log`() throws {
    let stage = try Stage()
    let port = try stage.reservePort()
    var replica: ScriptedReplica? = try ScriptedReplica(port: port) { _, connection in
      try connection.send("rubbish\r\n\r\n")
      return .close
    }
    let log = try startLogging(stage, [port])
    log.fill()
    // More than the control thread's mailbox holds.
    let failures = try inParallel(4) { [port = stage.mainPort] _ in
      let connection = try Connection(port: port)
      return try (0..<1100).count { _ in try connection.get("/").status == 502 }
    }
    #expect(failures.reduce(0, +) == 4400)
    try replica?.stop()
    replica = nil
    try eventually("it refuses connections") { try stage.connect().get("/").status == 503 }
    _ = log.drain()
    let successor = try ScriptedReplica(port: port) { _, connection in
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      return .keep
    }
    try stage.awaitPool("it is up again") { $0[0].state == .up && $0[0].check.result == "200" }
    // What the pool says and what requests meet agree.
    for _ in 0..<20 { #expect(try stage.connect().get("/").status == 200) }
    #expect(successor.requests.count == 20)
  }

  // MARK: Descriptors

  @Test func `a shortage of descriptors neither spins nor speaks against a replica`() throws {
    let stage = try Stage(replicas: 1, lbd: "workers = 1\ndocs = on")
    let lbd = try #require(stage.lbd)
    let client = try stage.connect()
    #expect(try client.get("/docs").status == 200)
    let limit = try lbd.descriptors() + 3
    try lbd.limitDescriptors(to: limit)
    do {
      // More than there are descriptors: the last ones wait in the kernel's queue.
      let connections = try (0..<12).map { _ in try stage.connect() }
      for connection in connections {
        try connection.send("GET /docs HTTP/1.1\r\nHost: test\r\n\r\n")
      }
      try eventually("the shortage") { try lbd.descriptors() >= limit }
      // lbd cannot reach its replica, and takes that for its own fault.
      #expect(try client.get("/getInfo").status == 503)
      #expect(try lbd.load() < 30)
      #expect(try client.get("/getInfo").status == 503)
      // Those who left make room for those who wait.
      for connection in connections.prefix(6) { connection.resetOnClose() }
    }
    try eventually("it serves again") { try client.get("/getInfo").status == 200 }
    #expect(try stage.connect().get("/getInfo").status == 200)
    let report = try stage.pool()[0]
    #expect(report.state == .up && report.stateSeconds > 1, "\(lbd.error)")
    #expect(!lbd.error.contains(" is down") && !lbd.error.contains(" is ejected"), "\(lbd.error)")
  }

  @Test(arguments: ["auto", "1"])
  func `a limit of few connections is one that lbd starts and serves with`(
    _ workers: String
  ) throws {
    let stage = try Stage(
      replicas: 1, lbd: "workers = \(workers)", sections: "[limits]\nconnections = 10\n")
    for _ in 0..<30 { #expect(try stage.connect().get("/getInfo").status == 200) }
    let load = try Load(port: stage.mainPort, clients: 8, rate: nil)
    try load.awaitAnswers(200)
    #expect(load.stop() == [])
    #expect(try stage.lbctl("pool").status == 0)
  }
}
