// Replicas that the conf names by name: what is said while a name leads nowhere, and where it leads.

import ControlProtocol
import Foundation
import LinuxIO
import TestSupport
import Testing

@Suite(.waiting) struct NamesTests {
  @Test func `a name that cannot be resolved is said in the log, pool, events and explain`() throws
  {
    let stage = try Stage()
    try stage.startReplica()
    try stage.writeConf(
      ports: stage.ports, sections: "[replica far]\naddress = no-such-name.invalid:80\n")
    try stage.launch()
    var far: ReplicaReport?
    try eventually("the resolver's word is known", within: 60) {
      far = try stage.pool().first { $0.name == "far" }
      return far?.lookup != nil
    }
    let word = try #require(far?.lookup)
    #expect(far?.state == .unresolved && far?.resolved == nil)
    let cause = "no-such-name.invalid cannot be resolved: \(word)"
    let log = try #require(stage.lbd?.error)
    #expect(
      log.contains("\"event\":\"unresolved\"") && log.contains("replica far: \(cause)"), "\(log)")
    #expect(try stage.lbctl("explain", "far").output.contains("far (no-such-name.invalid:80) is"))
    #expect(try stage.lbctl("explain", "far").output.contains("unresolved: \(cause)"))
    #expect(try stage.lbctl("pool").output.contains("1 unresolved (far: \(word))"))
    let events = try stage.lbctl("events").output
    #expect(events.contains(cause), "\(events)")
    // It is looked up again each second, and said once.
    Clock.sleep(milliseconds: 2500)
    let lines = stage.lbd?.error.components(separatedBy: "\"event\":\"unresolved\"").count ?? 0
    #expect(lines <= 3, "\(stage.lbd?.error ?? "")")
    #expect(try stage.connect().get("/getInfo").status == 200)
  }

  @Test func `the address in use of a name is shown`() throws {
    let stage = try Stage()
    let port = try stage.startReplica()
    try stage.write(
      "[lbd]\nmain_port = \(stage.mainPort)\ncontrol = \(stage.socketPath)\n[health]\n"
        + "\(Stage.fastProbes)[replica near]\naddress = localhost:\(port)\n")
    try stage.launch()
    try stage.awaitPool("its name is looked up") { $0[0].resolved != nil }
    let resolved = try #require(try stage.pool()[0].resolved)
    #expect(resolved == "127.0.0.1:\(port)" || resolved == "[::1]:\(port)")
    let explain = try stage.lbctl("explain", "near").output
    #expect(
      explain.split(separator: "\n").contains { $0.hasPrefix("address") && $0.contains(resolved) })
    #expect(try stage.lbctl("pool", "--json").output.contains("\"resolved\":\"\(resolved)\""))
  }
}
