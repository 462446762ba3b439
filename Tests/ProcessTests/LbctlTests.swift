// The operator's view: lbctl against a running lbd.

import ControlProtocol
import Foundation
import Glibc
import TestSupport
import Testing

@Suite(.waiting) struct LbctlTests {
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

  @Test func `no name that lbd tells is carried out by a shell that completes it`() throws {
    let stage = try Stage(replicas: 1)
    let mark = stage.directory + "/mark"
    for name in ["$(touch \(mark))", "`touch \(mark)`", ";touch \(mark)"] {
      #expect(try stage.lbctl("add", "unix:\(stage.directory)/\(name)").status == 0)
    }
    let bash = try Child(
      "/bin/bash",
      [
        "-c",
        "PATH=$1:$PATH; source <(lbctl completion bash); COMP_WORDS=(lbctl drain '') COMP_CWORD=2;"
          + " _lbctl; printf '%s\n' \"${COMPREPLY[@]}\"", "bash", Binaries.directory,
      ], environment: ["LBD_SOCKET": stage.socketPath])
    let outcome = try bash.outcome()
    #expect(!FileManager.default.fileExists(atPath: mark))
    #expect(
      outcome.output.contains("\(stage.names[0])\n") && !outcome.output.contains("touch"),
      "\(outcome)")
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

  @Test func `the name that a test learns is never a replica's own word, in head and trailers`()
    throws
  {
    let forging = try ScriptedReplica { _, connection in
      try connection.send(
        "HTTP/1.1 103 Early Hints\r\nX-Lbd-Replica: hint\r\n\r\n"
          + "HTTP/1.1 200 OK\r\nX-Lbd-Replica: forged\r\nx-lbd-REPLICA: again\r\n"
          + "X_Lbd_Replica: alike\r\nTransfer-Encoding: chunked\r\n"
          + "Trailer: X-Lbd-Replica\r\n\r\n2\r\nok\r\n0\r\nX-Lbd-Replica: last\r\n\r\n")
      return .keep
    }
    let stage = try Stage(scripted: [forging])
    let client = try stage.connect()
    try client.send("GET / HTTP/1.1\r\nHost: test\r\nTE: trailers\r\nConnection: TE, close\r\n\r\n")
    let answer = String(decoding: try client.takeRest(), as: UTF8.self).lowercased()
    #expect(answer.contains("200 ok") && answer.contains("\r\nok\r\n"))
    for word in ["x-lbd-replica: ", "x_lbd_replica", "forged", "again", "last", "hint\r"] {
      #expect(!answer.contains(word), "\(word) in \(answer)")
    }
    let outcome = try stage.lbctl("test", "-n", "2", "/", "--json")
    let sums = try JSONDecoder().decode(Sums.self, from: Data(outcome.output.utf8))
    #expect(sums.answers.map(\.replica) == ["\(forging.port)", "\(forging.port)"])
    #expect(sums.replicas == ["\(forging.port)": 2])
  }

  /// Runs lbctl at a terminal, for which a shell first does something.
  private func atTerminal(
    _ stage: Stage, _ arguments: [String], columns: Int = 80, before: String = ":"
  ) throws -> Child {
    let words = [try Binaries.path("lbctl")] + arguments + ["--socket", stage.socketPath]
    let command = words.map { "'\($0)'" }.joined(separator: " ")
    return try Child(
      "/usr/bin/script",
      ["-qec", "stty rows 24 cols \(columns); \(before); exec \(command)", "/dev/null"],
      environment: ["TERM": "xterm"])
  }

  @Test func `what a replica answers reaches a terminal as text, and a pipe as it came`() throws {
    let body = "\u{1B}]0;owned\u{7}\u{9B}2J\u{202E}txt\tend"
    let replica = try ScriptedReplica { _, connection in
      try connection.send(
        "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
      return .keep
    }
    let stage = try Stage(scripted: [replica])
    #expect(try stage.lbctl("test", "-n", "1", "/").output == body + "\n")
    let shown = try atTerminal(stage, ["test", "-n", "1", "/"]).outcome().output
    #expect(
      shown.contains("\\u001b]0;owned\\u0007\\u009b2J\\u202etxt\tend\r\n"), "\(shown)")
    #expect(!shown.contains("\u{1B}]") && !shown.contains("\u{9B}"))
  }

  @Test func `watching at 80 columns shows who, how and why`() throws {
    let stage = try Stage(replicas: 2)
    try stage.killReplica(stage.ports[0])
    try stage.awaitPool("it is out") { $0[0].state == .down || $0[0].state == .ejected }
    let watch = try atTerminal(stage, ["pool", "-w=100ms"])
    defer { watch.signal(SIGTERM) }
    try eventually("two frames: \(watch.output)") {
      watch.output.components(separatedBy: "REPLICA").count > 2
    }
    let lines = watch.output.replacing(/\u{1B}\[[0-9;]*[A-Za-z]/, with: "").split(separator: "\r\n")
    let header = try #require(lines.first { $0.hasPrefix("REPLICA") })
    for name in ["STATE", "SINCE", "ACTIVE", "CHECK"] { #expect(header.contains(name)) }
    #expect(lines.contains { $0.hasPrefix(stage.names[0]) && $0.hasSuffix("  refused") })
    #expect(lines.allSatisfy { $0.count <= 80 })
    let wide = try atTerminal(stage, ["pool"], columns: 200).outcome().output
    #expect(wide.contains("WEIGHT") && wide.contains("P50") && wide.contains("RETRY"))
  }

  @Test func `tables fit 80 columns, the pool's on a pipe too`() throws {
    let stage = try Stage(replicas: 2)
    #expect(try stage.lbctl("drain", stage.names[0]).status == 0)
    let table = try stage.lbctl("pool").output
    for line in table.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    for verb in [["explain", stage.names[0]], ["events"]] {
      let shown = try atTerminal(stage, verb).outcome().output
      for line in shown.split(separator: "\r\n") { #expect(line.count <= 80, "\(line)") }
    }
    #expect(try stage.lbctl("pool", "--wide").output.contains("WEIGHT"))
  }

  @Test(arguments: ["events -f", "pool -w=100s"])
  func `what follows ends when nobody reads it any more`(_ line: String) throws {
    let stage = try Stage(replicas: 1)
    let lbctl = try Binaries.path("lbctl")
    let shell = try Child(
      "/bin/sh",
      [
        "-c",
        "{ '\(lbctl)' \(line) --socket '\(stage.socketPath)'; echo ended $? >&2; } | head -n 1",
      ])
    let outcome = try shell.outcome(within: 30)
    #expect(outcome.output.split(separator: "\n").count == 1)
    #expect(outcome.error == "ended 0\n")
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
    try stage.awaitPool("all are counted") { $0[0].requests == 3 }
  }

  @Test func `pool shows every replica with its state, as a table and as JSON`() throws {
    let stage = try Stage(replicas: 2, lbd: "docs = on")
    _ = try (0..<4).map { _ in try stage.connect().get("/getInfo") }
    try stage.awaitPool("all are counted") { $0.allSatisfy { $0.requests == 2 } }
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
