// lbctl upgrade: the lbd that runs starts the next one, which takes its place, under a service manager too.

import ControlProtocol
import Foundation
import Glibc
import LinuxIO
import TestSupport
import Testing

@Suite(.waiting) struct UpgradeTests {
  /// What an upgrade has left, which no test is the parent of.
  private final class Next {
    let pid: Int32

    init(_ pid: Int) { self.pid = Int32(pid) }

    deinit {
      _ = kill(pid, SIGTERM)
      try? eventually("the end of \(pid)", within: 5) { !isRunning }
      _ = kill(pid, SIGKILL)
    }

    var isRunning: Bool { ProcessTable.startTime(of: pid) != nil }
  }

  private struct Report: Decodable {
    let pid: Int
    let formerPid: Int
    let version: String
  }

  private func upgrade(_ stage: Stage) throws -> Next {
    let outcome = try Child.run(
      "lbctl", ["upgrade", "--json", "--socket", stage.socketPath], within: 90)
    guard outcome.status == 0 else { throw TestFailure("\(outcome)\n\(stage.lbd?.error ?? "")") }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let report = try decoder.decode(Report.self, from: Data(outcome.output.utf8))
    #expect(report.pid != report.formerPid && !report.version.isEmpty)
    return Next(report.pid)
  }

  /// Who answers at the control socket.
  private func server(_ stage: Stage) throws -> Int {
    guard let address = SocketAddress(path: stage.socketPath) else { throw TestFailure("path") }
    let answer = try Connection(address).get(ControlPath.pool)
    return try JSONDecoder().decode(PoolReport.self, from: Data(answer.body)).pid
  }

  @Test func `upgrades under load lose nothing, and each says which process serves`() throws {
    let stage = try Stage(replicas: 2)
    #expect(try stage.lbctl("drain", stage.names[0]).status == 0)
    let load = try Load(port: stage.mainPort)
    var latest: Next?
    for _ in 0..<3 {
      try load.awaitAnswers(100)
      let former = latest
      let next = try upgrade(stage)
      #expect(try server(stage) == Int(next.pid))
      if let former {
        try eventually("the former one ends", within: 30) { !former.isRunning }
      } else {
        #expect(try stage.lbd?.exitStatus(within: 30) == 0)
      }
      latest = next
    }
    try load.awaitAnswers(100)
    #expect(load.stop() == [])
    #expect(try stage.pool().map(\.state) == [.draining, .up])
  }

