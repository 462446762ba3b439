// The files that a conf is made of: only regular ones are read, and one that may not be whole is told of.

import ControlProtocol
import Foundation
import Glibc
import LinuxIO
import TestSupport
import Testing

@Suite struct ConfFilesTests {
  /// lbd with a replica and a directory whose `*.conf` it reads.
  private func stage() throws -> Stage {
    let stage = try Stage()
    try stage.startReplica()
    try FileManager.default.createDirectory(
      atPath: stage.directory + "/conf.d", withIntermediateDirectories: true)
    try stage.writeConf(ports: stage.ports, lbd: "include = conf.d/*.conf")
    try stage.start()
    return stage
  }

  private enum Kind: String, CaseIterable { case pipe, linkToPipe, socket, device, directory }

  private func make(_ kind: Kind, _ path: String) throws -> Descriptor? {
    switch kind {
    case .pipe: guard unsafe mkfifo(path, 0o600) == 0 else { throw TestFailure("mkfifo") }
    case .linkToPipe:
      guard unsafe mkfifo(path + ".pipe", 0o600) == 0 else { throw TestFailure("mkfifo") }
      guard unsafe symlink(path + ".pipe", path) == 0 else { throw TestFailure("symlink") }
    case .socket:
      guard let address = SocketAddress(path: path) else { throw TestFailure(path) }
      return try Socket.listen(address)
    case .device: guard unsafe symlink("/dev/zero", path) == 0 else { throw TestFailure("symlink") }
    case .directory:
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }
    return nil
  }

  @Test(arguments: [0, 18_446_744_073, 9_999_999_999])
  func `a file of any time is read`(_ seconds: Int) throws {
    let stage = try Stage(replicas: 1)
    // Most file systems keep no time after the year 2446.
    let conf = "/dev/shm/lbd-test-\(stage.mainPort).conf"
    defer { try? FileManager.default.removeItem(atPath: conf) }
    try "".write(toFile: conf, atomically: true, encoding: .utf8)
    try stage.writeConf(ports: stage.ports, lbd: "include = \(conf)")
    let touch = try Child("/usr/bin/touch", ["-d", "@\(seconds)", conf]).outcome()
    #expect(touch.status == 0)
    let outcome = try stage.lbctl("reload")
    #expect(outcome.status == 0, "\(outcome)")
    #expect(try stage.connect().get("/getInfo").status == 200)
    #expect(try Child.run("lbd", ["-t", "-c", stage.confPath]).status == 0)
  }

  @Test(arguments: ["pipe", "linkToPipe", "socket", "device", "directory"])
  func `what is no regular file is refused at once, by a reload as by a start`(
    _ name: String
  ) throws {
    let kind = try #require(Kind(rawValue: name))
    let stage = try stage()
    let path = stage.directory + "/conf.d/x.conf"
    let held = try make(kind, path)
    for arguments in [["reload"], ["reload", "--dry-run"]] {
      let outcome = try Child.run("lbctl", arguments + ["--socket", stage.socketPath])
      #expect(outcome.status == 1, "\(outcome)")
      let why = kind == .directory ? "is a directory" : "it is no regular file"
      #expect(outcome.error.contains("x.conf\": \(why), name a file"), "\(outcome.error)")
    }
    for arguments in [["-t"], []] {
      let outcome = try Child.run("lbd", arguments + ["-c", stage.confPath], within: 20)
      #expect(outcome.status == (arguments.isEmpty ? 78 : 1), "\(outcome)")
      #expect(outcome.error.contains("x.conf"), "\(outcome)")
    }
    // Nothing stands still for it.
    try stage.killReplica(stage.ports[0])
    try stage.awaitPool("probes go on") { $0[0].state != .up }
    stage.lbd?.signal(SIGTERM)
    #expect(try stage.lbd?.exitStatus() == 0)
    _ = held
  }

  @Test func `a link to a regular file is read, as orchestrators mount them`() throws {
    let stage = try stage()
    let target = stage.directory + "/data.conf"
    try "[timeouts]\nconnect = 3s\n".write(toFile: target, atomically: true, encoding: .utf8)
    guard unsafe symlink(target, stage.directory + "/conf.d/x.conf") == 0 else {
      throw TestFailure("symlink")
    }
    let outcome = try stage.lbctl("reload")
    #expect(outcome.status == 0 && outcome.output == "~ [timeouts] connect: 1s -> 3s\n")
  }

  /// Mounts a file system whose server never answers, seen by lbd alone: it goes with lbd.
  private static func mounting(_ directory: String) -> String {
    "exec unshare -m sh -c 'exec 9<>/dev/fuse && mount -i -t fuse"
      + " -o fd=9,rootmode=40000,user_id=0,group_id=0 hung \(directory) && exec \"$0\" \"$@\"'"
      + " \"$0\" \"$@\""
  }

  /// Whether this machine lets us have such a file system.
  private static let canMount: Bool = {
    guard geteuid() == 0, FileManager.default.fileExists(atPath: "/dev/fuse") else { return false }
    let directory = NSTemporaryDirectory() + "lbd-mount-\(getpid())"
    try? FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let trial = try? Child("/bin/sh", ["-c", mounting(directory), "/bin/true"])
    return (try? trial?.outcome().status) == 0
  }()

