// lbd is stopped and goes on later, by a debugger, `docker pause` or a machine that sleeps: the time in
// between counts against nobody.

import ControlProtocol
import Glibc
import LinuxIO
import TestSupport
import Testing

@Suite(.waitingFirst) struct StandstillTests {
  private static let sections = "[timeouts]\nresponse = 1500ms\nidle = 1500ms\n"

  /// A request in flight that is answered once the gate opens, and has so many seconds for that.
  private static func inFlight(seconds: Int) throws -> (Stage, Connection, Gate) {
    let gate = Gate()
    let replica = try ScriptedReplica { _, connection in
      try gate.wait()
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      return .keep
    }
    let stage = try Stage(
      scripted: [replica], health: Stage.noProbes,
      sections: "[timeouts]\nresponse = \(seconds)s\nidle = \(seconds)s\nconnect = 500ms\n")
    let client = try stage.connect()
    try client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
    try stage.awaitPool("it is in flight") { $0[0].active == 1 }
    return (stage, client, gate)
  }

  @Test func `answers that came while lbd stood still are passed on`() throws {
    let stage = try Stage(replicas: 1, health: Stage.noProbes, sections: Self.sections)
    let clients = try (0..<6).map { _ in try stage.connect() }
    for client in clients { try client.send("GET /delay/300ms HTTP/1.1\r\nHost: test\r\n\r\n") }
    try stage.awaitPool("all are in flight") { $0[0].active == 6 }
    try stage.lbd?.paused { Clock.sleep(milliseconds: 4000) }
    for client in clients { #expect(try client.answer().status == 200) }
  }

  @Test func `a probe that was under way when lbd stood still has its time afterwards`() throws {
    let (isHeld, probes, gate) = (Counter(), Counter(), Gate())
    let replica = try ScriptedReplica { _, connection in
      if isHeld.value > 0 {
        probes.add()
        try gate.wait()
      }
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      return .keep
    }
    let stage = try Stage()
    let other = try stage.startReplica()
    try stage.writeConf(
      ports: [replica.port, other],
      health: "path = /getInfo\ninterval = 200ms\ntimeout = 10s\nfall = 1\n")
    try stage.start()
    isHeld.add()
    try eventually("it is asked") { probes.value > 0 }
    try stage.lbd?.paused { Clock.sleep(milliseconds: 12_000) }
    Clock.sleep(milliseconds: 300)
    gate.open()
    try stage.awaitPool("it has answered") { $0[0].check.result == "200" && $0[0].state == .up }
    let events = try stage.lbctl("events").output
    #expect(!events.contains("down") && !events.contains("slow"), "\(events)")
  }

  @Test func `a standstill shorter than the time that is left is not counted either`() throws {
    let (stage, client, gate) = try Self.inFlight(seconds: 20)
    let start = Clock.now()
    try stage.lbd?.paused { Clock.sleep(milliseconds: 17_000) }
    // Had it counted, three seconds would be left; some sixteen and a half are.
    while Clock.now() - start < 21_000_000_000 { Clock.sleep(milliseconds: 50) }
    gate.open()
    #expect(try client.answer().text == "ok")
  }

  @Test func `a response that has time left when lbd stands still has it afterwards`() throws {
    let (stage, client, gate) = try Self.inFlight(seconds: 20)
    try stage.lbd?.paused { Clock.sleep(milliseconds: 21_000) }
    // A deadline that had passed would end it at once.
    #expect(client.isSilent(milliseconds: 100))
    gate.open()
    #expect(try client.answer().text == "ok")
  }
}
