// What the prober keeps open between probes, and how little it is believed.

import ControlProtocol
import LinuxIO
import TestSupport
import Testing

@Suite(.waiting) struct ProbeConnectionTests {
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

  /// lbd with one scripted replica that is probed every 50 ms by a path of the script's own.
  private func stage(_ replica: ScriptedReplica, health: String = "") throws -> Stage {
    try Stage(
      scripted: [replica],
      health: "path = /probe\ninterval = 50ms\nfast_interval = 50ms\n" + health)
  }

  private func probes(_ replica: ScriptedReplica) -> Int {
    replica.requests.count { $0.hasPrefix("GET /probe ") }
  }

  @Test(arguments: [
    ([ok], true), (["HTTP/1.1 200 OK\r\n", "Content-Length: 5\r\n\r\nhel", "lo"], true),
    (["HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", ok], true),
    (["HTTP/1.1 100 Continue\r\n\r\n" + ok], true),
    (["HTTP/1.1 204 No Content\r\n\r\n"], true), (["HTTP/1.0 200 OK\r\n\r\n"], false),
    (["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"], false),
    ([ok + "more"], false), ([ok, "more"], false),
    (["HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\nhello"], false),
    (["HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello"], false),
  ])
  func `a connection is asked again where its answer came to its end`(
    _ pieces: [String], _ isKept: Bool
  ) throws {
    let replica = try ScriptedReplica { _, connection in
      for (index, piece) in pieces.enumerated() {
        if index > 0 { Clock.sleep(milliseconds: 5) }
        try connection.send(piece)
      }
      return .keep
    }
    let stage = try stage(replica)
    try eventually("40 probes") { probes(replica) >= 40 }
    let (connections, count) = (replica.connections, probes(replica))
    if isKept {
      #expect(connections <= 10 && count / connections <= 16, "\(connections) for \(count)")
    } else {
      // What comes late may come after the next probe on a loaded machine.
      #expect(connections >= count / 2, "\(connections) for \(count)")
    }
    #expect(try stage.pool()[0].state == .up && stage.lbd?.error.contains("is down") == false)
  }

  @Test func `a connection that ends between probes is no failure`() throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send(Self.ok)
      // Some of the ends come just before a probe, some cross with one.
      return .random(in: 0..<3) == 0 ? .reset : .random() ? .close : .keep
    }
    let stage = try stage(replica, health: "fall = 1\n")
    try eventually("60 probes") { probes(replica) >= 60 }
    #expect(try stage.pool()[0].state == .up)
    #expect(stage.lbd?.error.contains("is down") == false)
  }

  @Test(arguments: ["", "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", "nonsense\r\n"])
  func `what speaks against a replica on a connection from before is asked about once more`(
    _ bad: String
  ) throws {
    let second = Counter()
    let replica = try ScriptedReplica { _, connection in
      try connection.send(Self.ok)
      // The second question of each connection meets this and the end.
      _ = try connection.request()
      second.add()
      try connection.send(bad)
      return .close
    }
    let stage = try stage(replica, health: "fall = 1\n")
    try eventually("20 of those") { second.value >= 20 }
    #expect(try stage.pool()[0].state == .up)
    #expect(stage.lbd?.error.contains("is down") == false)
  }

  @Test func `a listener that is gone is noticed though its connections serve on`() throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send(Self.ok)
      return .keep
    }
    let stage = try stage(replica)
    try eventually("5 probes") { probes(replica) >= 5 }
    try replica.stop()
    try stage.awaitPool("it is down") { $0[0].state == .down && $0[0].check.result == "refused" }
  }

  @Test func `what serves on old connections only is not readmitted by them`() throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send(Self.ok)
      return .keep
    }
    let stage = try stage(replica, health: "fall = 100\n")
    try eventually("5 probes") { probes(replica) >= 5 }
    try replica.stop()
    // A request needs a connection of its own, which is refused.
    #expect(try stage.connect().get("/").status == 503)
    let before = probes(replica)
    try stage.awaitPool("it is out") { $0[0].state == .ejected }
    let start = Clock.now()
    try eventually("half a second") { () throws -> Bool in
      guard try stage.pool()[0].state == .ejected else { throw TestFailure("it was readmitted") }
      return Clock.now() > start + 500_000_000
    }
    #expect(probes(replica) <= before + 1)
  }
}
