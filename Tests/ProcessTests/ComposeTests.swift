// The Makefile's verbs, as the script behind them does them.

import Foundation
import Glibc
import Testing

@Suite(.serialized) struct ComposeTests {
  /// A conf and a run directory; whatever was started ends with it.
  private final class Project {
    let stage: Stage
    let run: String

    init() throws {
      let stage = try Stage()
      self.stage = stage
      run = stage.directory + "/run"
      let ports = try (0..<2).map { _ in try stage.reservePort() }
      try stage.write(
        "[lbd]\nmain_port = \(stage.mainPort)\nports = \(ports[0]), \(ports[1])\n"
          + "control = ${LBD_SOCKET}\n[health]\npath = /health\n")
      self.ports = ports
    }

    let ports: [UInt16]

    deinit { _ = try? compose("down") }

    func compose(_ arguments: String..., conf: String? = nil) throws -> Child.Outcome {
      let child = try Child(
        Binaries.package + "/scripts/compose.sh", arguments,
        environment: [
          "CONF": conf ?? stage.confPath, "RUN": run, "BIN": Binaries.directory, "WAIT": "10",
        ])
      return try child.outcome(within: 60)
    }

    /// The rows of `ps` as words.
    func ps() throws -> [[String]] {
      try compose("ps").output.split(separator: "\n").dropFirst().map {
        $0.split(separator: " ").map(String.init)
      }
    }

    func pids() throws -> [String] { try ps().map { $0[1] } }
  }

  /// Whether a process is there; one that only waits for its parent to take note is not.
  private func lives(_ pid: String) -> Bool {
    guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else {
      return false
    }
    return !stat.contains(") Z ")
  }

  @Test func `up starts what the conf names, twice is once, down leaves nothing`() throws {
    let project = try Project()
    let up = try project.compose("up")
    #expect(up.status == 0, "\(up)")
    #expect(up.output.contains("\n2 up\n"))
    #expect(up.output.hasSuffix("http://127.0.0.1:\(project.stage.mainPort)/docs\n"))
    #expect(try project.stage.connect().get("/getInfo").status == 200)
    let pids = try project.pids()
    #expect(pids.count == 3 && pids.allSatisfy { Int($0) != nil })
    #expect(try project.compose("up").status == 0)
    #expect(try project.pids() == pids)
    #expect(try project.compose("down").status == 0)
    for pid in pids { #expect(!lives(pid)) }
    #expect(try project.ps().allSatisfy { $0[2] == "stopped" })
    #expect(try project.compose("down").status == 0)
  }

  @Test func `a replica that was stopped or died is started again`() throws {
    let project = try Project()
    #expect(try project.compose("up").status == 0)
    let before = try project.pids()
    #expect(try project.compose("stop-replica", "\(project.ports[0])").status == 0)
    #expect(try project.ps()[1][2] == "stopped" || project.ps()[2][2] == "stopped")
    #expect(try project.compose("start-replica", "\(project.ports[0])").status == 0)
    #expect(try project.ps().allSatisfy { $0[2] == "running" })
    kill(Int32(before[0]) ?? 0, 9)
    try eventually("lbd is gone") { try project.ps()[0][2] == "exited" }
    #expect(try project.compose("up").status == 0)
    #expect(try project.ps().allSatisfy { $0[2] == "running" })
  }

  @Test func `scale grows and shrinks the running pool without an error`() throws {
    let project = try Project()
    #expect(try project.compose("up").status == 0)
    let load = try Load(port: project.stage.mainPort, clients: 2)
    let grown = try project.compose("scale", "5")
    #expect(grown.status == 0 && grown.output.contains("\n5 up\n"), "\(grown)")
    try load.awaitAnswers(50)
    let shrunk = try project.compose("scale", "1")
    #expect(shrunk.status == 0 && shrunk.output.contains("\n1 up\n"), "\(shrunk)")
    try load.awaitAnswers(50)
    #expect(load.stop() == [])
    #expect(try project.ps().count { $0[2] == "running" } == 2)
  }

  @Test func `a start that fails says why and shows the log`() throws {
    let project = try Project()
    let taken = try project.stage.startReplica()
    let conf = project.stage.directory + "/taken.conf"
    try "[lbd]\nmain_port = \(project.stage.mainPort)\nports = \(taken)\n"
      .write(toFile: conf, atomically: true, encoding: .utf8)
    let outcome = try project.compose("up", conf: conf)
    #expect(outcome.status == 1)
    #expect(outcome.error.contains("Address already in use"))
    #expect(outcome.error.hasSuffix("replicad did not start on 127.0.0.1:\(taken)\n"))
  }
}
