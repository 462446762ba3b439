// Started without standard input, output and error: nothing else gets their numbers.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite(.waiting) struct StandardDescriptorTests {
  private static let closed = "exec \"$0\" \"$@\" <&- >&- 2>&-"

  /// What each of the three is in a process.
  private func targets(of pid: Int32) -> [String] {
    (0...2).map { number in
      let path = "/proc/\(pid)/fd/\(number)"
      return (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) ?? "closed"
    }
  }

  private func expectNothing(_ child: Child?, _ name: String) {
    let targets = targets(of: child?.pid ?? 0)
    #expect(targets == ["/dev/null", "/dev/null", "/dev/null"], "\(name)")
  }

  @Test func `no program gives their numbers to a file or a client`() throws {
    let stage = try Stage()
    let port = try stage.reservePort()
    try stage.writeConf(ports: [port])
    try stage.launch(by: Self.closed)
    expectNothing(stage.lbd, "lbd")
    let script = ["-c", Self.closed]
    let replica = try Child(
      "/bin/sh", script + [try Binaries.path("replicad"), "--port", "\(port)"])
    try eventually("it listens") { (try? Connection(port: port)) != nil }
    expectNothing(replica, "replicad")
    // One that goes on by itself, as long as it can write.
    let lbctl = try Child(
      "/bin/sh",
      [
        "-c", "exec \"$0\" \"$@\" <&-", try Binaries.path("lbctl"), "events", "-f", "--socket",
        stage.socketPath,
      ])
    try eventually("it follows") { !lbctl.output.isEmpty }
    #expect(targets(of: lbctl.pid)[0] == "/dev/null")
  }

  @Test func `output that was closed is not taken for written`() throws {
    let stage = try Stage(replicas: 1)
    let lbctl = try Binaries.path("lbctl")
    let asked = try Child(
      "/bin/sh",
      ["-c", "exec \"$0\" \"$@\" >&-", lbctl, "version", "--socket", stage.socketPath])
    let outcome = try asked.outcome()
    #expect(outcome.status == 1 && outcome.error.contains("standard output"), "\(outcome)")
    // Nor does lbd begin to log where nobody can read.
    let conf = try String(contentsOfFile: stage.confPath, encoding: .utf8)
    try stage.write(conf + "[log]\naccess = stdout\n")
    let lbd = try Child(
      "/bin/sh", ["-c", "exec \"$0\" \"$@\" >&-", try Binaries.path("lbd"), "-c", stage.confPath])
    let refused = try lbd.outcome()
    #expect(refused.status == 1 && refused.error.contains("the access log stdout"), "\(refused)")
  }
}
