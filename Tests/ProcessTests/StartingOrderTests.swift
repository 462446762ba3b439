// Whoever starts first: lbd and its replicas find each other.

import ControlProtocol
import LinuxIO
import Testing

@Suite(.waiting) struct StartingOrderTests {
  enum Order: CaseIterable { case lbdFirst, lbdBetween, lbdLast }

  @Test(arguments: Order.allCases)
  func `the order of starting does not matter`(_ order: Order) throws {
    let stage = try Stage()
    let ports = try (0..<3).map { _ in try stage.reservePort() }
    try stage.writeConf(ports: ports)
    let before = [Order.lbdFirst: 0, .lbdBetween: 1, .lbdLast: 3][order] ?? 0
    for port in ports.prefix(before) { try stage.startReplica(port: port) }
    try stage.launch()
    for port in ports.dropFirst(before) { try stage.startReplica(port: port) }
    try stage.awaitPool("all are up") { $0.allSatisfy { $0.state == .up } }
    let connection = try stage.connect()
    let answers = try (0..<6).map { _ in try connection.get("/getInfo").port }
    #expect(Set(answers) == Set(stage.names))
    #expect(answers.prefix(3) == answers.suffix(3))
  }

  @Test func `without probes the very first request has a replica`() throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      return .keep
    }
    for _ in 0..<20 {
      let stage = try Stage()
      try stage.writeConf(ports: [replica.port], health: "check = off\n")
      let (port, statuses) = (stage.mainPort, Notes<Int>())
      let client = try Thread.start("client") {
        while statuses.all.isEmpty {
          guard let connection = try? Connection(port: port) else { continue }
          statuses.add((try? connection.get("/").status) ?? 0)
        }
      }
      try stage.launch()
      client.join()
      #expect(statuses.all == [200])
    }
  }

  @Test func `requests that come before the first probes have ended wait for them`() throws {
    let replica = try ScriptedReplica { request, connection in
      if request.hasPrefix("GET /slow") { Clock.sleep(milliseconds: 300) }
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      return .keep
    }
    let stage = try Stage()
    try stage.writeConf(ports: [replica.port], health: "path = /slow\n")
    try stage.launch()
    #expect(try stage.connect().get("/").status == 200)
  }

  @Test func `a probe that takes long keeps clients out for two seconds at most`() throws {
    let replica = try ScriptedReplica { _, _ in
      Clock.sleep(milliseconds: 15_000)
      return .close
    }
    let stage = try Stage()
    try stage.writeConf(ports: [replica.port], health: "timeout = 20s\n")
    try stage.launch()
    let start = Clock.now()
    #expect(try stage.connect().get("/").status == 503)
    #expect(Clock.now() - start < 12_000_000_000)
  }

  @Test func `lbd alone answers 503 and tells of replicas that never passed a probe`() throws {
    let stage = try Stage()
    let port = try stage.reservePort()
    try stage.writeConf(ports: [port])
    try stage.launch()
    #expect(try stage.connect().get("/getInfo").status == 503)
    try stage.awaitPool("the absent one is known as such") {
      $0[0].state == .starting || $0[0].state == .down
    }
    #expect(try stage.lbctl("health").status == 2)
  }
}
