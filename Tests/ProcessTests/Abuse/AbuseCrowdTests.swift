// Crowds that once took lbd or a replica down at almost no cost: what each one leaves behind, and what
// it costs those who behave well.

import ControlProtocol
import Foundation
import Glibc
import LinuxIO
import Synchronization
import TestSupport
import Testing

@Suite(.serialized, .waitingFirst) struct AbuseCrowdTests {
  private final class Flow: Sendable {
    let bytes = Mutex(0)
  }

  /// Well-behaved clients of both habits while `body` runs; the times that they saw.
  private static func neighbours(of port: UInt16, while body: () throws -> Void) throws -> Ledger {
    let (ledger, end) = (Ledger(), Gate())
    let threads = try [Neighbour.Habit.steady, .steady, .newcomer, .newcomer].enumerated().map {
      (index, habit) in
      try LinuxIO.Thread.start("neighbour") {
        var neighbour = Neighbour(
          port: port, habit: habit, ledger: ledger, random: Seeded(UInt64(index)))
        neighbour.live(until: end)
      }
    }
    defer {
      end.open()
      for thread in threads { thread.join() }
    }
    try body()
    return ledger
  }

  /// Compares the times beside a crowd with those without it; a machine that also runs the crowd has
  /// some time for that.
  private static func expectFair(_ crowd: Ledger, _ calm: Ledger, _ habit: Neighbour.Habit) {
    let (with, without) = (crowd.times(of: habit), calm.times(of: habit))
    print("\(habit) clients: \(without); beside the crowd: \(with)")
    #expect(with.count > 0 && with.p99 <= 300 + 20 * without.p99, "\(habit): \(with)")
    #expect(crowd.failures.isEmpty, "\(crowd.failures.prefix(5))")
  }

  private static func calm(_ port: UInt16) throws -> Ledger {
    try neighbours(of: port) { Clock.sleep(milliseconds: 3000) }
  }

  private static func descriptors() throws {
    guard Descriptor.raiseLimit() >= 4096 else { throw TestFailure("this needs 4096 descriptors") }
  }

  // MARK: Requests whose clients are gone

  @Test func `a crowd that resets each request leaves nothing, and lbd stops when told`() throws {
    try Self.descriptors()
    let abuse = try AbuseStage(replicas: 2, poisonable: 0, sections: "")
    let (lbd, port) = (try abuse.lbd(), abuse.port)
    let calm = try Self.calm(port)
    let memory = try lbd.kibibytes("RssAnon")
    let crowd = try Self.neighbours(of: port) {
      _ = try inParallel(3) { _ in
        for _ in 0..<1000 {
          let connection = try Connection(port: port)
          try connection.send("GET /delay/30s HTTP/1.1\r\nHost: test\r\n\r\n")
          connection.resetOnClose()
        }
      }
    }
    for habit in [Neighbour.Habit.steady, .newcomer] { Self.expectFair(crowd, calm, habit) }
    try abuse.stage.awaitPool("nothing is in flight") { $0.allSatisfy { $0.active == 0 } }
    let waiting = try abuse.stage.ports.reduce(0) { try $0 + SocketTable.count(to: $1, .timeWait) }
    #expect(waiting < 300, "\(waiting) ports are in TIME_WAIT")
    try abuse.expectNothingLeft()
    #expect(try lbd.kibibytes("RssAnon") <= memory + 4096)
    lbd.signal(SIGTERM)
    #expect(try lbd.exitStatus(within: 15) == 0)
  }

  // MARK: Bursts of what must not be repeated

