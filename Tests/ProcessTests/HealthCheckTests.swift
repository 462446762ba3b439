// How soon a replica that hangs is out and back.

import ControlProtocol
import Glibc
import LinuxIO
import Synchronization
import TestSupport
import Testing

@Suite(.serialized, .waitingFirst) struct HealthCheckTests {
  /// Seconds until a replica is out, and back. Beside other tests a process may wait for a core; alone on
  /// its machine the second figures hold.
  private static let (out, back) = (Length.of(10.0, soak: 2), Length.of(10.0, soak: 1))
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

  /// Stops each replica but the last at a moment of its own, and gives how long each took to be down.
  /// The last one answers on, so that silence takes the others out.
  private func hang(_ stage: Stage) throws -> [Double] {
    var stops: [UInt64] = []
    for port in stage.ports.dropLast() {
      Clock.sleep(milliseconds: .random(in: 50...350))
      stage.replicas[port]?.signal(SIGSTOP)
      stops.append(Clock.now())
    }
    return try changes(stage, to: .down, since: stops)
  }

  /// How many seconds each replica but the last took from a moment of its own to its present state.
  private func changes(
    _ stage: Stage, to state: ReplicaState, since times: [UInt64]
  ) throws -> [Double] {
    try stage.awaitPool("all are \(state)") { $0.dropLast().allSatisfy { $0.state == state } }
    // What lbd says is as old as the answer: one that came at once is waited for.
    let (pool, now) = try eventually("an answer at once") {
      let (before, pool, now) = (Clock.now(), try stage.pool(), Clock.now())
      return now - before < 20_000_000 ? (pool, now) : nil
    }
    return zip(pool, times).map { Double(now - $1) / 1e9 - $0.stateSeconds }
  }

  @Test func `with the defaults a replica that hangs is out within 2 s and back within 1`() throws {
    let stage = try Stage(replicas: 13, health: "path = /health\n")
    let pulse = try Pulse()
    var rounds: [(outs: [Double], returns: [Double])] = []
    for _ in 0..<6 where rounds.count < 2 {
      _ = pulse.wasSteady()
      let outs = try hang(stage)
      var starts: [UInt64] = []
      for port in stage.ports.dropLast() {
        Clock.sleep(milliseconds: .random(in: 0...100))
        stage.replicas[port]?.signal(SIGCONT)
        starts.append(Clock.now())
      }
      let returns = try changes(stage, to: .up, since: starts)
      if pulse.wasSteady() { rounds.append((outs, returns)) }
    }
    try #require(!rounds.isEmpty, "the machine never went on for a while")
    for (outs, returns) in rounds {
      #expect(outs.allSatisfy { 0.5...Self.out ~= $0 }, "\(outs.sorted())")
      #expect(returns.allSatisfy { $0 <= Self.back }, "\(returns.sorted())")
    }
  }

  @Test func `a replica that falls silent right behind a probe is out within 2 s, too`() throws {
    let (hangs, passes) = (Gate(), (0..<20).map { _ in Notes<UInt64>() })
    let replicas = try passes.map { passes in
      try ScriptedReplica { _, connection in
        if hangs.isOpen {
          _ = try? connection.takeRest()
          return .close
        }
        try connection.send(Self.ok)
        passes.add(Clock.now())
        return .keep
      }
    }
    let other = try ScriptedReplica { _, connection in
      try connection.send(Self.ok)
      return .keep
    }
    let stage = try Stage(scripted: replicas + [other], health: "path = /probe\n")
    try eventually("each was asked twice") { replicas.allSatisfy { $0.requests.count >= 2 } }
    let pulse = try Pulse()
    hangs.open()
    let outs = try changes(stage, to: .down, since: passes.map { $0.all.last ?? 0 })
    #expect(!pulse.wasSteady() || outs.allSatisfy { $0 <= Self.out }, "\(outs.sorted())")
  }

  @Test func `a replica that was down is back within a second of its restart`() throws {
    let stage = try Stage(replicas: 1, health: "path = /health\n")
    for _ in 0..<3 {
      try stage.killReplica(stage.ports[0])
      try stage.awaitPool("it is down") { $0[0].state == .down }
      Clock.sleep(milliseconds: .random(in: 500...1500))
      try stage.startReplica(port: stage.ports[0])
      let start = Clock.now()
      try stage.awaitPool("it is up") { $0[0].state == .up }
      #expect(Double(Clock.now() - start) / 1e9 <= Self.back)
    }
  }

  @Test func `a lost probe takes nobody out, and is made up for at once`() throws {
    let count = Counter()
    let gaps = Notes<UInt64>()
    let replica = try ScriptedReplica { _, connection in
      count.add()
      gaps.add(Clock.now())
      if count.value % 4 == 3 {
        _ = try? connection.takeRest()
        return .close
      }
      try connection.send(Self.ok)
      return .keep
    }
    let stage = try Stage(
      scripted: [replica],
      health: "path = /probe\ninterval = 200ms\nfast_interval = 200ms\ntimeout = 400ms\nfall = 2\n")
    try eventually("20 probes") { count.value >= 20 }
    #expect(try stage.pool()[0].state == .up && stage.lbd?.error.contains("is down") == false)
    let times = gaps.all
    let made = stride(from: 3, to: times.count, by: 4).map { Int(times[$0] - times[$0 - 1]) }
    // The next one would begin after the timeout of 400 ms else.
    #expect(made.sorted()[made.count / 2] < 380_000_000, "\(made)")
    #expect(!Length.isSoak || made.allSatisfy { 120_000_000...220_000_000 ~= $0 }, "\(made)")
  }

  @Test func `a replica that does one thing at a time and takes its time is not hurt`() throws {
    let turn = Turn()
    let replica = try ScriptedReplica { _, connection in
      turn.take { Clock.sleep(milliseconds: 400) }
      try connection.send(Self.ok)
      return .keep
    }
    let stage = try Stage(scripted: [replica], health: "path = /probe\n")
    let start = Clock.now()
    try eventually("six seconds") { Clock.now() > start + 6_000_000_000 }
    #expect(replica.requests.count <= 8)
    #expect(try stage.pool()[0].state == .up && stage.lbd?.error.contains("is down") == false)
  }
}

/// Lets one thread at a time do something.
private final class Turn: Sendable {
  private let lock = Mutex(())

  func take(_ body: () -> Void) { lock.withLock { _ in body() } }
}
