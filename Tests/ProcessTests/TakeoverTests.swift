// The next lbd takes the place of the one that runs, and neither clients nor lbctl notice.

import ControlProtocol
import Foundation
import Glibc
import LinuxIO
import Synchronization
import TestSupport
import Testing

@Suite(.waiting) struct TakeoverTests {
  @Test func `several takeovers under load lose no request, no order and no question of lbctl`()
    throws
  {
    let stage = try Stage(replicas: 3)
    #expect(try stage.lbctl("drain", stage.names[0]).status == 0)
    #expect(try stage.lbctl("weight", stage.names[1], "50").status == 0)
    let load = try Load(port: stage.mainPort)
    let visitors = try Visitors(port: stage.mainPort)
    let questions = try Questions(stage.socketPath)
    var pids: Set<Int32> = []
    for _ in 0..<4 {
      try load.awaitAnswers(100)
      pids.insert(stage.lbd?.pid ?? 0)
      let former = try stage.takeOver()
      #expect(former?.status == 0, "\(former?.error ?? "")")
      let pool = try stage.pool()
      #expect(pool.map(\.state) == [.draining, .up, .up] && pool[1].weight == 50)
    }
    try load.awaitAnswers(100)
    #expect(load.stop() == [])
    #expect(visitors.stop() == [])
    #expect(questions.stop() == [])
    #expect(pids.count == 4 && !pids.contains(stage.lbd?.pid ?? 0))
  }

  @Test func `the former lbd ends what it has in flight`() throws {
    let stage = try Stage(replicas: 1)
    let download = try stage.connect()
    try download.send("GET /stream?chunks=30&interval=50ms HTTP/1.1\r\nHost: test\r\n\r\n")
    _ = try download.answerHead()
    let idle = try stage.connect()
    #expect(try idle.get("/getInfo").status == 200)
    #expect(try stage.takeOver()?.status == 0)
    var count = 0
    while try download.chunk() != nil { count += 1 }
    #expect(count == 30)
    #expect(try idle.isOver())
    #expect(try stage.connect().get("/getInfo").status == 200)
  }

  @Test func `the next lbd may listen elsewhere, and has the metrics`() throws {
    let stage = try Stage()
    try stage.startReplica()
    let metrics = try stage.reservePort()
    try stage.writeConf(ports: stage.ports, sections: "[metrics]\nlisten = 127.0.0.1:\(metrics)\n")
    try stage.start()
    let port = try stage.reservePort()
    let conf = try String(contentsOfFile: stage.confPath, encoding: .utf8)
    try stage.write(conf.replacing("main_port = \(stage.mainPort)", with: "main_port = \(port)"))
    // What is in flight keeps the former one for a while.
    let slow = try stage.connect()
    try slow.send("GET /delay/800ms HTTP/1.1\r\nHost: test\r\n\r\n")
    try stage.awaitPool("it is in flight") { $0[0].active == 1 }
    #expect(try stage.takeOver()?.status == 0)
    #expect(try slow.answer().status == 200)
    #expect(try Connection(port: port).get("/getInfo").status == 200)
    #expect(try Connection(port: metrics).get("/metrics").status == 200)
    #expect((try? stage.connect()) == nil)
  }

  @Test func `metrics that could not be opened at a takeover are at a reload`() throws {
    let stage = try Stage(replicas: 1)
    let port = try stage.reservePort()
    try stage.writeConf(ports: stage.ports, sections: "[metrics]\nlisten = 127.0.0.1:\(port)\n")
    let address = try #require(SocketAddress(ip: "127.0.0.1", port: port))
    do {
      let taken = try Socket.listen(address)
      #expect(try stage.takeOver()?.status == 0)
      try eventually("it is said") { stage.lbd?.error.contains("no metrics at") == true }
      _ = consume taken
    }
    #expect(try stage.lbctl("reload").status == 0)
    #expect(try Connection(port: port).get("/metrics").status == 200)
  }

  @Test func `a next lbd that cannot start leaves the former one as it was`() throws {
    let stage = try Stage(replicas: 2)
    let conf = try String(contentsOfFile: stage.confPath, encoding: .utf8)
    try stage.write(
      conf.replacing("main_port = \(stage.mainPort)", with: "main_port = \(stage.names[1])")
        .replacing(
          "ports = \(stage.names.joined(separator: ", "))", with: "ports = \(stage.names[0])"))
    let refused = try Child.run("lbd", ["--takeover", "-c", stage.confPath])
    #expect(refused.status == 1 && refused.error.contains("Address already in use"), "\(refused)")
    try stage.write("[lbd]\nports = x\n")
    #expect(try Child.run("lbd", ["--takeover", "-c", stage.confPath]).status == 78)
    try stage.write(conf)
    #expect(try stage.connect().get("/getInfo").status == 200)
    #expect(try stage.lbctl("drain", stage.names[0]).status == 0)
    #expect(!FileManager.default.fileExists(atPath: stage.socketPath + ".next"))
  }

  @Test func `without an lbd that runs there is nothing to take over`() throws {
    let stage = try Stage()
    try stage.writeConf(ports: [try stage.reservePort()])
    let outcome = try Child.run("lbd", ["--takeover", "-c", stage.confPath])
    #expect(outcome.status == 1)
    #expect(outcome.error.hasPrefix("lbd: no lbd to take over from at \(stage.socketPath): "))
  }

