// What a probe asks, what it takes for good, and how soon a replica that hangs is out and back.

import ControlProtocol
import Glibc
import LinuxIO
import Synchronization
import Testing

@Suite(.serialized, .waiting) struct HealthCheckTests {
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
  private static let fast = "path = /probe\ninterval = 50ms\nfast_interval = 50ms\n"

  // MARK: Questions and answers

  @Test(arguments: ["HEAD", "OPTIONS"])
  func `a probe asks as the conf says, on a connection that is kept`(_ method: String) throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send(method == "HEAD" ? String(Self.ok.dropLast(5)) : Self.ok)
      return .keep
    }
    let stage = try Stage(
      scripted: [replica],
      health: Self.fast + "timeout = 10s\nmethod = \(method)\nhost = App.internal:81\n")
    try eventually("20 probes") { replica.requests.count >= 20 }
    #expect(
      replica.requests.allSatisfy {
        $0.hasPrefix("\(method) /probe HTTP/1.1\r\nHost: app.internal:81\r\n")
      })
    #expect(replica.connections <= 5 && !(stage.lbd?.error.contains("is down") ?? true))
  }

  @Test(arguments: ["http", "tcp"])
  func `probes go to a port of their own, requests to the replica's`(_ check: String) throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send(Self.ok)
      return .keep
    }
    let probed = try ScriptedReplica { _, connection in
      try connection.send(Self.ok)
      return .keep
    }
    let stage = try Stage(
      scripted: [replica], health: Self.fast + "check = \(check)\nport = \(probed.port)\n")
    #expect(try stage.connect().get("/app").text == "hello")
    #expect(replica.requests.allSatisfy { $0.hasPrefix("GET /app ") })
    #expect(!probed.requests.contains { $0.hasPrefix("GET /app ") })
    let host = "\r\nHost: 127.0.0.1:\(replica.port)\r\n"
    #expect(probed.requests.allSatisfy { $0.contains(host) })
    probed.stop()
    try stage.awaitPool("it is down") { $0[0].state == .down && $0[0].check.result == "refused" }
  }

  @Test(arguments: [("400", true), ("421", true), ("404", false), ("500", false)])
  func `explain says which Host a replica was asked for where it refuses one`(
    _ status: String, _ isHinted: Bool
  ) throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send("HTTP/1.1 \(status) X\r\nContent-Length: 0\r\n\r\n")
      return .keep
    }
    let stage = try Stage()
    try stage.writeConf(ports: [replica.port], health: Self.fast)
    try stage.launch()
    try stage.awaitPool("a verdict") { $0[0].check.result == status }
    let text = try stage.lbctl("explain", "\(replica.port)").output
    let hint = "asked as Host 127.0.0.1:\(replica.port); if it serves other names only, set host"
    #expect(text.contains(hint) == isHinted, "\(text)")
  }

  private static let length = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
  private static let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
  private static let untilClose = "HTTP/1.0 200 OK\r\n\r\n"
  private static let long = String(repeating: "x", count: 65_531)

  @Test(arguments: [
    ([length + "all ready"], "200"), ([length, "all re", "ady"], "200"),
    ([length + "all readx"], "no match"), ([length + "reads"], "no match"),
    ([chunked + "5;x=y\r\nall r\r\n4\r\neady\r\n0\r\n\r\n"], "200"),
    ([chunked, "5\r\nall r\r\n4", "\r\nea", "d", "y\r\n"], "200"),
    ([chunked + "3\r\nrea\r\n4\r\n-dy.\r\n0\r\n\r\n"], "no match"),
    ([chunked + "3\r\nready\r\n0\r\n\r\n"], "malformed"),
    ([untilClose, "re", "ready"], "200"), ([untilClose + "read"], "no match"),
    (["HTTP/1.1 204 No Content\r\n\r\n"], "no match"),
    (["HTTP/1.1 500 Oops\r\nContent-Length: 5\r\n\r\nready"], "500"),
    ([untilClose + long + "ready"], "200"), ([untilClose + long + ".ready"], "no match"),
    (["HTTP/1.1 103 Early Hints\r\n\r\n" + length, "all ready"], "200"),
  ])
  func `a body must contain what the conf says, however it is framed`(
    _ pieces: [String], _ verdict: String
  ) throws {
    let replica = try ScriptedReplica { _, connection in
      for (index, piece) in pieces.enumerated() {
        if index > 0 { Clock.sleep(milliseconds: 5) }
        try connection.send(piece)
      }
      return .close
    }
    let stage = try Stage()
    try stage.writeConf(ports: [replica.port], health: Self.fast + "body = ready\n")
    try stage.launch()
    let state = verdict == "200" ? ReplicaState.up : .down
    try stage.awaitPool("a verdict") { $0[0].state == state }
    #expect(try stage.pool()[0].check.result == verdict)
    #expect(replica.requests.allSatisfy { $0.contains("\r\nConnection: close\r\n") })
  }

  // MARK: Silence

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
      #expect(outs.allSatisfy { 0.5...2 ~= $0 }, "\(outs.sorted())")
      #expect(returns.allSatisfy { $0 <= 1 }, "\(returns.sorted())")
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
    #expect(!pulse.wasSteady() || outs.allSatisfy { $0 <= 2 }, "\(outs.sorted())")
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
      #expect(Clock.now() < start + 1_000_000_000)
    }
  }

  @Test(arguments: [(1, 1), (3, 3), (50, 8)])
  func `of a replica that hangs no more probes are under way than must fail, and 8 at most`(
    _ fall: Int, _ most: Int
  ) throws {
    let hangs = Gate()
    let notes = Notes<Int>()
    let replica = try ScriptedReplica { _, connection in
      guard hangs.isOpen else {
        try connection.send(Self.ok)
        return .keep
      }
      notes.add(1)
      _ = try? connection.takeRest()
      notes.add(-1)
      return .close
    }
    let stage = try Stage(
      scripted: [replica],
      health: Self.fast + "timeout = 200ms\nfall = \(fall)\n")
    hangs.open()
    try stage.awaitPool("it is found silent") { $0[0].state == .slow }
    // Its threads may see an end a little later than the next beginning.
    #expect(most...most + 1 ~= peak(notes.all[...]))
    // What is slow, or down, is asked once at a time.
    try eventually("none is under way") { notes.all.reduce(0, +) == 0 }
    let count = notes.all.count
    try eventually("six more") { notes.all.count >= count + 12 }
    #expect(peak(notes.all[count...]) <= 2)
  }

  /// The most that were under way at once, from steps up and down.
  private func peak(_ steps: ArraySlice<Int>) -> Int {
    var (now, most) = (0, 0)
    for step in steps { (now, most) = (now + step, max(most, now + step)) }
    return most
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
    #expect(made.allSatisfy { 120_000_000...220_000_000 ~= $0 }, "\(made)")
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
