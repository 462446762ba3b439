// Where the access log goes, and what happens when that changes, stands still or cannot be.

import Foundation
import Glibc
import LinuxIO
import TestSupport
import Testing

@Suite(.waiting) struct AccessLogFileTests {
  /// So many clients with so many requests each; every target is another one.
  private func send(_ port: UInt16, clients: Int, requests: Int) throws {
    let statuses = try inParallel(clients) { client in
      let connection = try Connection(port: port)
      return try (0..<requests).count { request in
        try connection.get("/getInfo?\(client)-\(request)").status == 200
      }
    }
    #expect(statuses == Array(repeating: requests, count: clients))
  }

  private func targets(clients: Int, requests: Int) -> Set<String> {
    Set((0..<clients).flatMap { client in (0..<requests).map { "/getInfo?\(client)-\($0)" } })
  }

  @Test func `rotation under traffic loses no line and tears none`() throws {
    let stage = try Stage.withAccessLog(replicas: 2, lbd: "workers = 2")
    let rotations = 5
    let (path, port) = (stage.accessPath, stage.mainPort)
    let pid = try #require(stage.lbd?.pid)
    let rotator = try Thread.start("rotator") {
      for index in 0..<rotations {
        // Only once there is something in the file.
        try? eventually("lines") { (try? Files.readEnd(path, limit: 1).count) ?? 0 > 0 }
        _ = unsafe rename(path, "\(path).\(index)")
        _ = kill(pid, SIGUSR1)
        try? eventually("a new file") { FileManager.default.fileExists(atPath: path) }
      }
    }
    try send(port, clients: 4, requests: 1500)
    rotator.join()
    stage.lbd?.signal(SIGTERM)
    #expect(try stage.lbd?.exitStatus() == 0)
    let files = [path] + (0..<rotations).map { "\(path).\($0)" }
    let lines = try files.flatMap { try stage.accessLines($0) }
    #expect(lines.count == 6000)
    #expect(Set(lines.compactMap { $0.text("target") }) == targets(clients: 4, requests: 1500))
    #expect(try files.dropFirst().allSatisfy { try !stage.accessLines($0).isEmpty })
  }

  @Test func `all that was answered has a line after TERM under traffic`() throws {
    let stage = try Stage.withAccessLog(replicas: 2, lbd: "workers = 2")
    let (port, answered) = (stage.mainPort, Counter())
    let clients = try (0..<4).map { _ in
      try Thread.start("client") {
        guard let connection = try? Connection(port: port) else { return }
        while (try? connection.get("/getInfo").status) == 200 { answered.add() }
      }
    }
    try eventually("traffic") { answered.value > 500 }
    stage.lbd?.signal(SIGTERM)
    #expect(try stage.lbd?.exitStatus() == 0)
    for client in clients { client.join() }
    #expect(try stage.accessLines().count == answered.value)
  }