  @Test(arguments: [SIGKILL, SIGTERM])
  func `a next lbd that dies before it serves takes nothing with it`(_ signal: Int32) throws {
    // A replica that accepts and says nothing keeps the first round of probes open.
    let address = try #require(SocketAddress(ip: "127.0.0.1", port: 0))
    let silent = try Socket.listen(address)
    let stage = try Stage(replicas: 1, health: "path = /health\ntimeout = 30s\n")
    try stage.writeConf(
      ports: stage.ports + [Socket.localAddress(silent)?.port ?? 0],
      health: "path = /health\ntimeout = 30s\n")
    let load = try Load(port: stage.mainPort)
    let next = try Child.start("lbd", ["--takeover", "-c", stage.confPath])
    try eventually("the listener is handed over") {
      stage.lbd?.error.contains("\"event\":\"takeover\"") == true
    }
    next.signal(signal)
    _ = try next.exitStatus()
    try load.awaitAnswers(50)
    #expect(stage.lbd?.isRunning == true)
    #expect(try stage.lbctl("health").status == 0)
    #expect(try stage.takeOver()?.status == 0)
    try load.awaitAnswers(50)
    #expect(load.stop() == [])
  }

  @Test func `only who was handed the listener may end the former lbd`() throws {
    let stage = try Stage(replicas: 1)
    let address = try #require(SocketAddress(path: stage.socketPath))
    #expect(try Connection(address).post(ControlPath.takeoverDone, "").status == 409)
    #expect(try Connection(address).get(ControlPath.takeover).status == 405)
    let next = try Connection(address)
    #expect(try next.post(ControlPath.takeover, "").status == 200)
    #expect(try Connection(address).post(ControlPath.takeoverDone, "").status == 409)
    #expect(try stage.connect().get("/getInfo").status == 200)
    // What is in flight keeps it for a while.
    let slow = try stage.connect()
    try slow.send("GET /delay/1s HTTP/1.1\r\nHost: test\r\n\r\n")
    try stage.awaitPool("it is in flight") { $0[0].active == 1 }
    #expect(try next.post(ControlPath.takeoverDone, "").status == 200)
    let order = "{\"replica\": \"\(stage.names[0])\"}"
    #expect(try next.post(ControlPath.order(.drain), order).status == 409)
    try eventually("it ends") { stage.lbd?.isRunning == false }
  }

  @Test(.enabled(if: geteuid() == 0, "only root can be another user"))
  func `a member of the socket's group may not take over`() throws {
    let stage = try Stage(replicas: 1)
    let user = ["--reuid=65534", "--regid=0", "--clear-groups"]
    let next = try Child(
      "/usr/bin/setpriv",
      user + [try Binaries.path("lbd"), "--takeover", "-c", stage.confPath])
    let outcome = try next.outcome()
    #expect(outcome.status == 1 && outcome.error.contains("only lbd's own user"), "\(outcome)")
    #expect(try stage.connect().get("/getInfo").status == 200)
  }

  @Test func `under a service manager it is the manager's to restart lbd`() throws {
    let stage = try Stage()
    try stage.startReplica()
    try stage.writeConf(ports: stage.ports)
    let inbox = try DatagramInbox(stage.directory + "/notify")
    try stage.launch(by: "NOTIFY_SOCKET=\(inbox.path) exec \"$0\" \"$@\"")
    try inbox.await("READY") { $0.hasPrefix("READY=1\n") }
    let next = try Child.run("lbd", ["--takeover", "-c", stage.confPath])
    #expect(next.status == 1 && next.error.contains("use systemctl restart lbd"), "\(next)")
    #expect(try stage.connect().get("/getInfo").status == 200)
  }
}

/// Clients that come, ask once and go.
private final class Visitors {
  private let state = State()
  private var threads: [LinuxIO.Thread] = []

  private final class State: Sendable {
    let isStopping = Atomic(false)
    let failures = Mutex<[String]>([])
  }

  init(port: UInt16) throws {
    let state = state
    for _ in 0..<2 {
      threads.append(
        try LinuxIO.Thread.start("visitor") {
          while !state.isStopping.load(ordering: .relaxed) {
            do {
              let status = try Connection(port: port).get("/getInfo", "Connection: close\r\n")
                .status
              if status != 200 { throw TestFailure("\(status)") }
            } catch { state.failures.withLock { $0.append("\(error)") } }
          }
        })
    }
  }

  func stop() -> [String] {
    state.isStopping.store(true, ordering: .relaxed)
    for thread in threads { thread.join() }
    return state.failures.withLock { $0 }
  }
}

/// What lbctl asks, all the time.
private final class Questions {
  private let state = State()
  private let thread: LinuxIO.Thread

  private final class State: Sendable {
    let isStopping = Atomic(false)
    let failures = Mutex<[String]>([])
  }

  init(_ path: String) throws {
    let state = state
    thread = try LinuxIO.Thread.start("questions") {
      while !state.isStopping.load(ordering: .relaxed) {
        do {
          guard let address = SocketAddress(path: path) else { throw TestFailure(path) }
          let status = try Connection(address).get(ControlPath.version).status
          if status != 200 { throw TestFailure("\(status)") }
        } catch { state.failures.withLock { $0.append("\(error)") } }
        Clock.sleep(milliseconds: 1)
      }
    }
  }

  func stop() -> [String] {
    state.isStopping.store(true, ordering: .relaxed)
    thread.join()
    return state.failures.withLock { $0 }
  }
}