  @Test(arguments: [false, true])
  func `under a manager the next lbd is the main process, and alone speaks to it`(
    _ isUnit: Bool
  ) throws {
    let stage = try Stage()
    try stage.startReplica()
    try stage.writeConf(ports: stage.ports, sections: "[timeouts]\ndrain = 10m\n")
    let manager = try ManagedStopTests.Manager(stage)
    let inbox = manager.inbox
    try manager.start(
      stage, isUnit: isUnit, more: "NOTIFY_SOCKET=\(inbox.path) WATCHDOG_USEC=300000")
    try inbox.await("READY") { $0.hasPrefix("READY=1\n") }
    let (former, download) = (try #require(stage.lbd), try stage.connect())
    try download.send("GET /stream?chunks=1000&interval=10ms HTTP/1.1\r\nHost: test\r\n\r\n")
    _ = try download.answerHead()
    let next = try upgrade(stage)
    try inbox.await("its main process") { $0 == "MAINPID=\(next.pid)" }
    // A manager waits for the end of its own child alone.
    #expect(former.isRunning && ProcessTable.parent(of: next.pid) != former.pid)
    // Whoever pings now is the next one; the former one has nothing to say any more, not even its end.
    try former.paused {
      let before = inbox.count { $0 == "WATCHDOG=1" }
      try eventually("pings") { inbox.count { $0 == "WATCHDOG=1" } > before + 3 }
      #expect(try stage.connect().get("/getInfo").status == 200)
    }
    inbox.read()
    let words = inbox.texts
    let place = try #require(words.firstIndex(of: "MAINPID=\(next.pid)"))
    #expect(words[..<place].count { $0.hasPrefix("READY=1\n") } == 1)
    let store = words[place...].filter { $0.hasPrefix("FDSTORE") }
    let name = "\nFDNAME=kept-listener"
    #expect(store == (isUnit ? [] : ["FDSTOREREMOVE=1" + name, "FDSTORE=1" + name]))
    var count = 0
    while try download.chunk() != nil { count += 1 }
    #expect(count == 1000)
    #expect(try former.exitStatus(within: 30) == 0)
    #expect(inbox.count { $0.hasPrefix("STOPPING") } == 0)
    // It is told to end as any other main process is.
    let socket = try WebSocket(stage.connect())
    _ = kill(next.pid, SIGTERM)
    try inbox.await("STOPPING") { $0.hasPrefix("STOPPING=1\n") }
    #expect(try stage.connect().get("/getInfo").status == 200)
    _ = socket.connection.takeReceived()
  }

  @Test func `a next lbd that is none, or is rejected, changes nothing`() throws {
    let stage = try Stage()
    for _ in 0..<2 { try stage.startReplica() }
    try stage.writeConf(ports: [stage.ports[0]])
    let program = stage.directory + "/program"
    try Self.copyProgram(to: program)
    try stage.start(by: "exec \(program) \"$@\"")
    let lbd = try #require(stage.lbd)
    let load = try Load(port: stage.mainPort)
    func fails(_ words: String...) throws {
      let outcome = try stage.lbctl("upgrade")
      #expect(outcome.status == 1)
      for word in words { #expect(outcome.error.contains(word), "\(outcome.error)") }
      #expect(try server(stage) == Int(lbd.pid))
    }
    try FileManager.default.removeItem(atPath: program)
    try fails("cannot be started", "No such file or directory")
    try put("#!/bin/sh\nexit 7\n", at: program)
    try fails("it ended with 7, and said nothing")
    try put("#!/bin/sh\nkill -9 $$\n", at: program)
    try fails("signal 9")
    try FileManager.default.removeItem(atPath: program)
    try Self.copyProgram(to: program)
    let conf = try String(contentsOfFile: stage.confPath, encoding: .utf8)
    try stage.write(conf + "intervall = 1s\n")
    try fails("it ended with 78", "unknown key")
    try stage.write(conf.replacing("\(stage.mainPort)", with: "\(stage.ports[1])"))
    try fails("it ended with 1", "Address already in use")
    try stage.write(conf)
    let next = try upgrade(stage)
    #expect(try lbd.exitStatus(within: 30) == 0)
    try load.awaitAnswers(50)
    #expect(load.stop() == [])
    #expect(next.isRunning)
  }

  @Test(.enabled(if: geteuid() == 0))
  func `only lbd's own user and root may order an upgrade`() throws {
    let stage = try Stage(replicas: 1)
    // Members of the socket's group may give orders.
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o666], ofItemAtPath: stage.socketPath)
    let ask = try Child(
      "/usr/bin/setpriv",
      [
        "--reuid=65534", "--regid=0", "--clear-groups", try Binaries.path("lbctl"), "upgrade",
        "--socket", stage.socketPath,
      ])
    let outcome = try ask.outcome()
    #expect(outcome.status == 1, "\(outcome)")
    #expect(outcome.error.contains("only lbd's own user and root may upgrade it"), "\(outcome)")
    #expect(try server(stage) == Int(stage.lbd?.pid ?? 0))
  }

  /// Copies lbd. By a process of its own: what another test starts meanwhile would have this process's
  /// descriptor, and nothing is carried out that someone may write to.
  private static func copyProgram(to path: String) throws {
    let outcome = try Child("/bin/cp", [try Binaries.path("lbd"), path]).outcome()
    guard outcome.status == 0 else { throw TestFailure("\(outcome)") }
  }

  private func put(_ script: String, at path: String) throws {
    try? FileManager.default.removeItem(atPath: path)
    try script.write(toFile: path, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
  }

  @Test func `while an upgrade is under way nobody else takes over, and a TERM ends both`() throws {
    let stage = try Stage()
    try stage.startReplica()
    try stage.writeConf(ports: stage.ports)
    let program = stage.directory + "/program"
    try Self.copyProgram(to: program)
    try stage.start(by: "exec \(program) \"$@\"")
    let lbd = try #require(stage.lbd)
    let pidPath = stage.directory + "/pid"
    try put(
      "#!/bin/sh\necho $$ >\(pidPath).new; mv \(pidPath).new \(pidPath); exec sleep 600\n",
      at: program)
    let order = try Child.start("lbctl", ["upgrade", "--socket", stage.socketPath])
    try eventually("it has begun") { FileManager.default.fileExists(atPath: pidPath) }
    let text = try String(contentsOfFile: pidPath, encoding: .utf8)
    let next = Next(try #require(Int(text.trimmingCharacters(in: .whitespacesAndNewlines))))
    let second = try stage.lbctl("upgrade")
    #expect(second.status == 1 && second.error.contains("an upgrade is under way already"))
    let stranger = try Child.run("lbd", ["--takeover", "-c", stage.confPath])
    #expect(stranger.status == 1, "\(stranger)")
    #expect(stranger.error.contains("process \(next.pid) is to take over"), "\(stranger)")
    #expect(try stage.connect().get("/getInfo").status == 200)
    lbd.signal(SIGTERM)
    #expect(try lbd.exitStatus(within: 30) == 0)
    try eventually("the next one ends, too") { !next.isRunning }
    #expect(try order.exitStatus(within: 30) != 0)
  }
}
