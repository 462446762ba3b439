// A takeover ends with exactly one lbd that serves and has the control socket, whoever else wants to take
// over and whoever dies or stands still meanwhile. Every order of steps is in TakeoverProtocolTests; here
// processes meet some of them.

import ControlProtocol
import Foundation
import Glibc
import LinuxIO
import Testing

@Suite struct TakeoverTransactionTests {
  /// Several lbds of one conf, of which one is to be left.
  private final class Contest {
    let stage: Stage
    private(set) var lbds: [Apart] = []

    init(replicas count: Int = 2) throws {
      stage = try Stage()
      for _ in 0..<count { try stage.startReplica() }
      try stage.writeConf(ports: stage.ports)
    }

    @discardableResult
    func start(_ arguments: String...) throws -> Apart {
      let log = stage.directory + "/contest-\(lbds.count)"
      let lbd = try Apart(
        [try Binaries.path("lbd")] + arguments + ["-c", stage.confPath], log: log)
      lbds.append(lbd)
      return lbd
    }

    /// Starts the first and waits until its replicas are up.
    func startFirst() throws -> Apart {
      let lbd = try start()
      try eventually("all are up: \(lbd.log)", within: 30) {
        (try? stage.pool())?.allSatisfy { $0.state == .up } ?? false
      }
      return lbd
    }

    var logs: String { lbds.map { "\n\($0.pid):\n\($0.log)" }.joined() }

    /// Who answers at the control socket.
    func holder() throws -> Int32? {
      guard let address = SocketAddress(path: stage.socketPath),
        let connection = try? Connection(address)
      else { return nil }
      let answer = try? connection.get(ControlPath.pool)
      let report = try answer.map { try JSONDecoder().decode(PoolReport.self, from: Data($0.body)) }
      return report.map { Int32($0.pid) }
    }

    /// Waits until one is left, which has the control socket and serves.
    func awaitOne() throws -> Apart {
      let left = try eventually("one is left:\(logs)", within: 60) { () -> Apart? in
        let running = lbds.filter(\.isRunning)
        guard !running.isEmpty else { throw Failure("none is left:\(logs)") }
        return running.count == 1 ? running[0] : nil
      }
      try eventually("it has the control socket:\(logs)", within: 30) {
        try holder() == left.pid
      }
      #expect(try stage.connect().get("/getInfo").status == 200)
      lbds = [left]
      return left
    }
  }

