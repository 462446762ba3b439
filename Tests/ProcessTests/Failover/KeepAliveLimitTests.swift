// Replicas that end idle connections just as the next request comes: no client ever notices.

import LinuxIO
import TestSupport
import Testing

@Suite(.serialized, .waitingFirst) struct KeepAliveLimitTests {
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

  /// One server for many addresses that ends each connection after so much rest.
  private func server(resting milliseconds: Int) throws -> ScriptedReplica {
    try ScriptedReplica(host: "0.0.0.0", keepsRequests: false) { request, connection in
      connection.patience = milliseconds
      try connection.send(Self.ok)
      return .keep
    }
  }

  /// Sends requests one after the other, each at its time.
  private func send(
    _ stage: Stage, count: Int, apart nanoseconds: UInt64, jitter: UInt64,
    _ method: (Int) -> String
  ) throws -> [Int: Int] {
    var statuses: [Int: Int] = [:]
    var seeded = Seeded(5)
    let client = try stage.connect()
    let start = Clock.now()
    for number in 0..<count {
      let stray = jitter > 0 ? UInt64.random(in: 0...jitter * 2, using: &seeded) : 0
      let due = start + UInt64(number + 1) * nanoseconds + stray - jitter
      while Clock.now() < due { Clock.sleep(milliseconds: 1) }
      let answer =
        method(number) == "POST" ? try client.post("/", "body") : try client.get("/")
      statuses[answer.status, default: 0] += 1
    }
    return statuses
  }

  @Test(.timeLimit(.minutes(5)))
  func `requests a second apart meet no end of connections that rest a second`() throws {
    let server = try server(resting: 1000)
    let stage = try Stage()
    try stage.writeConf(replicas: 100, on: server.port, health: "interval = 1h\njitter = 0%\n")
    try stage.start()
    let count = Length.of(1000, soak: 10_000)
    // Each replica has one each second, give or take 5 ms; GET and POST in turn.
    let statuses = try send(stage, count: count, apart: 10_000_000, jitter: 5_000_000) {
      $0 / 100 % 2 == 0 ? "GET" : "POST"
    }
    #expect(statuses == [200: count])
    print("a second apart: \(statuses), \(server.connections) connections")
  }

  @Test func `at a steady load nearly all requests go on open connections`() throws {
    let server = try server(resting: 1000)
    let stage = try Stage()
    try stage.writeConf(replicas: 10, on: server.port, health: "interval = 1h\njitter = 0%\n")
    try stage.start()
    let count = Length.of(1000, soak: 10_000)
    let statuses = try send(stage, count: count, apart: 5_000_000, jitter: 0) {
      $0 % 3 == 0 ? "POST" : "GET"
    }
    #expect(statuses == [200: count])
    #expect(server.connections * 20 <= count, "\(server.connections) connections")
    print("steady: \(statuses), \(server.connections) connections for \(count) requests")
  }

  @Test func `what the replica says of its limit is kept`() throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send(
        "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1, max=5\r\nContent-Length: 2\r\n\r\nok")
      return .keep
    }
    let stage = try Stage(scripted: [replica], lbd: "workers = 1", health: Stage.noProbes)
    let client = try stage.connect()
    for _ in 0..<3 { _ = try client.get("/") }
    #expect(replica.connections == 1)
    // lbd ends the connection itself, before the replica would.
    try eventually("lbd ends it", within: 20) { replica.closed.value == 1 }
    _ = try client.get("/")
    #expect(replica.connections == 2)
  }

  @Test func `a POST takes no connection that has rested for long, a GET does`() throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send(Self.ok)
      return .keep
    }
    let stage = try Stage(scripted: [replica], lbd: "workers = 1", health: Stage.noProbes)
    let client = try stage.connect()
    _ = try client.get("/")
    #expect(try client.post("/", "body").text == "ok" && replica.connections == 1)
    Clock.sleep(milliseconds: 600)
    #expect(try client.get("/").text == "ok" && replica.connections == 1)
    Clock.sleep(milliseconds: 600)
    #expect(try client.post("/", "body").text == "ok" && replica.connections == 2)
  }
}
