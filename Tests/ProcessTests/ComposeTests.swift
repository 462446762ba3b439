// `make up` and the verbs beside it: compose starts the conf's processes, finds them again, and leaves
// none behind.

import Foundation
import Glibc
import LinuxIO
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct ComposeTests {
  @Test func `up starts lbd and each replica of the conf, and all answer`() throws {
    let stage = try ComposeStage()
    try stage.writeConf(ports: "\(stage.ports[1])-\(stage.ports[3])", more: "docs = on")
    let output = try stage.make("up")
    #expect(output.hasPrefix("REPLICA  ADDRESS"))
    #expect(output.contains("\n3 up\nhttp://127.0.0.1:\(stage.mainPort)/docs\n"))
    for index in 1...3 { #expect(try stage.get(stage.ports[index]).status == 200) }
    let answering = try Set((0..<3).map { _ in try stage.get(stage.mainPort).port })
    #expect(answering == Set((1...3).map { "\(stage.ports[$0])" }))
  }

  @Test func `what up starts is in sessions of its own, out of a terminal's reach`() throws {
    let stage = try ComposeStage()
    try stage.make("up")
    for (name, pid) in try stage.pids() { #expect(getsid(pid) == pid, "\(name)") }
  }

  @Test func `up twice leaves all processes alone`() throws {
    let stage = try ComposeStage()
    try stage.make("up")
    let pids = try stage.pids()
    #expect(pids.count == 4)
    try stage.make("up")
    #expect(try stage.pids() == pids)
  }

  @Test func `two at once do not mix`() throws {
    let stage = try ComposeStage()
    let arguments = ["--conf", stage.confPath, "--run", stage.run, "up"]
    let outcomes = try inParallel(2) { _ in try Child.run("compose", arguments) }
    #expect(outcomes.allSatisfy { $0.status == 0 }, "\(outcomes)")
    let log = try String(contentsOfFile: stage.run + "/lbd.log", encoding: .utf8)
    #expect(log.components(separatedBy: "listens on").count == 2)
  }

  @Test func `up starts a killed replica again and nothing else`() throws {
    let stage = try ComposeStage()
    try stage.make("up")
    let before = try stage.pids()
    let victim = try #require(before[stage.replica(2)])
    kill(victim, SIGKILL)
    try eventually("its end") { !stage.isRunning(victim) }
    #expect(try stage.state(of: stage.replica(2)) == "exited")
    try stage.make("up")
    var after = try stage.pids()
    #expect(after.removeValue(forKey: stage.replica(2)) != victim)
    #expect(after == before.filter { $0.key != stage.replica(2) })
    #expect(try stage.get(stage.ports[2]).status == 200)
  }

  @Test func `up starts a killed lbd again, over the socket that it left`() throws {
    let stage = try ComposeStage()
    try stage.make("up")
    let before = try stage.pids()
    let lbd = try #require(before["lbd"])
    kill(lbd, SIGKILL)
    try eventually("its end") { !stage.isRunning(lbd) }
    #expect(try stage.make("up").contains("\n3 up\n"))
    let after = try stage.pids()
    #expect(after["lbd"] != lbd && after[stage.replica(1)] == before[stage.replica(1)])
  }

  @Test func `down leaves no process and no pid file, and twice is harmless`() throws {
    let stage = try ComposeStage()
    try stage.make("up")
    let pids = try stage.pids().values
    try stage.make("down")
    #expect(try stage.pids().isEmpty)
    #expect(!pids.contains { stage.isRunning($0) })
    #expect(throws: SystemError.self) { try stage.get(stage.mainPort) }
    try stage.make("down")
  }

  @Test func `down ends by force what does not stop, and says so`() throws {
    let stage = try ComposeStage()
    try stage.make("up")
    let pid = try #require(try stage.pids()[stage.replica(1)])
    kill(pid, SIGSTOP)
    let outcome = try stage.compose("--grace", "1", "down")
    #expect(outcome.status == 0)
    #expect(
      outcome.error == "compose: \(stage.replica(1)) (pid \(pid)) does not stop: killed\n")
    #expect(!stage.isRunning(pid))
  }

  @Test func `a pid that was given to another process is not taken for ours`() throws {
    let stage = try ComposeStage()
    let other = try Child.start("replicad", ["--port", "0"])
    try FileManager.default.createDirectory(
      atPath: stage.run, withIntermediateDirectories: true)
    let name = stage.replica(1)
    try "\(other.pid)\n".write(toFile: stage.pidPath(name), atomically: true, encoding: .utf8)
    try "1\n".write(toFile: stage.startPath(name), atomically: true, encoding: .utf8)
    #expect(try stage.state(of: name) == "exited")
    try stage.make("down")
    #expect(other.isRunning)
    #expect(!FileManager.default.fileExists(atPath: stage.startPath(name)))
  }

  // MARK: An app of one's own

  @Test(arguments: [true, false])
  func `for an app of one's own up starts lbd alone, and leaves the app alone`(
    _ asksLikeDemo: Bool
  ) throws {
    let stage = try ComposeStage()
    let app = try (1...2).map { index in
      try ScriptedReplica(port: stage.ports[index]) { _, connection in
        try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nown")
        return .keep
      }
    }
    let health = asksLikeDemo ? "/health" : "/"
    try """
    [lbd]
    main_port = \(stage.mainPort)
    ports = \(stage.ports[1]), \(stage.ports[2])
    [health]
    path = \(health)
    """.write(toFile: stage.confPath, atomically: true, encoding: .utf8)
    let output = try stage.make("up")
    #expect(
      output.contains("\n2 up\n") && output.contains("lbd alone: the replicas of"), "\(output)")
    let pids = try stage.pids()
    #expect(Array(pids.keys) == ["lbd"])
    #expect(try stage.get(stage.mainPort).text == "own")
    #expect(try stage.state(of: stage.replica(1)) == "own")
    // One worker less is no reason to start something in its place.
    try app[1].stop()
    try eventually("its port is free") { (try? Connection(port: stage.ports[2])) == nil }
    try stage.make("up")
    #expect(try stage.pids() == pids)
    for verb in [["scale", "3"], ["start-replica", "\(stage.ports[2])"]] {
      let outcome = try Child.run(
        "compose", ["--conf", stage.confPath, "--run", stage.run] + verb)
      #expect(outcome.status == 1 && outcome.error.contains("an app of your own"), "\(outcome)")
    }
    try stage.make("down")
    #expect(try stage.pids().isEmpty && app[0].requests.count > 0)
  }

  @Test func `an app that is not there yet gets no stand-in`() throws {
    let stage = try ComposeStage()
    try "[lbd]\nmain_port = \(stage.mainPort)\nports = \(stage.ports[1])\n".write(
      toFile: stage.confPath, atomically: true, encoding: .utf8)
    let output = try stage.make("up")
    #expect(output.contains("lbd alone") && output.contains("refused"), "\(output)")
    #expect(try Array(stage.pids().keys) == ["lbd"])
  }

  // MARK: Confs

  @Test func `a wrong conf is refused with its place and nothing is started`() throws {
    let stage = try ComposeStage()
    try stage.writeConf(ports: "\(stage.ports[1])", more: "  workerz = 3")
    let outcome = try stage.compose("up")
    #expect(outcome.status == 1)
    #expect(outcome.error.hasPrefix("\(stage.confPath):5:3: error: unknown key \"workerz\""))
    #expect(try stage.pids().isEmpty)
  }

  @Test func `a port in use is named with who has it and nothing is started`() throws {
    let stage = try ComposeStage()
    let other = try Child.start("replicad", ["--port", "\(stage.ports[2])"])
    try eventually("it listens") { other.error.contains("listening") }
    let outcome = try stage.compose("up")
    #expect(outcome.status == 1)
    #expect(
      outcome.error
        == "compose: 127.0.0.1:\(stage.ports[2]) is in use by replicad (pid \(other.pid)): stop "
        + "that, or change the port in \(stage.confPath)\n")
    #expect(try stage.pids().isEmpty)
  }

  @Test func `an edited conf takes force at up without a restart`() throws {
    let stage = try ComposeStage()
    try stage.make("up")
    let before = try stage.pids()
    try stage.writeConf(ports: "\(stage.ports[1]), \(stage.ports[4])")
    #expect(try stage.make("up").contains("\n2 up\n"))
    let after = try stage.pids()
    #expect(after["lbd"] == before["lbd"] && after[stage.replica(4)] != nil)
    let answering = try Set((0..<2).map { _ in try stage.get(stage.mainPort).port })
    #expect(answering == ["\(stage.ports[1])", "\(stage.ports[4])"])
  }

  @Test func `up refuses another conf while lbd runs, and what a reload cannot change`() throws {
    let stage = try ComposeStage()
    try stage.make("up")
    let second = stage.directory + "/second.conf"
    try stage.writeConf(second, ports: "\(stage.ports[1])")
    let other = try stage.compose("--conf", second, "up")
    #expect(other.status == 1)
    #expect(
      other.error == "compose: lbd runs with \(stage.confPath): make down first, then make up "
        + "CONF=\(second)\n")
    try stage.writeConf(ports: "\(stage.ports[1])-\(stage.ports[3])", more: "workers = 7")
    let fixed = try stage.compose("up")
    #expect(fixed.status == 1 && fixed.error.hasSuffix("make restart\n"))
    let before = try stage.pids()
    try stage.make("restart")
    #expect(Set(try stage.pids().values).isDisjoint(with: before.values))
  }

  // MARK: Single replicas

  @Test func `a replica is stopped and started again by its port`() throws {
    let stage = try ComposeStage()
    try stage.make("up")
    try stage.make("stop-replica", "\(stage.ports[2])")
    #expect(try stage.state(of: stage.replica(2)) == "stopped")
    for _ in 0..<6 { #expect(try stage.get(stage.mainPort).port != "\(stage.ports[2])") }
    try stage.make("start-replica", "\(stage.ports[2])")
    #expect(try stage.get(stage.ports[2]).status == 200)
    let unknown = try stage.compose("stop-replica", "1")
    #expect(unknown.error == "compose: no replica runs on port 1; see make ps\n")
  }

  @Test func `scaling up and down under a client costs it nothing`() throws {
    let stage = try ComposeStage()
    try stage.make("up")
    let load = try Load(port: stage.mainPort, clients: 2)
    #expect(try stage.make("scale", "5").contains("\n5 up\n"))
    try load.awaitAnswers(50)
    #expect(try stage.make("scale", "2").contains("\n2 up\n"))
    try load.awaitAnswers(50)
    #expect(load.stop() == [])
    #expect(try stage.pids().keys.sorted() == ["lbd", stage.replica(1), stage.replica(2)])
    // The conf's third comes back before a new port is taken.
    try stage.make("scale", "3")
    #expect(try stage.pids()[stage.replica(3)] != nil)
  }

  @Test func `logs are shown of what runs or the conf names, and kept of the rest`() throws {
    let stage = try ComposeStage()
    try stage.writeConf(ports: "\(stage.ports[1])-\(stage.ports[2])")
    try stage.make("up")
    try stage.make("scale", "3")
    let added = try #require(
      try stage.pids().keys.first { name in
        !["lbd", stage.replica(1), stage.replica(2)].contains(name)
      })
    #expect(try stage.make("logs").contains("\(added).log"))
    try stage.make("scale", "1")
    let logs = try stage.make("logs")
    #expect(!logs.contains("\(added).log"))
    for name in ["lbd", stage.replica(1), stage.replica(2)] {
      #expect(logs.contains("\(name).log"), "\(name)")
    }
    #expect(FileManager.default.fileExists(atPath: "\(stage.run)/\(added).log"))
  }
}
