// A takeover ends with exactly one lbd that serves and has the control socket, whoever else wants to take
// over and whoever dies or stands still meanwhile. Every order of steps is in TakeoverProtocolTests; here
// processes meet some of them.

import ControlProtocol
import Foundation
import Glibc
import LinuxIO
import TestSupport
import Testing

@Suite(.waiting) struct TakeoverTransactionTests {
  /// Several lbds of one conf, of which one is to be left.
  private final class Contest {
    let stage: Stage
    private let silent: Descriptor
    private(set) var lbds: [Apart] = []

    /// - Parameter isSlowToStart: a replica that accepts and says nothing keeps the first round of probes
    ///   open, so that an lbd waits for 2 s before it serves.
    init(isSlowToStart: Bool = false) throws {
      let address = try #require(SocketAddress(ip: "127.0.0.1", port: 0))
      silent = try Socket.listen(address)
      stage = try Stage()
      for _ in 0..<2 { try stage.startReplica() }
      let port = Socket.localAddress(silent)?.port ?? 0
      try stage.writeConf(
        ports: stage.ports + (isSlowToStart ? [port] : []),
        health: isSlowToStart ? "path = /health\ntimeout = 30s\n" : Stage.fastProbes)
    }

    @discardableResult
    func start(_ arguments: String...) throws -> Apart {
      let log = stage.directory + "/contest-\(lbds.count)"
      let lbd = try Apart(
        [try Binaries.path("lbd")] + arguments + ["-c", stage.confPath], log: log)
      lbds.append(lbd)
      return lbd
    }

