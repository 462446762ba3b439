// A pool of hundreds: it is there as soon as a small one, and its probes leave each other alone.

import ControlProtocol
import Glibc
import LinuxIO
import TestSupport
import Testing

@Suite(.serialized, .waitingFirst) struct ManyReplicasTests {
  @Test func `two hundred replicas are up two seconds after the start`() throws {
    let stage = try Stage()
    let port = try stage.startReplica(["--host", "0.0.0.0"])
    // No probe is late on a machine with other work: who is out for a moment has no turn.
    try stage.writeConf(replicas: 200, on: port, health: Stage.fastProbes + "timeout = 30s\n")
    try stage.launch()
    try eventually("all are up", within: 30) { try stage.pool().allSatisfy { $0.state == .up } }
    let connection = try stage.connect()
    for _ in 0..<200 { #expect(try connection.get("/getInfo").status == 200) }
    // A request is counted a moment after its client has the answer.
    try stage.awaitPool("one for each") { $0.allSatisfy { $0.requests == 1 } }
    let rows = try stage.lbctl("pool").output.split(separator: "\n")
    #expect(rows.count == 202 && rows.last == "200 up")
  }

  @Test func `a reload keeps those that stay and admits those that come`() throws {
    let stage = try Stage()
    let port = try stage.startReplica(["--host", "0.0.0.0"])
    try stage.writeConf(replicas: 300, on: port, health: Stage.noProbes)
    try stage.start()
    let connection = try stage.connect()
    for _ in 0..<300 { _ = try connection.get("/getInfo") }
    for (count, known) in [(150, 150), (300, 150)] {
      try stage.writeConf(replicas: count, on: port, health: Stage.noProbes)
      stage.lbd?.signal(SIGHUP)
      try stage.awaitPool("\(count)") { $0.count == count && $0.allSatisfy { $0.state == .up } }
      try stage.awaitPool("all are counted") { $0.prefix(known).allSatisfy { $0.requests == 1 } }
      let pool = try stage.pool()
      #expect(pool.map(\.name) == (1...count).map { "r\($0)" })
      #expect(pool.dropFirst(known).allSatisfy { $0.requests == 0 })
    }
  }

  @Test func `a replica that hangs leaves the others' probes alone`() throws {
    let probes = Notes<(time: UInt64, host: String)>()
    let (hanging, hangs) = (Stage.loopback(42), Gate())
    let server = try ScriptedReplica(host: "0.0.0.0", keepsRequests: false) {
      request, connection in
      let time = Clock.now()
      let host = request.firstMatch(of: /\r\nHost: ([0-9.]+):/).map { String($0.output.1) } ?? ""
      probes.add((time, host))
      if host == hanging && hangs.isOpen {
        _ = try connection.takeRest()
        return .close
      }
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      return .keep
    }
    let stage = try Stage()
    try stage.writeConf(
      replicas: 100, on: server.port,
      health: "path = /probe\ninterval = 1s\ntimeout = 400ms\njitter = 0%\n")
    try stage.launch()
    let start = Clock.now()
    try eventually("two seconds") { Clock.now() > start + 2_000_000_000 }
    hangs.open()
    let opening = Clock.now()
    try eventually("five more") { Clock.now() > opening + 5_000_000_000 }
    // It was up, so further probes begin beside the first that hangs.
    let silent = probes.all.filter { $0.host == hanging && $0.time > opening }.map(\.time)
    #expect(silent.count >= 3 && silent[2] - silent[0] < 350_000_000)
    let settled = probes.all.filter { $0.time > start + 2_000_000_000 && $0.host != hanging }
    #expect(settled.count >= 99 * 4)
    #expect(try stage.pool()[42].check.result == "timeout")
    expectEvenness(settled.map { $0.time - start })
    let gaps = Dictionary(grouping: settled, by: \.host).values.flatMap { probes in
      zip(probes.dropFirst(), probes).map { Int($0.time - $1.time) / 1_000_000 }
    }
    // A loaded machine holds up some of them.
    #expect(gaps.count { 900...1100 ~= $0 } >= gaps.count * 3 / 4, "\(gaps.sorted())")
  }

  /// Of all that started in whole seconds, each tenth of a second has about a tenth.
  private func expectEvenness(_ times: [UInt64]) {
    var tenths = [Int](repeating: 0, count: 10)
    for time in times { tenths[Int(time / 100_000_000 % 10)] += 1 }
    let mean = Double(times.count) / 10
    #expect(tenths.allSatisfy { 0.6 * mean...1.5 * mean ~= Double($0) }, "\(tenths)")
  }
}
