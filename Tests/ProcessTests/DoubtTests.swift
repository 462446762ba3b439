// A probe that passes with a 4xx while nobody said what to ask for: it may be another server altogether.

import ControlProtocol
import Foundation
import LinuxIO
import TestSupport
import Testing

@Suite struct DoubtTests {
  /// A server that knows nothing but what it is told to refuse `/` with.
  private func replica(_ status: String) throws -> ScriptedReplica {
    try ScriptedReplica { _, connection in
      try connection.send("HTTP/1.1 \(status)\r\nContent-Length: 0\r\n\r\n")
      return .keep
    }
  }

  private static let fast = "interval = 50ms\nfast_interval = 50ms\n"

  private func warnings(_ stage: Stage) -> Int {
    (stage.lbd?.error.components(separatedBy: "\"event\":\"probe-doubt\"").count ?? 1) - 1
  }

  @Test(arguments: ["404 Not Found", "401 Unauthorized", "400 Bad Request"])
  func `it is up, marked, and warned of once`(_ status: String) throws {
    let replica = try replica(status)
    let stage = try Stage(scripted: [replica], health: Self.fast)
    try eventually("some probes") { replica.requests.count > 10 }
    let mark = "\(status.prefix(3))?"
    #expect(try stage.pool()[0].check.result == mark)
    let row = try stage.lbctl("pool").output.split(separator: "\n")[1]
    #expect(row.contains(" \(mark) ") && row.hasSuffix("ms"), "\(row)")
    #expect(warnings(stage) == 1)
    try eventually("the log says so") {
      stage.lbd?.error.contains("replica \(replica.port) passes its probes with") == true
    }
    // Whoever says what is meant has no doubt.
    for line in ["path = /\n", "expect = 200-499\n"] {
      try stage.writeConf(ports: [replica.port], health: Self.fast + line)
      #expect(try stage.lbctl("reload").status == 0)
      try stage.awaitPool("it is no longer marked") { $0[0].check.result == status.prefix(3) }
      try stage.writeConf(ports: [replica.port], health: Self.fast)
      #expect(try stage.lbctl("reload").status == 0)
      try stage.awaitPool("it is marked again") { $0[0].check.result == mark }
    }
    #expect(warnings(stage) == 1)
  }

  @Test(arguments: ["200 OK", "204 No Content", "302 Found"])
  func `an answer below 400 is no doubt`(_ status: String) throws {
    let replica = try replica(status)
    let stage = try Stage(scripted: [replica], health: Self.fast)
    try eventually("some probes") { replica.requests.count > 3 }
    #expect(try stage.pool()[0].check.result == status.prefix(3))
    #expect(warnings(stage) == 0)
  }

  @Test func `of many a few have a line of their own`() throws {
    let replicas = try (0..<12).map { _ in try replica("404 Not Found") }
    let stage = try Stage(scripted: replicas, health: Self.fast)
    try stage.awaitPool("all are marked") { $0.allSatisfy { $0.check.result == "404?" } }
    #expect(warnings(stage) == 8)
  }
}
