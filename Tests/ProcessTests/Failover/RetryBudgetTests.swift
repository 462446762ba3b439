// Retries by status: within a budget, for what may be executed twice, and never multiplied by a
// chain of lbds.

import ControlProtocol
import LinuxIO
import Testing

@Suite(.waiting) struct RetryBudgetTests {
  private static let statuses = "[retry]\nstatuses = 502-504\n"

  private func answering(_ status: String) throws -> ScriptedReplica {
    try ScriptedReplica { _, connection in
      try connection.send("HTTP/1.1 \(status)\r\nContent-Length: 2\r\n\r\nno")
      return .keep
    }
  }

  @Test func `when all answer 503, they get at most a fifth more requests than the clients send`()
    throws
  {
    let replicas = try (0..<4).map { _ in try answering("503 Busy") }
    let stage = try Stage(scripted: replicas, sections: Self.statuses)
    let count = Length.of(2000, soak: 20_000)
    let statuses = try inParallel(8) { [port = stage.mainPort] _ in
      let client = try Connection(port: port)
      return try (0..<count / 8).map { _ in try client.get("/").status }
    }
    // The replicas' own answer is passed on.
    #expect(statuses.joined().allSatisfy { $0 == 503 })
    let asked = replicas.map(\.requests.count).reduce(0, +)
    #expect(asked > count && asked * 10 <= count * 12, "\(asked) for \(count)")
    print("all 503: \(asked) requests for \(count) of the clients")
  }

  @Test func `one that answers 503 costs its clients nothing that may be executed twice`() throws {
    let (bad, good) = (try answering("503 Busy"), try answering("200 OK"))
    let stage = try Stage(
      scripted: [bad, good, try answering("200 OK")], lbd: "workers = 1",
      health: Stage.noProbes + "failures = 0\n",
      sections: "[retry]\nstatuses = 503\nbudget = 100%\n")
    let client = try stage.connect()
    for _ in 0..<30 { #expect(try client.get("/").status == 200) }
    let posts = try (0..<6).map { _ in try client.post("/", "x").status }
    #expect(posts.contains(503))
    #expect(bad.requests.count { $0.hasPrefix("POST") } == posts.count { $0 == 503 })
  }

  @Test func `without the conf's word a status is passed on`() throws {
    let replicas = [try answering("503 Busy"), try answering("503 Busy")]
    let stage = try Stage(scripted: replicas)
    #expect(try stage.connect().get("/").status == 503)
    #expect(replicas.map(\.requests.count).reduce(0, +) == 1)
  }

  @Test func `a chain of lbds does not multiply retries`() throws {
    // Each ends the connection of every request.
    let replicas = try (0..<4).map { _ in try ScriptedReplica { _, _ in .close } }
    let inner = try [0, 2].map { try Stage(scripted: [replicas[$0], replicas[$0 + 1]]) }
    let outer = try Stage()
    try outer.writeConf(
      ports: inner.map(\.mainPort), health: Stage.noProbes + "expect = 200-599\n",
      sections: Self.statuses)
    try outer.start()
    let answer = try outer.connect().get("/")
    #expect(answer.status == 502)
    #expect(answer["proxy-status"] == "lbd; error=connection_terminated")
    // One inner lbd has tried both of its own; the outer one believes it.
    #expect(replicas.map(\.requests.count).reduce(0, +) == 2)
  }

  @Test func `what an lbd has asked others for in vain is not asked again by the one before it`()
    throws
  {
    let replicas = try (0..<4).map { _ in try answering("503 Busy") }
    let inner = try [0, 2].map {
      try Stage(scripted: [replicas[$0], replicas[$0 + 1]], sections: Self.statuses)
    }
    let outer = try Stage()
    try outer.writeConf(
      ports: inner.map(\.mainPort), health: Stage.noProbes + "expect = 200-599\n",
      sections: Self.statuses)
    try outer.start()
    let answer = try outer.connect().get("/")
    #expect(answer.status == 503 && answer["proxy-status"] == "lbd; received-status=503")
    #expect(replicas.map(\.requests.count).reduce(0, +) == 2)
  }

  @Test func `after a status a failed connect goes on to the next, as any`() throws {
    let bad = try answering("503 Busy")
    let gone = try ScriptedReplica { _, _ in .close }
    let good = try answering("200 OK")
    let stage = try Stage(
      scripted: [bad, gone, good], lbd: "workers = 1", health: Stage.noProbes + "failures = 0\n",
      sections: Self.statuses + "budget = 100%\n")
    try gone.stop()
    let client = try stage.connect()
    for _ in 0..<9 { #expect(try client.get("/").status == 200) }
  }

  @Test func `an lbd without replicas is passed over by the one before it`() throws {
    let replica = try answering("200 OK")
    let full = try Stage(scripted: [replica])
    let empty = try Stage()
    try empty.writeConf(ports: [try empty.reservePort()], sections: "[hold]\ntimeout = off\n")
    try empty.launch()
    let outer = try Stage()
    try outer.writeConf(
      ports: [empty.mainPort, full.mainPort], health: Stage.noProbes + "expect = 200-599\n",
      sections: Self.statuses)
    try outer.start()
    let client = try outer.connect()
    for _ in 0..<3 { #expect(try client.get("/").status == 200) }
  }
}
