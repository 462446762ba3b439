// What keeps lbd from starting is told at once, by -t too; and as anybody, without root and systemd, it starts.

import ControlProtocol
import Foundation
import Glibc
import LinuxIO
import TestSupport
import Testing

@Suite(.waiting) struct PreflightTests {
  /// Runs a command in a directory as a user without rights: as nobody, where this test is root's.
  private func asAnybody(
    _ stage: Stage, _ name: String, _ arguments: [String], _ environment: [String: String] = [:]
  ) throws -> Child {
    let program = try Binaries.path(name)
    let user = getuid() == 0 ? "exec setpriv --reuid=65534 --regid=65534 --clear-groups" : "exec"
    return try Child(
      "/bin/sh", ["-c", "cd '\(stage.directory)' && \(user) \"$0\" \"$@\"", program] + arguments,
      environment: environment)
  }

  /// README's conf for an app of one's own, at a port that is free.
  private func ownConf(_ stage: Stage) throws -> String {
    let readme = try String(contentsOfFile: Binaries.package + "/README.md", encoding: .utf8)
    let start = try #require(readme.range(of: "```ini\n"))
    let end = try #require(readme.range(of: "```", range: start.upperBound..<readme.endIndex))
    let conf = String(readme[start.upperBound..<end.lowerBound])
    let port = try #require(conf.firstMatch(of: /main_port = (\d+)/).flatMap { Int($0.1) })
    #expect(port >= 1024, "not everybody may listen there")
    return conf.replacing("main_port = \(port)", with: "main_port = \(stage.mainPort)")
  }

  @Test(arguments: [false, true])
  func `README's conf for one's own app runs as anybody, and lbctl finds it`(
    _ hasSession: Bool
  ) throws {
    let stage = try Stage()
    try stage.write(try ownConf(stage))
    let open: [FileAttributeKey: Any] = [.posixPermissions: 0o777]
    try FileManager.default.setAttributes(open, ofItemAtPath: stage.directory)
    let session = stage.directory + "/session"
    try FileManager.default.createDirectory(
      atPath: session, withIntermediateDirectories: false)
    try FileManager.default.setAttributes(open, ofItemAtPath: session)
    let environment = hasSession ? ["XDG_RUNTIME_DIR": session] : [:]
    let check = try asAnybody(stage, "lbd", ["-t", "-c", "lb.conf"], environment).outcome()
    #expect(check.status == 0 && check.output.hasPrefix("lb.conf: ok"), "\(check)")
    let lbd = try asAnybody(stage, "lbd", ["-c", "lb.conf"], environment)
    let socket = hasSession ? session + "/lbd.sock" : stage.directory + "/run/lbd.sock"
    try eventually("its socket is there\n\(lbd.error)") {
      guard lbd.isRunning else { throw TestFailure("lbd ended: \(lbd.error)") }
      return Files.isSocket(socket)
    }
    let pool = try asAnybody(stage, "lbctl", ["pool", "--no-header"], environment).outcome()
    #expect(pool.status == 0 && pool.output.hasPrefix("8001 "), "\(pool)")
    // Beside one that runs, the check takes nothing from it and is content.
    let again = try asAnybody(stage, "lbd", ["-t", "-c", "lb.conf"], environment).outcome()
    #expect(again.status == 0 && again.output.hasPrefix("lb.conf: ok"), "\(again)")
    #expect(again.error.isEmpty, "\(again.error)")
    #expect(lbd.isRunning && Files.isSocket(socket))
    lbd.signal(SIGTERM)
    #expect(try lbd.exitStatus(within: 30) == 0)
  }

  @Test func `all that cannot be opened is told at once, by a start and by -t`() throws {
    let stage = try Stage()
    let (main, metrics) = (try stage.startReplica(), try stage.startReplica())
    let file = stage.directory + "/file"
    try "".write(toFile: file, atomically: true, encoding: .utf8)
    try stage.write(
      """
      [lbd]
      main_port = \(main)
      ports = 1
      control = \(stage.directory)/absent/lbd.sock
      [log]
      access = \(file)/access.log
      [metrics]
      listen = 127.0.0.1:\(metrics)
      """)
    for arguments in [["-t"], []] {
      let outcome = try Child.run("lbd", arguments + ["-c", stage.confPath])
      #expect(outcome.status == 1 && outcome.output.isEmpty, "\(outcome)")
      let lines = outcome.error.split(separator: "\n")
      #expect(
        lines.count == 4 && lines.allSatisfy { $0.hasPrefix("lbd: cannot ") }, "\(outcome.error)")
      for part in [
        "127.0.0.1:\(main): Address already in use", "127.0.0.1:\(metrics): Address already in use",
        "absent/lbd.sock: No such file or directory", "file/access.log: Not a directory",
      ] {
        #expect(lines.count { $0.contains(part) } == 1, "\(part) in \(outcome.error)")
      }
    }
    #expect(try Connection(port: main).get("/getInfo").status == 200)
  }

  @Test func `what another lbd or another program has keeps a start away, and -t says so`() throws {
    let stage = try Stage(replicas: 1)
    let other = try Stage()
    let conf = "[lbd]\nports = 1\n"
    let socket = try #require(SocketAddress(path: other.directory + "/taken.sock"))
    let taken = try Socket.listen(socket)
    for (more, part) in [
      // Without an lbd of its own, and beside one.
      ("main_port = \(stage.mainPort)\ncontrol = \(other.socketPath)", "Address already in use"),
      ("main_port = \(stage.ports[0])\ncontrol = \(stage.socketPath)", "Address already in use"),
      ("main_port = \(other.mainPort)\ncontrol = \(socket.host)", "another lbd answers at"),
      (
        "main_port = \(other.mainPort)\ncontrol = \(other.socketPath)\n"
          + "[metrics]\nlisten = unix:\(socket.host)", "another lbd answers at"
      ),
    ] {
      try other.write(conf + more + "\n")
      for arguments in [["-t"], []] where !(arguments.isEmpty && more.contains(stage.socketPath)) {
        let outcome = try Child.run("lbd", arguments + ["-c", other.confPath])
        #expect(outcome.status == 1 && outcome.error.contains(part), "\(more): \(outcome)")
      }
    }
    _ = consume taken
    #expect(try stage.connect().get("/getInfo").status == 200)
  }

  @Test func `a check leaves nothing behind`() throws {
    let stage = try Stage()
    try stage.writeConf(ports: [1], sections: "[log]\naccess = \(stage.directory)/access.log")
    let before = try FileManager.default.contentsOfDirectory(atPath: stage.directory)
    #expect(try Child.run("lbd", ["-t", "-c", stage.confPath]).status == 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: stage.directory) == before)
    #expect(throws: (any Error).self) { try stage.connect() }
  }
}
