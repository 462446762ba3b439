// Each kind of abuse alone, with its exact outcome, and nothing left of it in lbd. All of them at once
// are `make test-abuse`.

import ControlProtocol
import LinuxIO
import TestSupport
import Testing

@Suite(.waiting) struct HostileClientTests {
  private static let short = "[timeouts]\nclient_header = 700ms\nidle = 700ms\nclient_idle = 1s\n"
  private static let limits = "[limits]\nbody = 1m\n"

  @Test(arguments: Abuse.allCases)
  func `abuse meets its answer and leaves nothing behind`(_ abuse: Abuse) throws {
    let stage = try AbuseStage(sections: Self.short + Self.limits)
    let seed = UInt64.random(in: .min ... .max)
    var random = Seeded(seed)
    do {
      try abuse.commit(on: stage.port, &random)
      try stage.expectNothingLeft()
    } catch {
      throw TestFailure("with the seed \(seed): \(error)")
    }
  }

  @Test func `poisonous requests take at most half of a pool out, until the next passed probe`()
    throws
  {
    let replicas = try (0..<5).map { _ in try Poison.replica() }
    let stage = try Stage(scripted: replicas)
    for number in 0..<200 {
      let connection = try stage.connect()
      try connection.send("POST /poison/reset HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n")
      try Poison.reset.expectFailure(connection)
      if number % 10 == 0 { #expect(try stage.pool().count { $0.state.isServing } >= 3) }
    }
    try eventually("the log says so") {
      stage.lbd?.error.contains(" is ejected (requests failed in a row") == true
    }
    try stage.awaitPool("all are back") { $0.allSatisfy { $0.state == .up } }
  }

  @Test func `hundreds of poisonous requests keep no replica from serving others`() throws {
    let stage = try AbuseStage(replicas: 0, poisonable: 2, sections: Self.short)
    for _ in 0..<30 {
      for poison in Poison.allCases {
        let connection = try stage.stage.connect()
        try connection.send("POST \(poison.path) HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n")
        try poison.expectFailure(connection)
      }
    }
    #expect(try stage.stage.connect().post("/echo", "well").text.hasSuffix("\r\n\r\nwell"))
    try stage.expectNothingLeft()
  }

  @Test func `clients that never read hold a buffer each, and few of these are large`() throws {
    let (count, large) = (300, 2 * 32)
    let stage = try AbuseStage(sections: "[timeouts]\nidle = 700ms\n")
    let lbd = try stage.lbd()
    _ = try stage.stage.connect().get("/bytes/1000000")
    let before = try lbd.kibibytes("VmRSS")
    let clients = try Abuse.open(stage.port, count)
    for client in clients {
      try client.send("GET /bytes/\(Abuse.muchBytes) HTTP/1.1\r\nHost: test\r\n\r\n")
    }
    for client in clients { #expect(try client.answerHead().status == 200) }
    var most = 0
    // By a reset; where the replica was the slower one, by an orderly end that nobody reads.
    try eventually("all are let go") {
      most = max(most, try lbd.kibibytes("VmRSS"))
      return try lbd.descriptors() <= stage.descriptors + 2
    }
    #expect(clients.count { $0.isCut(within: 0) } > count / 2)
    let allowed = (count - large) * 32 + large * 256 + 1024
    #expect(most - before < allowed, "from \(before) to \(most) KiB")
    try stage.expectNothingLeft()
  }

  @Test func `a refused client that goes on sending is cut before long`() throws {
    let stage = try AbuseStage(sections: Self.short)
    let connection = try stage.stage.connect()
    try connection.send("rubbish\r\n\r\n")
    let piece = [UInt8](repeating: 0x78, count: 100_000)
    // What the kernel holds on the way comes on top of the 32 MiB that lbd throws away.
    #expect(throws: (any Error).self) { for _ in 0..<1000 { try connection.send(piece) } }
    try stage.expectNothingLeft()
  }

  @Test func `with every connection in use, probes and lbctl go on, and the end of one makes room`()
    throws
  {
    let stage = try AbuseStage(
      replicas: 2, poisonable: 0,
      sections: "[limits]\nconnections = 40\n[timeouts]\nclient_header = 2s\n")
    let lbd = try stage.lbd()
    let slow = try Abuse.open(stage.port, 40)
    for connection in slow { try connection.send("GET /get") }
    try eventually("all are taken") { try lbd.descriptors() >= stage.descriptors + 40 }
    let late = try stage.stage.connect()
    try late.send("GET /getInfo HTTP/1.1\r\nHost: test\r\n\r\n")
    #expect(late.isSilent(milliseconds: 100))
    #expect(try stage.stage.lbctl("pool").status == 0)
    try stage.stage.killReplica(stage.stage.ports[0])
    try stage.stage.awaitPool("a probe found it") { $0[0].state != .up }
    // A probe it was: no request has reached a replica yet.
    #expect(late.isSilent(milliseconds: 0))
    #expect(try late.answer().port == stage.stage.names[1])
    #expect(try slow.allSatisfy { try $0.answer().status == 408 })
  }
}