  @Test func `a second takeover while the first one starts is refused, and the first goes through`()
    throws
  {
    let address = try #require(SocketAddress(ip: "127.0.0.1", port: 0))
    // A replica that accepts and says nothing keeps the first round of probes open.
    let silent = try Socket.listen(address)
    let contest = try Contest()
    let stage = contest.stage
    try stage.writeConf(
      ports: stage.ports + [Socket.localAddress(silent)?.port ?? 0],
      health: "path = /health\ntimeout = 30s\n")
    let former = try contest.start()
    try eventually("two are up: \(former.log)") {
      (try? stage.pool())?.filter { $0.state == .up }.count == 2
    }
    let next = try contest.start("--takeover")
    try eventually("the listener is handed over") { former.log.contains("was handed to") }
    let second = try contest.start("--takeover")
    #expect(try second.exitStatus() == 1)
    #expect(
      second.log.contains("another lbd, process \(next.pid), is taking over"), "\(second.log)")
    #expect(try contest.awaitOne().pid == next.pid)
    #expect(try former.exitStatus() == 0)
    // What it is told, it keeps: every request goes where its orders say.
    #expect(try stage.lbctl("drain", stage.names[0]).status == 0)
    let client = try stage.connect()
    for _ in 0..<30 {
      #expect(try client.get("/getInfo").text.contains("\"port\":\"\(stage.names[1])\""))
    }
  }

  @Test(arguments: [2, 3])
  func `several takeovers at the same moment leave one lbd`(_ count: Int) throws {
    let contest = try Contest()
    _ = try contest.startFirst()
    let load = try Load(port: contest.stage.mainPort, clients: 2)
    for _ in 0..<6 {
      for _ in 0..<count { try contest.start("--takeover") }
      _ = try contest.awaitOne()
    }
    #expect(load.stop() == [])
  }

  @Test func `whoever is killed at whichever moment of a takeover, the other one serves`() throws {
    let contest = try Contest()
    var former = try contest.startFirst()
    var random = Seeded(11)
    for round in 0..<16 {
      let next = try contest.start("--takeover")
      Clock.sleep(milliseconds: Int.random(in: 0..<120, using: &random))
      let isFormer = round % 2 == 0
      // Before that moment there is nobody else, and afterwards the takeover is over.
      let (hasBegun, isOver) = (
        former.log.contains("was handed to"), next.log.contains("taken over:")
      )
      if isFormer ? !hasBegun : isOver {
        former = try contest.awaitOne()
        continue
      }
      (isFormer ? former : next).signal(SIGKILL)
      _ = try (isFormer ? former : next).exitStatus()
      do { former = try contest.awaitOne() } catch {
        // It served by then, and had been heard.
        guard !isFormer, former.log.contains("\"event\":\"drain\"") else { throw error }
        former = try contest.startFirst()
      }
    }
  }

  @Test func `whoever stands still for a while in a takeover, one serves`() throws {
    let contest = try Contest()
    var former = try contest.startFirst()
    var random = Seeded(12)
    for round in 0..<10 {
      let next = try contest.start("--takeover")
      let late = round % 2 == 0 ? former : next
      Clock.sleep(milliseconds: Int.random(in: 0..<80, using: &random))
      late.signal(SIGSTOP)
      Clock.sleep(milliseconds: Int.random(in: 0..<300, using: &random))
      late.signal(SIGCONT)
      former = try contest.awaitOne()
    }
  }

  @Test func `a former lbd that stands still leaves a next one that gives up, and serves again`()
    throws
  {
    let contest = try Contest()
    let former = try contest.startFirst()
    former.signal(SIGSTOP)
    let next = try contest.start("--takeover")
    #expect(try next.exitStatus() == 1)
    #expect(next.log.contains("it gave no answer within 5 s"), "\(next.log)")
    former.signal(SIGCONT)
    #expect(try contest.awaitOne().pid == former.pid)
    try contest.start("--takeover")
    #expect(try contest.awaitOne().pid != former.pid)
  }

  @Test func `three starts at the same moment leave one, always with its control socket`() throws {
    let contest = try Contest()
    for _ in 0..<12 {
      for _ in 0..<3 { try contest.start() }
      let left = try contest.awaitOne()
      left.signal(SIGTERM)
      #expect(try left.exitStatus() == 0)
      #expect(!Files.mayExist(contest.stage.socketPath))
    }
  }

  @Test func `a takeover told by an older lbd without a promise is one as well`() throws {
    let stage = try Stage(replicas: 1)
    let next = try Connection(try #require(SocketAddress(path: stage.socketPath)))
    #expect(try next.post(ControlPath.takeover, "").status == 200)
    #expect(try next.post(ControlPath.takeoverDone, "").status == 200)
    #expect(try stage.lbd?.exitStatus() == 0)
  }

  @Test
  func `while the next lbd is about to serve no order is taken, and if it dies they are again`()
    throws
  {
    let stage = try Stage(replicas: 2)
    let address = try #require(SocketAddress(path: stage.socketPath))
    do {
      let next = try Connection(address)
      #expect(try next.post(ControlPath.takeoverReady, "").status == 409)
      #expect(try next.post(ControlPath.takeover, "").status == 200)
      #expect(try next.post(ControlPath.takeoverReady, "").status == 200)
      let drain = try stage.lbctl("drain", stage.names[0])
      #expect(drain.status == 1 && drain.error.contains("is about to take over"), "\(drain)")
      #expect(try stage.connect().get("/getInfo").status == 200)
    }
    try eventually("it takes orders again") {
      try stage.lbctl("drain", stage.names[0]).status == 0
    }
    #expect(stage.lbd?.error.contains("this one serves on") == true)
    #expect(try stage.connect().get("/getInfo").status == 200)
  }
}
