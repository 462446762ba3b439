// The operator's view: lbctl against a running lbd.

import ControlProtocol
import Foundation
import Testing

@Suite struct LbctlTests {
  @Test func `test prints each answer in turn and the shares after them`() throws {
    let stage = try Stage(replicas: 3)
    let outcome = try stage.lbctl("test", "-n", "10")
    let expected = (0..<10).map {
      #"{"message":"necessary info","port":"\#(stage.names[$0 % 3])"}"# + "\n"
    }
    #expect(outcome.status == 0)
    #expect(outcome.output == expected.joined())
    #expect(outcome.error.contains("10 ok, 0 failed"))
    #expect(outcome.error.contains(/REPLICA +ANSWERS +SHARE/))
    #expect(outcome.error.contains(try Regex("\(stage.names[0]) +4 +40%")))
  }

  private struct Sums: Decodable {
    struct Answer: Decodable {
      let status: Int
      let replica: String
      let body: String
    }
    let schema: Int
    let requests: Int
    let ok: Int
    let failed: Int
    let replicas: [String: Int]
    let answers: [Answer]
  }

  @Test func `test's JSON names who answered what`() throws {
    let stage = try Stage(replicas: 2)
    let outcome = try stage.lbctl("test", "-n", "10", "--json")
    #expect(outcome.status == 0)
    let sums = try JSONDecoder().decode(Sums.self, from: Data(outcome.output.utf8))
    #expect(sums.schema == 1 && sums.requests == 10 && sums.ok == 10 && sums.failed == 0)
    #expect(sums.replicas == [stage.names[0]: 5, stage.names[1]: 5])
    #expect(sums.answers.map(\.replica) == (0..<10).map { stage.names[$0 % 2] })
    #expect(sums.answers.allSatisfy { $0.status == 200 && $0.body.contains($0.replica) })
  }

  @Test func `test fails when no replica is left`() throws {
    let stage = try Stage(replicas: 1)
    try stage.killReplica(stage.ports[0])
    let outcome = try stage.lbctl("test", "-n", "2")
    #expect(outcome.status == 1)
    #expect(outcome.error.contains("0 ok, 2 failed"))
  }

  @Test func `test asks an app without getInfo what its probes ask`() throws {
    let app = try ScriptedReplica { request, connection in
      let isThere = !request.hasPrefix("GET /getInfo ")
      try connection.send(
        "HTTP/1.1 \(isThere ? 200 : 404) X\r\nContent-Length: 2\r\n\r\n\(isThere ? "ok" : "no")")
      return .keep
    }
    for (health, asked) in [
      ("path = /up\n", "asks /up, the path of [health] instead"), ("", "asks / instead"),
      ("check = tcp\n", "asks / instead"),
    ] {
      let stage = try Stage(scripted: [app], health: health)
      let outcome = try stage.lbctl("test", "-n", "3")
      #expect(outcome.status == 0 && outcome.output == "ok\nok\nok\n", "\(outcome)")
      #expect(outcome.error.contains("the app answers 404 to /getInfo; \(asked)\n"))
    }
    let stage = try Stage(replicas: 1)
    let outcome = try stage.lbctl("test", "-n", "3")
    #expect(outcome.status == 0 && !outcome.error.contains("instead"))
    #expect(try stage.replica(stage.ports[0]).requests == 3)
  }

  @Test func `pool shows every replica with its state, as a table and as JSON`() throws {
    let stage = try Stage(replicas: 2, lbd: "docs = on")
    _ = try (0..<4).map { _ in try stage.connect().get("/getInfo") }
    let table = try stage.lbctl("pool")
    #expect(table.status == 0)
    let rows = table.output.split(separator: "\n")
    #expect(rows.count == 4 && rows[0].hasPrefix("REPLICA") && rows[3] == "2 up")
    #expect(rows[1].contains(try Regex("^\(stage.names[0]) +127.0.0.1:\(stage.names[0]) +up ")))

    let json = try stage.lbctl("pool", "--json")
    let report = try JSONDecoder().decode(PoolReport.self, from: Data(json.output.utf8))
    #expect(report.schema == 1 && report.pid == Int(stage.lbd?.pid ?? 0))
    #expect(report.listener == "127.0.0.1:\(stage.mainPort)")
    #expect(report.docs == "http://127.0.0.1:\(stage.mainPort)/docs")
    let replicas = report.pools[0].replicas
    #expect(replicas.map(\.name) == stage.names)
    #expect(replicas.allSatisfy { $0.state == .up && $0.requests == 2 && $0.active == 0 })
    #expect(replicas.allSatisfy { $0.check.result == "200" })
  }

  @Test func `health has an exit code for each state, and for no lbd`() throws {
    let stage = try Stage(replicas: 2)
    #expect(try stage.lbctl("health").status == 0)
    try stage.killReplica(stage.ports[0])
    try stage.awaitPool("it is out") { !$0[0].state.isServing }
    #expect(try stage.lbctl("health").status == 1)
    stage.lbd?.signal(15)
    _ = try stage.lbd?.exitStatus()
    #expect(try stage.lbctl("health").status == 3)
    #expect(try stage.lbctl("pool").status == 3)
  }

  @Test func `health --serving is 0 as long as one replica is up`() throws {
    let stage = try Stage(replicas: 2)
    try stage.killReplica(stage.ports[0])
    try stage.awaitPool("it is out") { !$0[0].state.isServing }
    #expect(try stage.lbctl("health", "--serving").status == 0)
    try stage.killReplica(stage.ports[1])
    try stage.awaitPool("both are out") { !$0[0].state.isServing && !$0[1].state.isServing }
    #expect(try stage.lbctl("health", "--serving").status == 2)
    stage.lbd?.signal(15)
    _ = try stage.lbd?.exitStatus()
    #expect(try stage.lbctl("health", "--serving").status == 3)
  }

  @Test func `the control socket is for its owner and group alone, and goes with lbd`() throws {
    let stage = try Stage(replicas: 1)
    let attributes = try FileManager.default.attributesOfItem(atPath: stage.socketPath)
    #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o660)
    stage.lbd?.signal(15)
    #expect(try stage.lbd?.exitStatus() == 0)
    #expect(!FileManager.default.fileExists(atPath: stage.socketPath))
  }
}
