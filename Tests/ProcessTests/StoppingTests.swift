// TERM: what is in flight ends, nobody new comes in, and the exit is clean.

import ControlProtocol
import Foundation
import Glibc
import LinuxIO
import TestSupport
import Testing

@Suite(.waiting) struct StoppingTests {
  /// A connection with a request that its replica takes so long for.
  private func inFlight(_ stage: Stage, _ duration: String) throws -> Connection {
    let connection = try stage.connect()
    try connection.send("GET /delay/\(duration) HTTP/1.1\r\nHost: test\r\n\r\n")
    try stage.awaitPool("it is in flight") { $0.map(\.active).reduce(0, +) > 0 }
    return connection
  }

  private func isRefused(_ port: UInt16) -> Bool {
    do { _ = try Connection(port: port) } catch let error as SystemError {
      return error.code == ECONNREFUSED
    } catch {}
    return false
  }

  @Test(arguments: [SIGTERM, SIGINT])
  func `what is in flight ends, new connections are refused, exit 0`(_ signal: Int32) throws {
    let stage = try Stage(replicas: 1)
    let idle = try stage.connect()
    #expect(try idle.get("/getInfo").status == 200)
    let busy = try inFlight(stage, "600ms")
    stage.lbd?.signal(signal)
    try eventually("new connections are refused") { isRefused(stage.mainPort) }
    #expect(try idle.isOver())
    let answer = try busy.answer()
    #expect(answer.status == 200 && answer["connection"] == "close")
    #expect(try stage.lbd?.exitStatus() == 0)
    #expect(!FileManager.default.fileExists(atPath: stage.socketPath))
  }

  @Test func `a connection that came just before the end has a moment for its first request`()
    throws
  {
    let stage = try Stage(replicas: 1)
    let (early, silent) = (try stage.connect(), try stage.connect())
    let before = Clock.now()
    stage.lbd?.signal(SIGTERM)
    try eventually("new connections are refused") { isRefused(stage.mainPort) }
    #expect(early.isSilent(milliseconds: 100))
    #expect(try early.get("/getInfo").status == 200)
    #expect(try early.isOver())
    // One that says nothing does not hold up the end for long.
    #expect(try silent.isOver())
    #expect(try stage.lbd?.exitStatus(within: 30) == 0)
    #expect(Clock.now() - before < 20_000_000_000)
  }

  @Test func `a second TERM stops at once`() throws {
    let stage = try Stage(replicas: 1)
    let busy = try inFlight(stage, "60s")
    stage.lbd?.signal(SIGTERM)
    try eventually("it drains") { isRefused(stage.mainPort) }
    #expect(stage.lbd?.isRunning == true)
    stage.lbd?.signal(SIGTERM)
    _ = try stage.lbd?.exitStatus(within: 20)
    _ = try busy.takeRest()
    #expect(busy.end != nil)
  }

  @Test func `what does not end is cut when the conf's time is over`() throws {
    let stage = try Stage(replicas: 1, sections: "[timeouts]\ndrain = 400ms\n")
    let busy = try inFlight(stage, "60s")
    let start = Clock.now()
    stage.lbd?.signal(SIGTERM)
    _ = try stage.lbd?.exitStatus(within: 30)
    #expect(Clock.now() - start >= 350_000_000)
    _ = try busy.takeRest()
  }

  @Test(arguments: [ScriptedReplica.Next.close, .reset])
  func `the exit is clean after failures, too`(_ next: ScriptedReplica.Next) throws {
    let replica = try ScriptedReplica { _, _ in next }
    let stage = try Stage(scripted: [replica], lbd: "workers = 1")
    for _ in 0..<3 { #expect(try stage.connect().get("/").status == 502) }
    stage.lbd?.signal(SIGTERM)
    #expect(try stage.lbd?.exitStatus() == 0)
    #expect(stage.lbd?.error.contains("atal error") == false, "\(stage.lbd?.error ?? "")")
  }

  @Test func `a download under way is finished`() throws {
    let stage = try Stage(replicas: 1)
    let connection = try stage.connect()
    try connection.send("GET /stream?chunks=8&interval=50ms HTTP/1.1\r\nHost: test\r\n\r\n")
    _ = try connection.answerHead()
    stage.lbd?.signal(SIGTERM)
    var count = 0
    while try connection.chunk() != nil { count += 1 }
    #expect(count == 8)
    #expect(try stage.lbd?.exitStatus() == 0)
  }

  @Test func `lbd starts again at once on the port that it had`() throws {
    let stage = try Stage(replicas: 1)
    let connection = try stage.connect()
    #expect(try connection.get("/getInfo").status == 200)
    stage.lbd?.signal(SIGKILL)
    _ = try stage.lbd?.exitStatus()
    // The socket file of the dead one is in the way, too.
    try stage.start()
    #expect(try stage.connect().get("/getInfo").status == 200)
  }
}
