// A replica that does not answer leaves the pool, no client notices, and it comes back by itself.

import ControlProtocol
import Glibc
import LinuxIO
import TestSupport
import Testing

@Suite(.waiting) struct DeadReplicaTests {
  /// Nothing but requests tells lbd that a replica is gone: probes come once an hour.
  private func stageWithoutProbes() throws -> Stage {
    try Stage(replicas: 3, health: Stage.noProbes)
  }

  @Test func `the request that meets a dead replica is answered by another`() throws {
    let stage = try stageWithoutProbes()
    try stage.killReplica(stage.ports[0])
    let answer = try stage.connect().get("/getInfo")
    #expect(answer.status == 200)
    #expect(stage.names.dropFirst().contains(answer.port ?? ""))
    try stage.awaitPool("the dead one is ejected") { $0[0].state == .ejected }
  }

  @Test func `clients' requests try a dead replica once and never again`() throws {
    let stage = try stageWithoutProbes()
    try stage.killReplica(stage.ports[1])
    let connection = try stage.connect()
    let answers = try (0..<30).map { _ in try connection.get("/getInfo") }
    #expect(answers.allSatisfy { $0.status == 200 && $0.port != stage.names[1] })
    let dead = try stage.replica(stage.ports[1])
    #expect(dead.retries == 1 && dead.state == .ejected && dead.active == 0)
  }

  @Test func `the share of a dead replica is spread evenly over the others`() throws {
    let stage = try stageWithoutProbes()
    try stage.killReplica(stage.ports[2])
    let connection = try stage.connect()
    while try stage.replica(stage.ports[2]).state == .up { _ = try connection.get("/getInfo") }
    let ports = try (0..<20).map { _ in try connection.get("/getInfo").port }
    #expect(ports.count { $0 == stage.names[0] } == 10)
    #expect(ports.count { $0 == stage.names[1] } == 10)
  }

  @Test func `a killed replica whose idle connections lbd holds costs no client a failure`() throws
  {
    let stage = try stageWithoutProbes()
    let port = stage.mainPort
    // Many at once, so that each replica has idle connections.
    _ = try inParallel(12) { _ in try Connection(port: port).get("/delay/20ms") }
    try stage.killReplica(stage.ports[0])
    let connection = try stage.connect()
    for _ in 0..<12 { #expect(try connection.get("/getInfo").status == 200) }
  }

  @Test func `probes find a dead replica without any request`() throws {
    let stage = try Stage(replicas: 2)
    try stage.killReplica(stage.ports[0])
    try stage.awaitPool("it is out") { $0[0].state == .down }
    #expect(try stage.replica(stage.ports[0]).check.result == "refused")
    #expect(try stage.connect().get("/getInfo").port == stage.names[1])
  }

  @Test func `a stopped process that still accepts leaves too`() throws {
    let stage = try Stage(replicas: 2, health: Stage.fastProbes + "timeout = 100ms\n")
    stage.replicas[stage.ports[0]]?.signal(SIGSTOP)
    try stage.awaitPool("it is out") { $0[0].state == .down }
    #expect(try stage.connect().get("/getInfo").port == stage.names[1])
    stage.replicas[stage.ports[0]]?.signal(SIGCONT)
    try stage.awaitPool("it is back") { $0[0].state == .up }
  }

  @Test func `an unhealthy replica leaves and comes back by its health alone`() throws {
    let health = Stage.fastProbes + "expect = 200-399\n"
    let stage = try Stage(replicas: 2, health: health)
    stage.replicas[stage.ports[0]]?.signal(SIGUSR1)
    try stage.awaitPool("it is down") { $0[0].state == .down }
    #expect(try stage.replica(stage.ports[0]).check.result == "503")
    stage.replicas[stage.ports[0]]?.signal(SIGUSR1)
    try stage.awaitPool("it is back") { $0[0].state == .up }
  }

  @Test func `a replica comes back when its probe passes and gets its turns again`() throws {
    let stage = try Stage(replicas: 3)
    try stage.killReplica(stage.ports[1])
    _ = try (0..<3).map { _ in try stage.connect().get("/getInfo") }
    try stage.awaitPool("it is out") { $0[1].state != .up }
    try stage.startReplica(port: stage.ports[1])
    try stage.awaitPool("it is back") { $0[1].state == .up }
    let connection = try stage.connect()
    let ports = try (0..<9).map { _ in try connection.get("/getInfo").port }
    #expect(Set(ports) == Set(stage.names))
    #expect(stage.names.allSatisfy { name in ports.count { $0 == name } == 3 })
  }

  @Test func `with none left the answer is 503 and says so`() throws {
    let stage = try Stage(replicas: 2)
    let connection = try stage.connect()
    for port in stage.ports { try stage.killReplica(port) }
    try stage.awaitPool("all are out") { $0.allSatisfy { !$0.state.isServing } }
    let answer = try eventually("503") { try connection.get("/getInfo") }
    #expect(answer.status == 503)
    #expect(answer.text == #"{"detail":"no replica is available"}"#)
    #expect(answer["content-type"] == "application/json")
    #expect(answer["retry-after"].flatMap { Int($0) } != nil)
    // The connection stays, and serves again once a replica does.
    try stage.startReplica(port: stage.ports[0])
    try stage.awaitPool("one is back") { $0[0].state == .up }
    #expect(try connection.get("/getInfo").port == stage.names[0])
  }

  @Test func `the request that meets the last replica dead is told 503`() throws {
    let stage = try Stage(replicas: 1, health: Stage.noProbes)
    try stage.killReplica(stage.ports[0])
    let answer = try stage.connect().get("/getInfo")
    #expect(answer.status == 503 && answer.text == #"{"detail":"no replica is available"}"#)
  }
}
