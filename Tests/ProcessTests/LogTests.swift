// What lbd's log tells of the answers that lbd gives itself.

import ControlProtocol
import Foundation
import TestSupport
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

  @Test func `a replica that has left is named where it was tried, in log and events`() throws {
    let gate = Gate()
    let replica = try ScriptedReplica { _, _ in
      try gate.wait()
      return .close
    }
    let stage = try Stage(scripted: [replica], lbd: "workers = 1")
    let connection = try stage.connect()
    try connection.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx")
    try eventually("the replica has the request") { replica.requests.count == 1 }
    #expect(try stage.lbctl("remove", "\(replica.port)").status == 0)
    gate.open()
    #expect(try connection.answer().status == 502)
    try stage.awaitEvents("the 502 is one") { $0.contains { $0.event == .answered } }
    let answered = try stage.events().filter { $0.event == .answered }
    #expect(answered.map(\.answers?.tried) == [["\(replica.port)"]])
    try eventually("the line of the 502") {
      stage.lbd?.error.contains(#""tried":"\#(replica.port)""#) ?? false
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
