// A replica that can be reached and fails request after request is left out for a while.

import ControlProtocol
import LinuxIO
import TestSupport
import Testing

@Suite(.waiting) struct EjectionTests {
  /// Replicas of which some answer 503, or nothing valid, to what asks for it.
  private func replicas(_ count: Int, bad: Int) throws -> [ScriptedReplica] {
    try (0..<count).map { index in
      try ScriptedReplica { request, connection in
        let isBad = index < bad
        if isBad && request.hasPrefix("GET /broken ") {
          try connection.send("nonsense\r\n\r\n")
          return .close
        }
        let status = isBad && request.hasPrefix("GET /bad ") ? "503 Busy" : "200 OK"
        try connection.send("HTTP/1.1 \(status)\r\nContent-Length: 0\r\n\r\n")
        return .keep
      }
    }
  }

  private func ask(_ stage: Stage, _ target: String, times: Int) throws {
    let connection = try stage.connect()
    for _ in 0..<times { _ = try connection.get(target) }
  }

  @Test(arguments: ["/bad", "/broken"])
  func `failures in a row eject a replica until its time is over`(_ target: String) throws {
    let replicas = try replicas(2, bad: 2)
    let stage = try Stage(
      scripted: replicas,
      health: Stage.noProbes + "failures = 3\nejection = 500ms\n",
      sections: "[retry]\nattempts = 0\n")
    // Each replica has every other request; one that succeeds begins the count anew.
    for _ in 0..<3 {
      try ask(stage, "/good", times: 2)
      try ask(stage, target, times: 4)
    }
    #expect(try stage.pool().allSatisfy { $0.state == .up })
    try ask(stage, target, times: 2)
    try stage.awaitPool("one is out") { $0.count { $0.state == .ejected } == 1 }
    let start = Clock.now()
    try stage.awaitPool("it is back") { $0.allSatisfy { $0.state == .up } }
    #expect(Clock.now() - start < 40_000_000_000 && Clock.now() - start > 300_000_000)
    #expect(try stage.lbctl("metrics").output.contains(/ejections_total\{.*reason="status"\} 1\n/))
    #expect(replicas.allSatisfy { $0.connections > 0 })
  }

  @Test func `a passed probe ends an ejection early`() throws {
    let replicas = try replicas(2, bad: 2)
    let stage = try Stage(
      scripted: replicas,
      health: "path = /health\ninterval = 1h\nfast_interval = 300ms\nejection = 60s\n")
    try ask(stage, "/bad", times: 10)
    try stage.awaitPool("one is out") { $0.count { $0.state == .ejected } == 1 }
    let start = Clock.now()
    try stage.awaitPool("it is back") { $0.allSatisfy { $0.state == .up } }
    #expect(Clock.now() - start < 40_000_000_000)
    #expect(replicas.allSatisfy { $0.connections > 0 })
  }

  @Test func `without probes an ejection lasts its time, each longer than the one before`() throws {
    let replicas = try replicas(2, bad: 1)
    let stage = try Stage(
      scripted: replicas,
      health: "check = off\nfast_interval = 10ms\nejection = 400ms\n")
    for _ in 1...2 {
      while try stage.pool().allSatisfy({ $0.state == .up }) { try ask(stage, "/bad", times: 1) }
      try stage.awaitPool("it is back") { $0.allSatisfy { $0.state == .up } }
    }
    let outages = try stage.outages()
    #expect(outages.count == 2 && outages[0] >= 0.39 && outages[1] >= 0.79, "\(outages)")
    // A machine with other work makes them longer, in a soak they are as long as they should be.
    let late = Length.of(10.0, soak: 0.1)
    #expect(outages[0] <= 0.4 + late && outages[1] <= 0.8 + late, "\(outages)")
    #expect(replicas.allSatisfy { $0.connections > 0 })
  }

  @Test func `without probes a replica that cannot be reached is out for the whole interval`()
    throws
  {
    let replica = try replicas(1, bad: 0)[0]
    let stage = try Stage()
    try stage.writeConf(
      ports: [try stage.reservePort(), replica.port],
      health: "check = off\ninterval = 2s\nfast_interval = 500ms\n")
    try stage.launch()
    try eventually("five times") {
      #expect(try stage.connect().get("/").status == 200)
      return try stage.outages().count >= 5
    }
    let outages = try stage.outages()
    #expect(outages.allSatisfy { $0 >= 0.49 }, "\(outages)")
  }

  @Test(arguments: [(1, 0), (2, 1), (3, 1), (4, 2), (5, 2)])
  func `half of a pool at most is ejected, however much fails`(_ count: Int, _ most: Int) throws {
    let replicas = try replicas(count, bad: count)
    let stage = try Stage(
      scripted: replicas,
      health: Stage.noProbes + "failures = 2\nejection = 60s\n")
    for _ in 0..<5 { try ask(stage, "/bad", times: 6 * count) }
    try stage.awaitPool("half are out") { $0.count { $0.state == .ejected } == most }
    #expect(try stage.pool().count { $0.state == .up } == count - most)
    #expect(try stage.connect().get("/good").status == 200)
    #expect(replicas.allSatisfy { $0.connections > 0 })
  }

  @Test func `with failures = 0 none is ejected for them`() throws {
    let replicas = try replicas(2, bad: 2)
    let stage = try Stage(
      scripted: replicas, health: Stage.noProbes + "failures = 0\n")
    try ask(stage, "/bad", times: 40)
    #expect(try stage.pool().allSatisfy { $0.state == .up })
    #expect(replicas.allSatisfy { $0.connections > 0 })
  }
}
