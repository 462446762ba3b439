// TERM where a service manager holds the listener: nobody can connect to the next lbd before this one has
// ended, so that it serves on for as long as those who were connected need.

import ControlProtocol
import Foundation
import Glibc
import LinuxIO
import Synchronization
import TestSupport
import Testing

@Suite(.waiting) struct ManagedStopTests {
  /// A listener that a manager holds, and passes to each lbd that it starts.
  struct Manager {
    let listener: FileHandle
    let inbox: DatagramInbox

    init(_ stage: Stage) throws {
      guard let address = SocketAddress(ip: "127.0.0.1", port: stage.mainPort) else {
        throw TestFailure("port")
      }
      let descriptor = try Socket.listen(address)
      listener = FileHandle(fileDescriptor: descriptor.release(), closeOnDealloc: true)
      inbox = try DatagramInbox(stage.directory + "/notify")
    }

    /// - Parameter isUnit: by a socket unit, to an lbd that has no manager to talk to
    ///     unless `more` says where one is.
    func start(_ stage: Stage, isUnit: Bool = false, more: String? = nil) throws {
      let name = isUnit ? "lbd.socket" : "kept-listener"
      let more = more ?? (isUnit ? "" : "NOTIFY_SOCKET=\(inbox.path)")
      try stage.launch(
        by: "exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=\(name) \(more)"
          + " exec \"$0\" \"$@\"", input: listener)
      // Clients could connect before it began, and its control socket is a file before it listens.
      try eventually("its control socket") { (try? stage.pool()) != nil }
      try stage.awaitPool("all are up") { $0.allSatisfy { $0.state == .up } }
    }
  }

  private func stage(drain: String) throws -> Stage {
    let stage = try Stage()
    try stage.startReplica()
    try stage.writeConf(ports: stage.ports, sections: "[timeouts]\ndrain = \(drain)\n")
    return stage
  }

  private func stops(_ stage: Stage) throws {
    stage.lbd?.signal(SIGTERM)
    try eventually("it stops") { stage.lbd?.error.contains("stops: ") == true }
  }

  private func echo(_ socket: WebSocket?) throws {
    let frame = WebSocket.Frame(.text, "still there")
    try socket?.send(frame)
    #expect(try socket?.receive() == frame)
  }

  @Test(arguments: [false, true])
  func `newcomers are served until those from before have ended, and it ends soon after`(
    _ isUnit: Bool
  ) throws {
    let stage = try stage(drain: "10m")
    let manager = try Manager(stage)
    try manager.start(stage, isUnit: isUnit)
    let (resting, asking) = (try stage.connect(), try stage.connect())
    #expect(try resting.get("/getInfo").status == 200)
    #expect(try asking.get("/getInfo").status == 200)
    var socket: WebSocket? = try WebSocket(stage.connect())
    try stops(stage)
    // Those who were there are let go, but for what they ask in a moment.
    let last = try asking.get("/getInfo")
    #expect(last.status == 200 && last["connection"] == "close")
    #expect(try asking.isOver() && resting.isOver())
    // Newcomers see no difference.
    let newcomer = try stage.connect()
    for _ in 0..<5 {
      #expect(try newcomer.get("/getInfo")["connection"] == nil)
      #expect(try stage.connect().get("/getInfo").status == 200)
    }
    try echo(socket)
    #expect(stage.lbd?.isRunning == true)
    let before = Clock.now()
    socket = nil
    // Not the conf's ten minutes.
    #expect(try stage.lbd?.exitStatus(within: 30) == 0)
    #expect(Clock.now() - before < 30_000_000_000)
    #expect(try newcomer.isOver())
  }

  @Test func `a restart keeps nobody waiting, and those from before for as long as the conf says`()
    throws
  {
    let stage = try stage(drain: "8s")
    let manager = try Manager(stage)
    try manager.start(stage)
    let socket: WebSocket? = try WebSocket(stage.connect())
    let load = try Load(port: stage.mainPort)
    let visits = try Visits(port: stage.mainPort)
    try load.awaitAnswers(100)
    let start = Clock.now()
    try stops(stage)
    try load.awaitAnswers(100)
    try echo(socket)
    #expect(try stage.lbd?.exitStatus(within: 60) == 0)
    // The conf's time, but for the moment in which the last newcomers are told.
    #expect(Clock.now() - start >= 7_500_000_000)
    #expect(try socket?.connection.takeRest() == [])
    try manager.start(stage)
    try load.awaitAnswers(100)
    #expect(load.stop() == [])
    let (failures, longest) = visits.stop()
    #expect(failures == [])
    // It waited for all of the conf's time before.
    #expect(longest < 4_000_000_000, "a newcomer waited for \(longest / 1_000_000) ms")
  }

  @Test func `a newcomer that would hold up the end is cut, as is all by a second TERM`() throws {
    let stage = try stage(drain: "10m")
    let manager = try Manager(stage)
    try manager.start(stage)
    var former = [try stage.connect()]
    try former[0].send("GET /delay/5m HTTP/1.1\r\nHost: test\r\n\r\n")
    try stage.awaitPool("it is in flight") { $0[0].active == 1 }
    try stops(stage)
    let newcomer = try stage.connect()
    try newcomer.send("GET /delay/5m HTTP/1.1\r\nHost: test\r\n\r\n")
    try stage.awaitPool("both are in flight") { $0[0].active == 2 }
    former.removeAll()
    #expect(try stage.lbd?.exitStatus(within: 30) == 0)
    #expect(try newcomer.takeRest() == [])

    try manager.start(stage)
    let socket = try WebSocket(stage.connect())
    try stops(stage)
    stage.lbd?.signal(SIGTERM)
    #expect(try stage.lbd?.exitStatus(within: 30) == 0)
    #expect(try socket.connection.takeRest() == [])
  }
}

/// Clients with a connection of their own for each request, and how long the slowest waited.
private final class Visits {
  private let state = State()
  private let thread: LinuxIO.Thread

  private final class State: Sendable {
    let isStopping = Atomic(false)
    let seen = Mutex<(failures: [String], longest: UInt64)>(([], 0))
  }

  init(port: UInt16) throws {
    let state = state
    thread = try LinuxIO.Thread.start("visits") {
      while !state.isStopping.load(ordering: .relaxed) {
        let start = Clock.now()
        var failure: String?
        do {
          let connection = try Connection(port: port)
          connection.patience = 60_000
          let status = try connection.get("/getInfo", "Connection: close\r\n").status
          if status != 200 { failure = "\(status)" }
        } catch { failure = "\(error)" }
        let time = Clock.now() - start
        state.seen.withLock { seen in
          seen.longest = max(seen.longest, time)
          if let failure { seen.failures.append(failure) }
        }
        Clock.sleep(milliseconds: 5)
      }
    }
  }

  func stop() -> (failures: [String], longest: UInt64) {
    state.isStopping.store(true, ordering: .relaxed)
    thread.join()
    return state.seen.withLock { $0 }
  }
}
