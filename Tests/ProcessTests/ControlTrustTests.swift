// Whose control socket is trusted: who takes over, and who asks, looks who it is that listens there.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite(.enabled(if: geteuid() == 0, "only root can be another user"))
struct ControlTrustTests {
  /// An lbd of another user, whose control socket is in a directory of that user's own.
  private final class Theirs {
    let stage: Stage
    let directory: String
    let lbd: Child
    var socket: String { directory + "/run/lbd.sock" }

    /// - Parameter directory: what theirs is made in.
    init(in directory: String) throws {
      stage = try Stage()
      self.directory = directory
      try FileManager.default.createDirectory(
        atPath: directory + "/run", withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o755])
      try Ownership.give(directory + "/run", to: Ownership.stranger)
      try stage.write(
        "[lbd]\nmain_port = \(stage.mainPort)\nports = \(try stage.reservePort())\n"
          + "control = \(directory)/run/lbd.sock\n")
      lbd = try Theirs.run(as: Ownership.stranger, "lbd", ["-c", stage.confPath])
      try eventually("it listens: \(lbd.error)") { FileManager.default.fileExists(atPath: socket) }
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    static func run(as user: uid_t, _ name: String, _ arguments: [String]) throws -> Child {
      try Ownership.start(as: user, group: Ownership.stranger, name, arguments)
    }
  }

  @Test func `neither lbctl nor a takeover asks a stranger's lbd`() throws {
    let stage = try Stage()
    let theirs = try Theirs(in: stage.directory + "/theirs")
    let asked = try Child.run("lbctl", ["pool", "--socket", theirs.socket])
    #expect(asked.status == 1 && asked.error.contains("it is user 65534 who listens"), "\(asked)")
    #expect(try Child.run("lbctl", ["health", "--socket", theirs.socket]).status == 3)
    let next = try Child.start("lbd", ["--takeover", "-c", theirs.stage.confPath])
    let outcome = try next.outcome()
    #expect(outcome.status == 1, "\(outcome)")
    #expect(outcome.error.contains("is run by user 65534"), "\(outcome)")
    // They may ask and take over themselves.
    let own = try Theirs.run(
      as: Ownership.stranger, "lbctl", ["version", "--socket", theirs.socket])
    #expect(try own.outcome().status == 0)
    #expect(theirs.lbd.isRunning)
  }

  @Test func `what lies where lbctl happens to run is asked of one's own or root's lbd only`()
    throws
  {
    let theirs = try Theirs(in: "/run/lbd-\(UUID().uuidString.prefix(8))")
    let shell = ["-c", "cd \(theirs.directory) && exec \"$0\" pool", try Binaries.path("lbctl")]
    guard !FileManager.default.fileExists(atPath: "/run/lbd/lbd.sock") else { return }
    let asked = try Child("/bin/sh", shell).outcome()
    #expect(asked.status == 1 && asked.error.contains("run/lbd.sock: not asked"), "\(asked)")
  }

  @Test func `root and members of its group ask an lbd whose directory root gave to its user`()
    throws
  {
    let theirs = try Theirs(in: "/run/lbd-\(UUID().uuidString.prefix(8))")
    let asked = try Child.run("lbctl", ["pool", "--socket", theirs.socket])
    #expect(asked.status == 0, "\(asked)")
    let member = try Theirs.run(as: 65533, "lbctl", ["pool", "--socket", theirs.socket])
    let outcome = try member.outcome()
    #expect(outcome.status == 0, "\(outcome)")
  }
}