  @Test func `a pipe that nobody reads holds up no request; what is lost is counted and said`()
    throws
  {
    let stage = try Stage()
    try stage.startReplica()
    let pipe = try NamedPipe(stage.accessPath)
    try stage.writeConf(ports: stage.ports, lbd: "workers = 1", sections: stage.accessSection())
    try stage.start()
    let connection = try stage.connect()
    connection.patience = 1000
    let target = "/" + String(repeating: "t", count: 1900)
    for _ in 0..<1500 { #expect(try connection.get(target).status == 404) }
    try eventually("the log says so") { lost(stage) > 0 }
    // What the pipe and the ring hold is still there, whole, and so is what comes now.
    var bytes: [UInt8] = []
    #expect(try connection.get("/now").status == 404)
    try eventually("the newest line, or that it was lost") {
      bytes += pipe.take()
      return (try? AccessLine.all(in: bytes).count).map { $0 + lost(stage) == 1501 } ?? false
    }
    #expect(try connection.get("/last").status == 404)
    try eventually("the last line") {
      bytes += pipe.take()
      return (try? AccessLine.all(in: bytes).last?.text("target")) == "/last"
    }
    let lines = try AccessLine.all(in: bytes)
    #expect(lines.count + lost(stage) == 1502 && lines.count > 400)
    #expect(try stage.metrics().sum("lbd_access_log_lines_dropped_total") == lost(stage))
  }

  /// How many lines lbd has said are lost.
  private func lost(_ stage: Stage) -> Int {
    let text = stage.lbd?.error ?? ""
    return text.matches(of: /(\d+) lines of the access log were dropped/).compactMap {
      Int($0.output.1)
    }.reduce(0, +)
  }

  @Test func `a standard output that takes nothing holds up neither requests nor the end`() throws {
    let stage = try Stage()
    try stage.startReplica()
    let pipe = try NamedPipe(stage.directory + "/output")
    pipe.fill()
    try stage.writeConf(
      ports: stage.ports, lbd: "workers = 1", sections: stage.accessSection("stdout"))
    try stage.start(by: "exec \"$0\" \"$@\" > \(stage.directory)/output")
    let connection = try stage.connect()
    connection.patience = 1000
    for _ in 0..<200 { #expect(try connection.get("/getInfo").status == 200) }
    stage.lbd?.signal(SIGTERM)
    #expect(try stage.lbd?.exitStatus(within: 30) == 0)
    try eventually("the log says so") {
      stage.lbd?.error.contains("last lines were not written") == true
    }
  }

  @Test func `stdout gets the lines and nothing else`() throws {
    let stage = try Stage()
    try stage.startReplica()
    try stage.writeConf(ports: stage.ports, sections: stage.accessSection("stdout"))
    try stage.start()
    #expect(try stage.connect().get("/getInfo").status == 200)
    try eventually("the line") { stage.lbd?.output.hasSuffix("\n") == true }
    let lines = try AccessLine.all(in: Array((stage.lbd?.output ?? "").utf8))
    #expect(lines.map { $0.text("target") } == ["/getInfo"])
  }

  @Test func `a reload goes on with another file, or refuses what cannot be opened`() throws {
    let stage = try Stage.withAccessLog(replicas: 1)
    let other = stage.directory + "/other.log"
    func reload(_ path: String, _ said: String) throws {
      try stage.writeConf(
        ports: stage.ports, lbd: "workers = 1", sections: stage.accessSection(path))
      let before = stage.lbd?.error.components(separatedBy: said).count ?? 0
      stage.lbd?.signal(SIGHUP)
      try eventually(said) { stage.lbd?.error.components(separatedBy: said).count ?? 0 > before }
    }
    func get(_ target: String, _ path: String) throws {
      #expect(try stage.connect().get("/getInfo?\(target)").status == 200)
      try eventually("\(target) in \(path)") {
        let lines = try? stage.accessLines(path)
        return lines?.contains { $0.text("target") == "/getInfo?\(target)" } == true
      }
    }
    try get("first", stage.accessPath)
    try reload(other, "reloaded")
    try get("second", other)
    try reload("/no-such-directory/access.log", "not reloaded")
    try get("third", other)
    #expect(try stage.metrics().sum("lbd_last_reload_success") == 0)
    try reload("off", "reloaded")
    let count = try stage.accessLines(other).count
    #expect(try stage.connect().get("/getInfo").status == 200)
    try reload(stage.accessPath, "reloaded")
    try get("fourth", stage.accessPath)
    #expect(try stage.accessLines(other).count == count)
    #expect(try stage.accessLines().compactMap { $0.text("target") }.count == 2)
  }

  @Test(arguments: ["/no-such-directory/access.log", "/tmp"])
  func `a file that cannot be opened is a start that fails, with what to do`(_ path: String) throws
  {
    let stage = try Stage()
    try stage.writeConf(ports: [1], sections: stage.accessSection(path))
    let outcome = try Child.run("lbd", ["-c", stage.confPath])
    #expect(outcome.status == 1 && outcome.error.count { $0 == "\n" } == 1, "\(outcome)")
    #expect(outcome.error.hasPrefix("lbd: cannot open the access log \(path): "))
    #expect(outcome.error.contains("[log]"))
    #expect(!FileManager.default.fileExists(atPath: stage.socketPath))
  }

  /// The numbers of the targets `/getInfo?0` and on that have a line; each line is whole.
  private func numbers(_ stage: Stage, _ paths: String...) throws -> [Int] {
    try paths.flatMap { try stage.accessLines($0) }.compactMap { line in
      line.text("target").flatMap { Int($0.dropFirst("/getInfo?".utf8.count)) }
    }
  }

  @Test func `a file that takes part of a line has none of it, and rotation loses no line`() throws
  {
    let stage = try Stage()
    try stage.startReplica()
    try stage.writeConf(ports: stage.ports, lbd: "workers = 1", sections: stage.accessSection())
    // 64 KiB, which end within a line as a disk does that is full.
    try stage.start(by: "ulimit -f 128; exec \"$0\" \"$@\"")
    let connection = try stage.connect()
    for index in 0..<400 { #expect(try connection.get("/getInfo?\(index)").status == 200) }
    try eventually("it is said that no more goes in") {
      stage.lbd?.error.contains("the access log cannot be written") == true
    }
    let former = stage.accessPath + ".1"
    #expect(try numbers(stage, stage.accessPath).count > 100)
    _ = unsafe rename(stage.accessPath, former)
    stage.lbd?.signal(SIGUSR1)
    try eventually("the rest is in the next file") {
      guard FileManager.default.fileExists(atPath: stage.accessPath) else { return false }
      return (try? numbers(stage, former, stage.accessPath).count) == 400
    }
    #expect(try Set(numbers(stage, former, stage.accessPath)) == Set(0..<400))
    #expect(try stage.metrics().sum("lbd_access_log_lines_dropped_total") == 0)
  }

  @Test func `a pipe that has the beginning of a line gets its end, wherever lines go then`() throws
  {
    let stage = try Stage()
    try stage.startReplica()
    let pipe = try NamedPipe(stage.directory + "/pipe")
    func writeConf(_ path: String) throws {
      try stage.writeConf(
        ports: stage.ports, lbd: "workers = 1", sections: stage.accessSection(path))
    }
    try writeConf(pipe.path)
    try stage.start()
    let connection = try stage.connect()
    let padding = String(repeating: "t", count: 1900)
    func send(_ numbers: Range<Int>) throws {
      for index in numbers { _ = try connection.get("/getInfo?\(index)&\(padding)") }
    }
    func numbers(_ bytes: [UInt8]) throws -> [Int] {
      try AccessLine.all(in: bytes).compactMap { line in
        line.text("target").flatMap {
          Int($0.dropFirst("/getInfo?".utf8.count).prefix { $0 != "&" })
        }
      }
    }
    try send(0..<200)
    try writeConf(stage.accessPath)
    #expect(try stage.lbctl("reload").status == 0)
    try send(200..<220)
    try eventually("lines go to the file") { try !Files.read(stage.accessPath, limit: 1).isEmpty }
    var bytes: [UInt8] = []
    try eventually("every line is whole in one of the two") {
      bytes += pipe.take()
      guard let inPipe = try? numbers(bytes), !inPipe.isEmpty,
        let inFile = try? numbers(try Files.read(stage.accessPath, limit: 1 << 20))
      else { return false }
      return Set(inPipe + inFile) == Set(0..<220) && inPipe.count + inFile.count == 220
    }
    #expect(try stage.metrics().sum("lbd_access_log_lines_dropped_total") == 0)
  }

  @Test func `time in which lbd stood still at its end costs no line`() throws {
    let ends = try inParallel(12) { round -> (lines: Int, error: String) in
      let stage = try Stage.withAccessLog(replicas: 1)
      let connection = try stage.connect()
      for index in 0..<300 { _ = try connection.get("/getInfo?\(index)") }
      let lbd = try #require(stage.lbd)
      lbd.signal(SIGTERM)
      // Anywhere on its way, the wait for the thread that writes too.
      Clock.sleep(milliseconds: round * 9)
      lbd.signal(SIGSTOP)
      Clock.sleep(milliseconds: 1200)
      lbd.signal(SIGCONT)
      #expect(try lbd.exitStatus(within: 60) == 0)
      return (try numbers(stage, stage.accessPath).count, lbd.error)
    }
    #expect(ends.allSatisfy { $0.lines == 300 }, "\(ends.map(\.lines))")
    for end in ends { #expect(!end.error.contains("not written"), "\(end.error)") }
  }

  @Test func `a full disk is said once, and what waited is written when there is room`() throws {
    let stage = try Stage()
    try stage.startReplica()
    try stage.writeConf(
      ports: stage.ports, lbd: "workers = 1", sections: stage.accessSection("/dev/full"))
    try stage.start()
    let connection = try stage.connect()
    for _ in 0..<50 { #expect(try connection.get("/getInfo").status == 200) }
    try eventually("it is said") {
      stage.lbd?.error.contains("cannot be written: No space left on device") == true
    }
    try stage.writeConf(ports: stage.ports, lbd: "workers = 1", sections: stage.accessSection())
    stage.lbd?.signal(SIGHUP)
    #expect(try stage.awaitAccessLines(50).count == 50)
    #expect(stage.lbd?.error.matches(of: /cannot be written/).count == 1)
  }
}