  @Test(
    .enabled(if: canMount, "needs root and FUSE"), .timeLimit(.minutes(5)),
    arguments: ["include = hung/*.conf", "include = hung/x.conf"])
  func `a mount that hangs is given up, and nothing else waits for it`(_ line: String) throws {
    let stage = try Stage()
    try stage.startReplica()
    let hung = stage.directory + "/hung"
    try FileManager.default.createDirectory(atPath: hung, withIntermediateDirectories: false)
    try stage.writeConf(ports: stage.ports)
    try stage.start(by: Self.mounting(hung))
    try stage.writeConf(ports: stage.ports, lbd: line)
    let reload = try Child.start("lbctl", ["reload", "--socket", stage.socketPath])
    try stage.killReplica(stage.ports[0])
    try stage.awaitPool("probes go on") { $0[0].state != .up }
    #expect(try stage.lbctl("version").status == 0)
    let outcome = try reload.outcome(within: 60)
    #expect(outcome.status == 1, "\(outcome)")
    #expect(outcome.error.contains("gave up ") && outcome.error.contains("hung/"), "\(outcome)")
    // A good conf is applied all the same, and lbd ends when it is told to.
    try stage.writeConf(ports: stage.ports, sections: "[timeouts]\nconnect = 3s\n")
    #expect(try stage.lbctl("reload").status == 0)
    stage.lbd?.signal(SIGTERM)
    #expect(try stage.lbd?.exitStatus() == 0)
  }

  // MARK: Files that may not be whole

  private func age(_ path: String, _ seconds: Double) throws {
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -seconds)], ofItemAtPath: path)
  }

  @Test func `a file that has just changed is told of once the reload is done`() throws {
    let stage = try stage()
    let young = "lb.conf had changed less than a second before"
    try age(stage.confPath, 60)
    #expect(try !stage.lbctl("reload").error.contains("warning"))
    // On a machine that is busy it may be older by the time it is read.
    try eventually("it is told") {
      try stage.writeConf(ports: stage.ports, lbd: "include = conf.d/*.conf")
      let outcome = try stage.lbctl("reload")
      #expect(outcome.status == 0)
      return outcome.error.contains("lbctl: warning: ") && outcome.error.contains(young)
    }
    try eventually("the log says so") { stage.lbd?.error.contains(young) == true }
    try stage.writeConf(ports: stage.ports, lbd: "include = conf.d/*.conf")
    #expect(try !stage.lbctl("reload", "--dry-run").error.contains(young))
  }

  @Test func `a file whose last line has no end is told of`() throws {
    let stage = try stage()
    let path = stage.directory + "/conf.d/x.conf"
    try "[timeouts]\nconnect = 3".write(toFile: path, atomically: true, encoding: .utf8)
    let refused = try stage.lbctl("reload")
    #expect(refused.status == 1 && !refused.error.contains("warning"))
    try "[timeouts]\nconnect = 3s".write(toFile: path, atomically: true, encoding: .utf8)
    try age(path, 60)
    try age(stage.confPath, 60)
    let cut = "lbctl: warning: \(path) ends without a whole line"
    for arguments in [["reload", "--dry-run"], ["reload"], ["reload", "--json"]] {
      let outcome = try Child.run("lbctl", arguments + ["--socket", stage.socketPath])
      #expect(outcome.status == 0)
      if arguments.last == "--json" {
        #expect(outcome.output.contains("\"warnings\":[\"\(path) ends"), "\(outcome)")
      } else {
        #expect(outcome.error.contains(cut), "\(outcome)")
      }
    }
    try "[timeouts]\nconnect = 3s\n".write(toFile: path, atomically: true, encoding: .utf8)
    try age(path, 60)
    #expect(try stage.lbctl("reload").error == "lbctl: nothing changes\n")
  }

  // MARK: Answers that come later

  @Test func `many who order a reload at once are all answered`() throws {
    let stage = try stage()
    let socket = stage.socketPath
    let statuses = try inParallel(6) { _ in
      try (0..<3).map { _ in try Child.run("lbctl", ["reload", "--socket", socket]).status }
    }
    #expect(statuses.flatMap { $0 }.allSatisfy { $0 == 0 })
    #expect(try stage.connect().get("/getInfo").status == 200)
  }

  @Test func `what is asked behind a reload is answered behind it, and who leaves is let go`()
    throws
  {
    let stage = try stage()
    let address = try #require(SocketAddress(path: stage.socketPath))
    let reload = "POST \(ControlPath.reload) HTTP/1.1\r\nHost: lbd\r\nContent-Length: 0\r\n\r\n"
    let version = "GET \(ControlPath.version) HTTP/1.1\r\nHost: lbd\r\n\r\n"
    let connection = try Connection(address)
    try connection.send(reload + version + reload + version)
    for text in ["accepted", "version", "accepted", "version"] {
      let answer = try connection.answer()
      #expect(answer.status == 200 && answer.text.contains("\"\(text)\""), "\(answer.text)")
    }
    for _ in 0..<200 { try Connection(address).send(reload) }
    try eventually("lbd has answered or let go of all") {
      try stage.lbctl("version").status == 0 && stage.lbd?.descriptors() ?? .max < 60
    }
  }
}