  @Test func `a crowd that posts in bursts fills no replica with connections`() throws {
    try Self.descriptors()
    let abuse = try AbuseStage(replicas: 1, poisonable: 0, sections: "[limits]\nresting = 16\n")
    let (lbd, replica) = (try abuse.lbd(), abuse.stage.ports[0])
    let clients = try Abuse.open(abuse.port, 50)
    var counts: [Int] = []
    for _ in 0..<10 {
      for client in clients {
        try client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\nhi")
      }
      for client in clients { #expect(try client.answer().status == 200) }
      counts.append(try SocketTable.count(to: replica, .established))
      Clock.sleep(milliseconds: 1000)
    }
    print("connections to the replica after each burst: \(counts)")
    #expect(counts.allSatisfy { $0 <= 55 }, "\(counts)")
    // Of two workers, and one for a probe.
    try eventually("what may rest is left") {
      try SocketTable.count(to: replica, .established) <= 2 * 16 + 1
    }
    #expect(try lbd.descriptors() <= abuse.descriptors + 50 + 2 * 16 + 8)
  }

  // MARK: Those who hold places

  @Test func `a crowd that rests on every place lets newcomers in`() throws {
    try Self.descriptors()
    let abuse = try AbuseStage(
      replicas: 1, poisonable: 0,
      sections: "[limits]\nconnections = 64\n[timeouts]\nclient_idle = 10m\nclient_header = 10m\n")
    let port = abuse.port
    let calm = try Self.calm(port)
    // As many again as there are places, over and over.
    let crowd = try Self.neighbours(of: port) {
      for _ in 0..<20 {
        let idle = try Abuse.open(port, 64)
        Clock.sleep(milliseconds: 100)
        #expect(idle.count == 64)
      }
    }
    Self.expectFair(crowd, calm, .newcomer)
    #expect(try abuse.lbd().descriptors() <= abuse.descriptors + 64 + 32)
  }

  @Test func `a crowd that uploads at a drip gives its places up`() throws {
    try Self.descriptors()
    let stage = try Stage()
    let replica = try stage.startReplica()
    try stage.write(
      "[lbd]\nmain_port = \(stage.mainPort)\ncontrol = \(stage.socketPath)\nworkers = 2\n"
        + "[replica one]\naddress = 127.0.0.1:\(replica)\nmax_requests = 16\n"
        + "[health]\n\(Stage.fastProbes)[limits]\nbody_rate = 1k\n[hold]\ntimeout = 1m\n")
    try stage.start()
    let slow = try (0..<16).map { _ in try stage.connect() }
    for client in slow {
      try client.send("POST /getInfo HTTP/1.1\r\nHost: test\r\nContent-Length: 9999\r\n\r\nx")
    }
    try stage.awaitPool("every place is taken") { $0[0].active == 16 }
    let patient = try stage.connect()
    patient.patience = 60_000
    try patient.send("GET /getInfo HTTP/1.1\r\nHost: test\r\n\r\n")
    #expect(try patient.answer().status == 200)
    for client in slow {
      client.patience = 60_000
      #expect(try client.answer().status == 408)
    }
  }

  // MARK: A flood on open connections

  /// Keeps so many connections full of requests that lbd answers itself.
  /// - Parameter taken: counts the bytes of the answers.
  private static func flood(
    _ port: UInt16, _ count: Int, until end: Gate, _ taken: borrowing Mutex<Int>
  ) throws {
    let request = "OPTIONS / HTTP/1.1\r\nHost: test\r\nMax-Forwards: 0\r\n\r\n"
    let requests = Array(String(repeating: request, count: 100).utf8)
    let connections = try Abuse.open(port, count)
    var offsets = [Int](repeating: 0, count: count)
    while !end.isOpen {
      for (index, connection) in connections.enumerated() {
        if connection.hasMore(milliseconds: 0) { try connection.receive() }
        let received = connection.takeReceived().count
        taken.withLock { $0 += received }
        offsets[index] += connection.sendSome(Array(requests[offsets[index]...]))
        if offsets[index] == requests.count { offsets[index] = 0 }
      }
    }
  }

  /// What the flood is served meanwhile measures the wait, on a machine of any speed.
  @Test func `newcomers beside a flood are taken many at a time`() throws {
    try Self.descriptors()
    let abuse = try AbuseStage(replicas: 1, poisonable: 0, sections: "")
    let (port, end, taken) = (abuse.port, Gate(), Flow())
    let flood = try (0..<2).map { _ in
      try LinuxIO.Thread.start("flood") { try? Self.flood(port, 300, until: end, taken.bytes) }
    }
    defer {
      end.open()
      for thread in flood { thread.join() }
    }
    try eventually("the flood is there") { try abuse.lbd().descriptors() > abuse.descriptors + 500 }
    // One answer of the flood's has about 150 bytes.
    func served() -> Int { taken.bytes.withLock { $0 } / 150 }
    var shares: [Int] = []
    for _ in 0..<5 {
      let before = served()
      let newcomers = try Abuse.open(port, 300)
      for newcomer in newcomers { newcomer.patience = 60_000 }
      for newcomer in newcomers { try newcomer.send("GET /getInfo HTTP/1.1\r\nHost: a\r\n\r\n") }
      for newcomer in newcomers { #expect(try newcomer.answer().status == 200) }
      shares.append((served() - before) / newcomers.count)
    }
    print("beside a flood: \(shares) requests of it for each newcomer's")
    #expect(shares.sorted()[2] <= 220, "\(shares)")
  }
}
