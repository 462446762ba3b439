// The pool and the conf change under traffic, and no client notices.

import ControlProtocol
import Glibc
import LinuxIO
import TestSupport
import Testing

@Suite(.waiting) struct ChangeTests {
  @Test func `replicas come and go under traffic without an error`() throws {
    let stage = try Stage(replicas: 2)
    let load = try Load(port: stage.mainPort)
    for _ in 0..<3 {
      let port = try stage.startReplica()
      #expect(try stage.lbctl("add", "127.0.0.1:\(port)").status == 0)
      try stage.awaitPool("the new one serves") { $0.last?.requests ?? 0 > 0 }
    }
    for port in stage.ports.prefix(3) {
      try load.awaitAnswers(50)
      #expect(try stage.lbctl("remove", "\(port)").status == 0)
    }
    try load.awaitAnswers(50)
    #expect(load.stop() == [])
    #expect(try stage.pool().map(\.name) == Array(stage.names.suffix(2)))
  }

  @Test func `a removed replica ends what it has in flight and gets nothing more`() throws {
    let stage = try Stage(replicas: 2)
    let slow = try stage.connect()
    try slow.send("GET /delay/500ms HTTP/1.1\r\nHost: test\r\n\r\n")
    try stage.awaitPool("it is in flight") { $0[0].active == 1 }
    #expect(try stage.lbctl("remove", stage.names[0]).status == 0)
    let connection = try stage.connect()
    try eventually("the rest serves alone") {
      try (0..<4).allSatisfy { _ in try connection.get("/getInfo").port == stage.names[1] }
    }
    #expect(try slow.answer().status == 200)
  }

  @Test func `orders that make no sense are refused and change nothing`() throws {
    let stage = try Stage(replicas: 1)
    #expect(try stage.lbctl("add", "127.0.0.1:\(stage.names[0])").status == 1)
    let nonsense = try stage.lbctl("add", "http://nonsense")
    #expect(nonsense.status == 2 && nonsense.error.contains("is a URL, write nonsense:80"))
    #expect(!nonsense.error.contains("{"), "\(nonsense.error)")
    #expect(try stage.lbctl("remove", "nobody").status == 4)
    #expect(try stage.pool().map(\.name) == stage.names)
  }

  @Test func `HUP takes up a good conf and leaves a bad one, under traffic without an error`()
    throws
  {
    let stage = try Stage(replicas: 3)
    try stage.writeConf(ports: Array(stage.ports.prefix(2)))
    let load = try Load(port: stage.mainPort)
    for _ in 0..<3 {
      try load.awaitAnswers(30)
      try stage.writeConf(ports: Array(stage.ports.suffix(2)))
      stage.lbd?.signal(SIGHUP)
      try stage.awaitPool("the conf's two") { $0.map(\.name) == stage.names.suffix(2) }
      try load.awaitAnswers(30)
      try stage.write("[lbd]\nports = never\n")
      let refusals = stage.lbd?.error.matches(of: /reload-refused/).count ?? 0
      stage.lbd?.signal(SIGHUP)
      try eventually("the bad conf is refused") {
        stage.lbd?.error.matches(of: /reload-refused/).count ?? 0 > refusals
      }
      #expect(try stage.pool().map(\.name) == stage.names.suffix(2))
      try load.awaitAnswers(30)
      try stage.writeConf(ports: stage.ports)
      stage.lbd?.signal(SIGHUP)
      try stage.awaitPool("all three") { $0.map(\.name) == stage.names && $0[0].state == .up }
    }
    #expect(load.stop() == [])
    try eventually("the log says so") { stage.lbd?.error.contains("lb.conf:2:9: error") == true }
  }

  @Test func `a replica killed under traffic costs only what had been sent to it`() throws {
    let stage = try Stage(replicas: 3)
    let load = try Load(port: stage.mainPort)
    try load.awaitAnswers(100)
    try stage.killReplica(stage.ports[1])
    try load.awaitAnswers(200)
    try stage.awaitPool("it is out") { $0[1].state != .up }
    try stage.startReplica(port: stage.ports[1])
    try stage.awaitPool("it is back and serves") { $0[1].state == .up }
    try load.awaitAnswers(100)
    // Of each of the four clients at most one request was with it when it died.
    let failures = load.stop()
    #expect(failures.count <= 4 && failures.allSatisfy { $0.hasPrefix("502 ") }, "\(failures)")
  }
}
