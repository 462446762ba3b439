// What lbd's log tells of the answers that lbd gives itself.

import Foundation
import Testing

@Suite(.waiting) struct LogTests {
  @Test func `a 5xx of lbd's own is logged with its cause and the replicas tried`() throws {
    let replica = try ScriptedReplica { _, _ in .close }
    let stage = try Stage(scripted: [replica], lbd: "workers = 1")
    #expect(try stage.connect().get("/").status == 502)
    try eventually("the line of the 502") {
      stage.lbd?.error.split(separator: "\n").contains {
        $0.contains(#""status":"502""#) && $0.contains(#""tried":"\#(replica.port)""#)
          && $0.contains(#""cause":"reset: the connection was closed""#)
      } ?? false
    }
  }

  @Test func `answers beyond the log's lines are counted in it`() throws {
    let stage = try Stage()
    try stage.writeConf(ports: [try stage.reservePort()])
    try stage.launch()
    let connection = try stage.connect()
    for _ in 0..<100 { #expect(try connection.get("/").status == 503) }
    stage.lbd?.signal(SIGTERM)
    #expect(try stage.lbd?.exitStatus() == 0)
    let lines = (stage.lbd?.error ?? "").split(separator: "\n")
    let own = lines.count { $0.contains(#""status":"503""#) }
    let counted = lines.compactMap { $0.firstMatch(of: /"message":"(\d+) more answers/) }
      .compactMap { Int($0.output.1) }.reduce(0, +)
    #expect(own >= 20 && own < 100)
    #expect(own + counted == 100)
  }
}
