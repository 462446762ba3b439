// A replica's host falls silent: its packets are dropped in a namespace. Run by `make test-network`.

import Foundation
import LinuxIO
import TestSupport
import Testing

@Suite(.serialized, .waitingFirst) struct NetworkTests {
  private struct Report: Decodable {
    let requests: Int
    let failed: Int
    let slowest: Double
    let median: Double

    private enum CodingKeys: String, CodingKey {
      case requests, failed
      case slowest = "max_ms"
      case median = "p50_ms"
    }
  }

  /// lbd and three replicas on two hosts.
  private final class Site {
    let hosts: Hosts
    let directory: String
    private var children: [Child] = []

    init(health: String) throws {
      hosts = try Hosts(replicas: 3)
      directory =
        FileManager.default.temporaryDirectory.path + "/lbd-net-\(UUID().uuidString.prefix(8))"
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
      var conf = "[lbd]\nhost = 127.0.0.1\nmain_port = 8080\ncontrol = \(directory)/lbd.sock\n"
      for (index, address) in hosts.addresses.enumerated() {
        conf += "[replica r\(index + 1)]\naddress = \(address):9000\n"
        let child = try hosts.start(
          hosts.back, "replicad", ["--host", address, "--port", "9000"],
          log: "\(directory)/r\(index)")
        try eventually("replicad listens: \(child.error)") { child.error.contains("listening") }
        children.append(child)
      }
      try (conf + health).write(toFile: directory + "/lb.conf", atomically: true, encoding: .utf8)
      children.append(
        try hosts.start(
          hosts.front, "lbd", ["-c", directory + "/lb.conf"], log: directory + "/lbd"))
      try eventually("all are up") { try states() == ["up", "up", "up"] }
    }

    deinit {
      children = []
      try? FileManager.default.removeItem(atPath: directory)
    }

    func states() throws -> [String] {
      try lbctl("pool", "--no-header").output.split(separator: "\n")
        .map { String($0.split(separator: " ")[2]) }
    }

    func lbctl(_ arguments: String...) throws -> Child.Outcome {
      try Child(
        "/usr/sbin/ip",
        [
          "netns", "exec", hosts.front, try Binaries.path("lbctl"), "--socket",
          directory + "/lbd.sock",
        ]
          + arguments
      ).outcome(within: 60)
    }

    func load(_ count: Int) throws -> Report {
      let outcome = try lbctl("test", "-n", "\(count)", "-c", "8", "--json", "/getInfo")
      return try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
    }
  }

  @Test(.timeLimit(.minutes(2)))
  func `a replica whose packets are dropped costs no request, and nobody more than one timeout`()
    throws
  {
    // Probes would find out first, in part of the rounds: here only requests do.
    let site = try Site(health: "[health]\npath = /health\ninterval = 1h\njitter = 0%\n")
    let before = try site.load(600)
    #expect(before.failed == 0 && before.slowest < 500)
    // Each worker has open connections to it, on which the next requests go out.
    try site.hosts.drop(site.hosts.addresses[0])
    let during = try site.load(3000)
    #expect(during.failed == 0)
    #expect(during.slowest >= 900 && during.slowest < 1200, "connect is 1 s: \(during.slowest) ms")
    #expect(try site.states()[0] != "up")
    let after = try site.load(600)
    #expect(after.failed == 0 && after.slowest < 500)
    print(
      "dropped: the slowest of \(during.requests) took \(during.slowest) ms, half \(during.median) ms;"
        + " before \(before.slowest), after \(after.slowest) ms at most")
  }

  @Test(.timeLimit(.minutes(2)))
  func `a host that comes back is used again within a second`() throws {
    let site = try Site(health: "[health]\npath = /health\n")
    try site.hosts.drop(site.hosts.addresses[1])
    let start = Clock.now()
    try eventually("it is out") { try site.states()[1] != "up" }
    let out = Clock.now() - start
    let during = try site.load(300)
    #expect(during.failed == 0)
    try site.hosts.restore()
    let begin = Clock.now()
    try eventually("it is back") { try site.states() == ["up", "up", "up"] }
    let back = Clock.now() - begin
    #expect(out < 2_200_000_000 && back < 1_200_000_000)
    print("silent host: out after \(out / 1_000_000) ms, back after \(back / 1_000_000) ms")
  }
}
