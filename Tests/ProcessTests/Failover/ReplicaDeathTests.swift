// A replica's death, its silence and its return, under load: what the product is for.

import ControlProtocol
import Foundation
import Glibc
import LinuxIO
import Testing

@Suite(.serialized, .waitingFirst) struct ReplicaDeathTests {
  /// How often each target of a POST was executed, by what the replicas recorded.
  private func executions(_ stage: Stage) throws -> [Substring: Int] {
    var counts: [Substring: Int] = [:]
    for port in stage.ports {
      let text = try String(contentsOfFile: "\(stage.directory)/record-\(port)", encoding: .utf8)
      for line in text.split(separator: "\n") {
        let words = line.split(separator: " ")
        if words[1] == "POST" { counts[words[2], default: 0] += 1 }
      }
    }
    return counts
  }

  @Test(.timeLimit(.minutes(3)))
  func `replicas that are killed and restarted cost no request that may be executed twice`() throws
  {
    let (seconds, pause) = (Length.of(8, soak: 60), Length.of(2, soak: 5))
    let stage = try Stage()
    func record(_ port: UInt16) -> [String] { ["--record", "\(stage.directory)/record-\(port)"] }
    for _ in 0..<4 {
      let port = try stage.reservePort()
      try stage.startReplica(port: port, record(port))
    }
    try stage.writeConf(ports: stage.ports, health: "path = /health\n")
    try stage.start()
    let methods = ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "POST"]
    let load = try SteadyLoad(port: stage.mainPort, rate: 1000, clients: 32, seconds: seconds) {
      (methods[$0 % methods.count], "/echo?\($0)")
    }
    for round in 1..<(seconds / pause) {
      Clock.sleep(milliseconds: pause * 1000)
      let port = stage.ports[round % 4]
      try stage.killReplica(port)
      try stage.startReplica(port: port, record(port))
    }
    let outcomes = load.finish()
    #expect(outcomes.count == seconds * 1000)
    let failed = outcomes.filter { !$0.isWell && $0.method != "POST" }
    #expect(
      failed.isEmpty, "\(failed.map { "\($0.method) \($0.status) \($0.text)" }.prefix(20))")
    let executions = try executions(stage)
    #expect(executions.count > outcomes.count / 7)
    #expect(executions.allSatisfy { $0.value == 1 }, "\(executions.filter { $0.value > 1 })")
    let lost = outcomes.count { !$0.isWell && $0.method == "POST" }
    print(
      "killed \(seconds / pause - 1) times: \(outcomes.count) requests, 0 wanted and \(failed.count)"
        + " failed; of \(executions.count) POSTs \(lost) were answered 502")
  }

  @Test(.timeLimit(.minutes(2)))
  func `a replica that is stopped is out within 2 s, and back within 1 s after it goes on`() throws
  {
    let stage = try Stage(
      replicas: 3, health: "path = /health\n", sections: "[timeouts]\nresponse = 4s\n")
    let stopped = stage.ports[0]
    for round in 0..<Length.of(2, soak: 6) {
      let load = try SteadyLoad(port: stage.mainPort, rate: 300, clients: 24, seconds: 20) { _ in
        ("GET", "/getInfo")
      }
      defer { _ = load.stop() }
      Clock.sleep(milliseconds: 1000 + round * 370)
      let begin = Clock.now()
      stage.replicas[stopped]?.signal(SIGSTOP)
      try stage.awaitPool("it is out") { !$0[0].state.isServing }
      let out = Clock.now() - begin
      Clock.sleep(milliseconds: 700 + round * 130)
      let end = Clock.now()
      stage.replicas[stopped]?.signal(SIGCONT)
      try stage.awaitPool("it is back") { $0[0].state == .up }
      let back = Clock.now() - end
      let outcomes = load.stop()
      // Those that wait for it have the response's time, and no other is slow.
      let slow = outcomes.filter { $0.milliseconds > 1000 }
      #expect(slow.allSatisfy { $0.milliseconds < Length.of(20_000, soak: 4100) })
      #expect(slow.count <= Length.of(240, soak: 24))
      #expect(outcomes.allSatisfy { $0.isWell || $0.status == 504 })
      // Beside other tests a process may wait for a core; alone on its machine these are the bounds.
      #expect(out <= Length.of(10_000_000_000, soak: 2_000_000_000))
      #expect(back <= Length.of(10_000_000_000, soak: 1_000_000_000))
      print(
        "stopped: out after \(out / 1_000_000) ms, back after \(back / 1_000_000) ms,"
          + " \(slow.count) of \(outcomes.count) requests were slower than 1 s")
    }
  }

  @Test func `a replica whose kernel drops all packets costs one connect timeout, once`() throws {
    // A queue that is full drops what comes, as a firewall does.
    let hole = try FullQueue()
    let stage = try Stage()
    try stage.startReplica()
    try stage.startReplica()
    try stage.writeConf(
      ports: [hole.port] + stage.ports,
      // Healthy without a question: only requests find out.
      health: "check = off\nfast_interval = 1h\n", sections: "[timeouts]\nconnect = 500ms\n")
    try stage.launch()
    let outcomes = try inParallel(12) { [port = stage.mainPort] _ in
      let start = Clock.now()
      let status = try Connection(port: port).get("/getInfo").status
      return (status: status, milliseconds: (Clock.now() - start) / 1_000_000)
    }
    #expect(outcomes.allSatisfy { $0.status == 200 && $0.milliseconds < 30_000 })
    #expect(outcomes.contains { $0.milliseconds >= 500 })
    try stage.awaitPool("it is out") { $0[0].state == .ejected }
    let begin = Clock.now()
    for _ in 0..<6 { #expect(try stage.connect().get("/getInfo").status == 200) }
    #expect(Clock.now() - begin < Length.of(2_500_000_000, soak: 400_000_000))
  }
}
