// Silence alone empties no pool: replicas that are slow go on serving where no other answers.

import ControlProtocol
import Glibc
import LinuxIO
import Synchronization
import TestSupport
import Testing

@Suite(.waiting) struct SilenceTests {
  private static let health = "path = /health\ninterval = 50ms\nfast_interval = 50ms\n"

  private func stop(_ stage: Stage, _ port: UInt16) { stage.replicas[port]?.signal(SIGSTOP) }
  private func go(_ stage: Stage, _ port: UInt16) { stage.replicas[port]?.signal(SIGCONT) }

  /// Replicas that have all stopped, the last of them marked slow.
  private func silent(_ count: Int) throws -> Stage {
    let stage = try Stage(
      replicas: count, health: Self.health, sections: "[hold]\ntimeout = off\n")
    for port in stage.ports { stop(stage, port) }
    try stage.awaitPool("none answers, and not all are out") { pool in
      pool.allSatisfy { $0.state == .slow || $0.state == .down }
        && pool.contains { $0.state == .slow }
    }
    return stage
  }

  private func resume(_ stage: Stage) { for port in stage.ports { go(stage, port) } }

  @Test(arguments: [1, 2, 5])
  func `of replicas that are all silent the last ones stay, and serve once they can`(
    _ count: Int
  ) throws {
    let stage = try silent(count)
    let clients = try (0..<8).map { _ in try stage.connect() }
    for client in clients { try client.send("GET /getInfo HTTP/1.1\r\nHost: test\r\n\r\n") }
    #expect(clients.allSatisfy { $0.isSilent(milliseconds: 50) })
    // Silence that goes on changes nothing.
    Clock.sleep(milliseconds: 1500)
    #expect(try stage.pool().contains { $0.state == .slow })
    resume(stage)
    for client in clients { #expect(try client.answer().status == 200) }
    try stage.awaitPool("all are up") { $0.allSatisfy { $0.state == .up } }
  }

  @Test func `it is said in pool, explain, health, metrics and log`() throws {
    let stage = try silent(1)
    defer { resume(stage) }
    let name = stage.names[0]
    #expect(try stage.lbctl("pool").output.contains("1 slow (\(name): timeout"))
    let explain = try stage.lbctl("explain", name).output
    #expect(explain.contains("is slow: probe: timeout; no other replica answers"), "\(explain)")
    let health = try stage.lbctl("health")
    #expect(
      health.status == 1 && health.output == "1 of 1 replicas up (\(name) slow)\n", "\(health)")
    let metrics = try stage.metrics()
    #expect(metrics.sum("lbd_replicas", ["state": "slow"]) == 1)
    #expect(metrics.sum("lbd_replica_slow", ["replica": name]) == 1)
    #expect(metrics.sum("lbd_replica_up", ["replica": name]) == 1)
    #expect(try stage.lbctl("events").output.contains("no other replica answers"))
    try eventually("the log says so") {
      stage.lbd?.error.contains("replica \(name) is slow") == true
    }
  }

  @Test func `the first that answers takes the silent others out`() throws {
    let stage = try silent(3)
    defer { resume(stage) }
    go(stage, stage.ports[0])
    try stage.awaitPool("one serves, the others are out") { pool in
      pool[0].state == .up && pool.dropFirst().allSatisfy { $0.state == .down }
    }
    for _ in 0..<6 { #expect(try stage.connect().get("/getInfo").port == stage.names[0]) }
    // And when that one falls silent, it stays.
    stop(stage, stage.ports[0])
    try stage.awaitPool("it is slow") { $0[0].state == .slow }
  }

  @Test func `one that refuses is out at once, the others stay`() throws {
    let stage = try silent(1)
    try stage.killReplica(stage.ports[0])
    try stage.awaitPool("it is out") { $0[0].state == .down || $0[0].state == .ejected }
    #expect(try stage.connect().get("/getInfo").status == 503)
    let other = try Stage(replicas: 2, health: Self.health)
    try other.killReplica(other.ports[1])
    try other.awaitPool("the second is out") { !$0[1].state.isServing }
    stop(other, other.ports[0])
    defer { resume(other) }
    try other.awaitPool("the first is slow") { $0[0].state == .slow }
  }

  @Test func `an order takes a slow one out, and it is no longer the last`() throws {
    let stage = try silent(1)
    defer { resume(stage) }
    #expect(try stage.lbctl("drain", stage.names[0]).status == 0)
    try stage.awaitPool("it is drained, and its silence counts") {
      $0[0].state == .draining && $0[0].observed == .down
    }
    #expect(try stage.connect().get("/getInfo").status == 503)
  }

  /// One thing at a time, as one process of an app does it.
  private final class Turn: Sendable {
    private let lock = Mutex(())
    func take(_ body: () -> Void) { lock.withLock { _ in body() } }
  }

  @Test func `replicas that compute longer than a probe waits lose no visitor`() throws {
    let replicas = try (0..<2).map { _ in
      let turn = Turn()
      return try ScriptedReplica { request, connection in
        let isProbe = request.hasPrefix("GET /probe ")
        turn.take { if !isProbe { Clock.sleep(milliseconds: 700) } }
        try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        return .keep
      }
    }
    let stage = try Stage(
      scripted: replicas,
      health: "path = /probe\ninterval = 50ms\nfast_interval = 50ms\ntimeout = 50ms\nfall = 2\n",
      sections: "[hold]\ntimeout = off\n")
    let port = stage.mainPort
    let statuses = try inParallel(6) { _ in
      try (0..<3).map { _ in
        let connection = try Connection(port: port)
        connection.patience = 60_000
        return try connection.get("/").status
      }
    }
    #expect(statuses.flatMap { $0 }.allSatisfy { $0 == 200 }, "\(statuses)")
    try eventually("the log says so") { stage.lbd?.error.contains(" is slow (") == true }
  }
}
