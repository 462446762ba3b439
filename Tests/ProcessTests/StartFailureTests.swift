// What the system refuses at the start: one line that says what and what to do, and exit 1.

import Foundation
import Testing

@Suite(.waiting) struct StartFailureTests {
  /// lbd ends with 1 and one line with all of these.
  private func expectOneLine(_ outcome: Child.Outcome, _ parts: String...) {
    #expect(outcome.status == 1, "\(outcome)")
    #expect(
      outcome.error.hasPrefix("lbd: ") && outcome.error.count { $0 == "\n" } == 1, "\(outcome)")
    for part in parts { #expect(outcome.error.contains(part), "\(outcome.error)") }
  }

  @Test func `a port that is taken`() throws {
    let stage = try Stage()
    let taken = try stage.startReplica()
    try stage.write(
      "[lbd]\nmain_port = \(taken)\nports = 1\ncontrol = \(stage.socketPath)\n")
    expectOneLine(
      try Child.run("lbd", ["-c", stage.confPath]), "127.0.0.1:\(taken)", "Address already in use",
      "main_port")
    #expect(!FileManager.default.fileExists(atPath: stage.socketPath))
  }

  @Test func `a control socket that another lbd has`() throws {
    let stage = try Stage(replicas: 1)
    let other = try Stage()
    try other.write(
      "[lbd]\nmain_port = \(other.mainPort)\nports = 1\ncontrol = \(stage.socketPath)\n")
    expectOneLine(try Child.run("lbd", ["-c", other.confPath]), stage.socketPath, "another lbd")
    #expect(try stage.lbctl("health").status == 0)
  }

  @Test(arguments: ["/no-such-directory/lbd.sock", "/proc/lbd.sock"])
  func `a control socket that cannot be made`(_ path: String) throws {
    let stage = try Stage()
    try stage.write("[lbd]\nmain_port = \(stage.mainPort)\nports = 1\ncontrol = \(path)\n")
    expectOneLine(try Child.run("lbd", ["-c", stage.confPath]), path, "LBD_SOCKET")
  }

  @Test func `a control socket's path with a file in it that is no socket`() throws {
    let stage = try Stage()
    try "precious".write(toFile: stage.socketPath, atomically: true, encoding: .utf8)
    try stage.writeConf(ports: [1])
    let lbd = try Child.start("lbd", ["-c", stage.confPath])
    expectOneLine(try lbd.outcome(within: 30), stage.socketPath)
    #expect(try String(contentsOfFile: stage.socketPath, encoding: .utf8) == "precious")
  }

  @Test func `an address that is not here`() throws {
    let stage = try Stage()
    try stage.write(
      "[lbd]\nhost = 192.0.2.1\nmain_port = \(stage.mainPort)\nports = 1\n"
        + "control = \(stage.socketPath)\n")
    expectOneLine(try Child.run("lbd", ["-c", stage.confPath]), "192.0.2.1", "host")
  }

  @Test(arguments: [5, 10, 20, 40])
  func `too few descriptors`(_ limit: Int) throws {
    let stage = try Stage()
    try stage.writeConf(ports: [1])
    let lbd = try Binaries.path("lbd")
    let child = try Child(
      "/bin/sh", ["-c", "ulimit -n \(limit); exec \"$0\" \"$@\"", lbd, "-c", stage.confPath])
    expectOneLine(try child.outcome(), "not enough descriptors", "\(limit)", "ulimit -n")
  }
}