    /// Starts the first and waits until the replicas that answer are up.
    func startFirst() throws -> Apart {
      let lbd = try start()
      try eventually("two are up: \(lbd.log)", within: 30) {
        (try? stage.pool())?.filter { $0.state == .up }.count == 2
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
        guard !running.isEmpty else { throw TestFailure("none is left:\(logs)") }
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
    let contest = try Contest(isSlowToStart: true)
    let stage = contest.stage
    let former = try contest.startFirst()
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

  /// What befalls one of the two.
  enum Fault: CaseIterable {
    case nextDies, nextStands, formerDies, formerStands

    var isFormers: Bool { self == .formerDies || self == .formerStands }
    var signal: Int32 { self == .nextDies || self == .formerDies ? SIGKILL : SIGSTOP }
  }

  @Test(arguments: [Fault.nextDies, .formerDies, .formerStands])
  func `while the next lbd starts, whatever befalls either leaves one`(_ fault: Fault) throws {
    let contest = try Contest(isSlowToStart: true)
    let former = try contest.startFirst()
    let next = try contest.start("--takeover")
    try eventually("the listener is handed over") { former.log.contains("was handed to") }
    former.signal(fault == .formerDies ? SIGKILL : SIGSTOP)
    // It has asked by then, or not yet: neither makes a difference.
    Clock.sleep(milliseconds: 3000)
    if fault == .nextDies { next.signal(SIGKILL) }
    if fault == .formerStands {
      #expect(try next.exitStatus() == 1)
      #expect(next.log.contains("it gave no answer within 5 s"), "\(next.log)")
    }
    former.signal(SIGCONT)
    #expect(try contest.awaitOne().pid == (fault == .formerDies ? next : former).pid)
    // Nothing of it is in the way of another.
    try contest.start("--takeover")
    _ = try contest.awaitOne()
  }

  @Test(arguments: Fault.allCases)
  func `while the next lbd moves its control socket, whatever befalls either leaves one`(
    _ fault: Fault
  ) throws {
    let contest = try Contest()
    let former = try contest.startFirst()
    let next = try befall(fault, of: contest, former)
    switch fault {
    case .nextStands:
      try eventually("it is given up: \(contest.logs)", within: 60) {
        former.log.contains("says nothing: it is given up")
      }
      next.signal(SIGCONT)
      #expect(try next.exitStatus() == 1)
    case .formerStands:
      try eventually("the other one serves: \(contest.logs)", within: 30) {
        next.log.contains("taken over: the former lbd drains")
      }
      former.signal(SIGCONT)
      #expect(try former.exitStatus() == 0)
    case .nextDies, .formerDies: break
    }
    #expect(try contest.awaitOne().pid == (fault.isFormers ? next : former).pid)
    #expect(try contest.stage.lbctl("drain", contest.stage.names[0]).status == 0)
  }

  /// Has it happen while the next lbd waits, as it does for at most 5 s for those who change what is in the
  /// control socket's directory.
  private func befall(_ fault: Fault, of contest: Contest, _ former: Apart) throws -> Apart {
    let stage = contest.stage
    return try FileLock.holding(directoryOf: stage.socketPath, milliseconds: 1000) { () throws in
      let next = try contest.start("--takeover")
      try eventually("the former one promises to take no orders: \(contest.logs)") {
        try stage.lbctl("drain", stage.names[0]).error.contains("about to take over")
      }
      (fault.isFormers ? former : next).signal(fault.signal)
      return next
    }
  }

  @Test func `three starts at the same moment leave one, always with its control socket`() throws {
    let contest = try Contest()
    for _ in 0..<24 {
      for _ in 0..<3 { try contest.start() }
      let left = try contest.awaitOne()
      left.signal(SIGTERM)
      #expect(try left.exitStatus() == 0)
      #expect(!Files.mayExist(contest.stage.socketPath))
    }
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
    try eventually("the log says so") { stage.lbd?.error.contains("this one serves on") == true }
    #expect(try stage.connect().get("/getInfo").status == 200)
  }

  @Test func `what the next lbd has said by the time that it is given up counts`() throws {
    let stage = try Stage(replicas: 1)
    let (lbd, path) = (try #require(stage.lbd), try #require(SocketAddress(path: stage.socketPath)))
    let end = Gate()
    // So that its turns are long.
    let load = try (0..<8).map { _ in
      try LinuxIO.Thread.start("load") {
        guard let caller = try? Connection(path) else { return }
        let request = "GET \(ControlPath.pool) HTTP/1.1\r\nHost: lbd\r\n\r\n"
        let requests = String(repeating: request, count: 50)
        while !end.isOpen, (try? caller.send(requests)) != nil {
          for _ in 0..<50 where (try? caller.answer()) == nil { return }
        }
      }
    }
    defer {
      end.open()
      for thread in load { thread.join() }
    }
    let next = try Connection(path)
    next.patience = 60_000
    func ask(_ path: String) throws -> Int {
      try next.send("POST \(path) HTTP/1.1\r\nHost: lbd\r\n\r\n")
      return try next.answer().status
    }
    #expect(try ask(ControlPath.takeover) == 200)
    let promised = Clock.now()
    #expect(try ask(ControlPath.takeoverReady) == 200)
    // The time of the promise ends while it stands still, and before that the word has come.
    while Clock.now() - promised < 9_700_000_000 { Clock.sleep(milliseconds: 10) }
    try lbd.paused {
      try next.send("POST \(ControlPath.takeoverDone) HTTP/1.1\r\nHost: lbd\r\n\r\n")
      Clock.sleep(milliseconds: 1000)
    }
    var statuses: [Int] = []
    while let answer = try? next.answer() { statuses.append(answer.status) }
    #expect(statuses.last == 200, "\(statuses)")
    #expect(try lbd.exitStatus() == 0)
  }

  @Test func `no reload is accepted that the next lbd would not know of`() throws {
    let stage = try Stage(replicas: 1)
    let next = try Connection(try #require(SocketAddress(path: stage.socketPath)))
    try next.send("POST \(ControlPath.takeover) HTTP/1.1\r\nHost: lbd\r\n\r\n")
    #expect(try next.answer().status == 200)
    let outcome = try stage.lbctl("reload")
    #expect(outcome.status == 1 && outcome.error.contains("another lbd is taking over"))
    #expect(try stage.lbctl("reload", "--dry-run").status == 0)
    next.resetOnClose()
  }
}
