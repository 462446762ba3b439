// Requests that come back to the lbd that sent them on.

import ControlProtocol
import LinuxIO
import TestSupport
import Testing

@Suite(.waiting) struct LoopTests {
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

  private func replica() throws -> ScriptedReplica {
    try ScriptedReplica { _, connection in
      try connection.send(Self.ok)
      return .keep
    }
  }

  /// An lbd that has others for replicas, without probes unless it is told; with an access log.
  private func lbd(
    _ stage: Stage, before ports: [UInt16], health: String = "check = off\n", sections: String = ""
  ) throws {
    try stage.writeConf(
      ports: ports, lbd: "workers = 1", health: health,
      sections: stage.accessSection() + sections)
    try stage.launch()
  }

  @Test(arguments: ["on", "off"])
  func `two lbds that have each other for replicas end a request after one round`(
    _ via: String
  ) throws {
    let (first, second) = (try Stage(), try Stage())
    try lbd(first, before: [second.mainPort])
    // One that states no Via passes on the other's.
    try lbd(second, before: [first.mainPort], sections: "[forward]\nvia = \(via)\n")
    let answer = try first.connect().post("/round", "body")
    #expect(answer.status == 508)
    #expect(answer["proxy-status"] == "lbd; error=proxy_loop_detected")
    let lines = try first.awaitAccessLines(2)
    let others = try second.awaitAccessLines(1)
    #expect(lines.count == 2 && others.count == 1)
    #expect(
      lines.first?.text("cause")
        == "the request has come back to this lbd: a replica leads to lbd itself")
    #expect(lines.allSatisfy { $0.count("status") == 508 })
    try eventually("the log says so") {
      first.lbd?.error.contains("has come back to this lbd") == true
    }
  }

  @Test func `a request that came through ten lbds goes no further, one through nine does`() throws
  {
    let replica = try replica()
    let stage = try Stage.withAccessLog(scripted: [replica])
    let connection = try stage.connect()
    let vias = (0..<10).map { _ in "1.1 lbd" }
    let nine = vias.dropLast().joined(separator: ", ")
    #expect(try connection.get("/nine", "Via: \(nine)\r\n").text == "ok")
    #expect(try connection.get("/ten", "Via: \(nine)\r\nVia: 1.1 lbd\r\n").status == 508)
    #expect(
      try connection.get("/others", "Via: \(nine.replacing("lbd", with: "edge"))\r\n").text == "ok")
    #expect(replica.requests.map { $0.prefix { $0 != "H" } } == ["GET /nine ", "GET /others "])
    let line = try stage.awaitAccessLines(3).first { $0.text("target") == "/ten" }
    #expect(line?.text("cause") == "the request has come through 10 lbds: they may form a loop")
    #expect(line?.count("attempts") == 0)
  }

  @Test func `each lbd has a mark of its own, with the same conf too`() throws {
    let replica = try replica()
    var marks: Set<String> = []
    for _ in 0..<2 {
      let stage = try Stage(scripted: [replica])
      #expect(try stage.connect().get("/").text == "ok")
      let via = try #require(replica.requests.last?.firstMatch(of: /\r\nVia: 1\.1 (\S+)\r\n/)?.1)
      #expect(via.wholeMatch(of: /lbd-[0-9a-f]{16}/) != nil)
      marks.insert(String(via))
    }
    #expect(marks.count == 2)
  }

  @Test(arguments: ["200-599", "200-499"])
  func `a probe that comes back to its lbd is never a pass`(_ expect: String) throws {
    let (first, second) = (try Stage(), try Stage())
    try lbd(second, before: [first.mainPort])
    let replica = try replica()
    try lbd(
      first, before: [replica.port, second.mainPort],
      health: Stage.fastProbes + "expect = \(expect)\n")
    let name = "\(second.mainPort)"
    try first.awaitPool("a verdict on each") { pool in
      pool[0].state == .up && pool.contains { $0.name == name && $0.check.result == "lbd itself" }
    }
    let connection = try first.connect()
    for _ in 0..<6 { #expect(try connection.get("/").text == "ok") }
    let found = try #require(try first.pool().first { $0.name == name })
    #expect(found.state == .starting || found.state == .down)
  }

  @Test func `a probe that an lbd refuses is no pass either`() throws {
    let (first, second) = (try Stage(), try Stage())
    let replica = try replica()
    try lbd(second, before: [replica.port])
    // Its PROXY header is a malformed request to who does not trust it.
    try lbd(
      first, before: [second.mainPort], health: Stage.fastProbes,
      sections: "[forward]\nproxy_protocol = v1\n")
    try first.awaitPool("a verdict") { $0[0].check.result == "400 of an lbd" }
    #expect(try first.pool()[0].state != .up)
    #expect(try first.connect().get("/").status == 503)
  }
}
