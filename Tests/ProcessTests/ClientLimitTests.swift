// Who may hold a place among lbd's clients: whoever rests longest gives it up, one address has no more
// than it may, and what is sent too slowly ends.

import ControlProtocol
import LinuxIO
import TestSupport
import Testing

@Suite(.waitingFirst) struct ClientLimitTests {
  private static let get = "GET /getInfo HTTP/1.1\r\nHost: test\r\n\r\n"

  /// lbd with room for so many clients.
  private func stage(_ count: Int, workers: Int = 1, more: String = "") throws -> Stage {
    try Stage(
      replicas: 1, lbd: "workers = \(workers)",
      sections: "[limits]\nconnections = \(count)\n\(more)\n"
        + "[timeouts]\nclient_header = 5m\nclient_idle = 5m\n")
  }

  @Test func `at the limit the client that has rested longest gives way to the next`() throws {
    let stage = try stage(8)
    let clients = try (0..<8).map { _ in try stage.connect() }
    for client in clients { #expect(try client.get("/getInfo").status == 200) }
    // The first two speak again: the third has rested longest.
    for client in clients.prefix(2) { #expect(try client.get("/getInfo").status == 200) }
    #expect(try stage.connect().get("/getInfo").status == 200)
    #expect(try clients[2].isOver())
    for client in [0, 1, 3] { #expect(clients[client].isSilent(milliseconds: 0)) }
    let text = try stage.lbctl("metrics").output
    #expect(text.contains("lbd_clients_closed_total{reason=\"limit\"} 1\n"), "\(text)")
  }

  @Test(arguments: [1, 3])
  func `silent clients keep nobody out, however many they are`(_ workers: Int) throws {
    let stage = try stage(24, workers: workers)
    var silent: [Connection] = []
    for _ in 0..<10 {
      for _ in 0..<12 { silent.append(try stage.connect()) }
      #expect(try stage.connect().get("/getInfo").status == 200)
    }
    #expect(silent.count { !$0.isSilent(milliseconds: 0) } > 60)
  }

  @Test func `at the limit a client with a request in flight stays`() throws {
    let stage = try stage(4)
    let busy = try (0..<3).map { _ in try stage.connect() }
    for client in busy { try client.send("GET /delay/2s HTTP/1.1\r\nHost: test\r\n\r\n") }
    try stage.awaitPool("all are in flight") { $0[0].active == 3 }
    for _ in 0..<20 { #expect(try stage.connect().get("/getInfo").status == 200) }
    for client in busy { #expect(try client.answer().status == 200) }
  }

  @Test func `one address has no more connections than it may, others and trusted proxies more`()
    throws
  {
    let stage = try Stage(
      replicas: 1,
      sections: "[limits]\nmax_connections = 3\n[forward]\ntrusted_proxies = 127.0.0.9\n")
    func connect(from host: String) throws -> Connection {
      let connection = try Connection(port: stage.mainPort, from: host)
      try? connection.send(Self.get)
      return connection
    }
    do {
      let served = try (0..<3).map { _ in try connect(from: "127.0.0.2") }
      for client in served { #expect(try client.answer().status == 200) }
      #expect(try connect(from: "127.0.0.2").isCut(within: 10_000))
      #expect(try connect(from: "127.0.0.3").answer().status == 200)
      let proxied = try (0..<6).map { _ in try connect(from: "127.0.0.9") }
      for client in proxied { #expect(try client.answer().status == 200) }
      #expect(
        try stage.lbctl("metrics").output.contains(
          "lbd_clients_closed_total{reason=\"address\"} 1\n"))
    }
    // Those that have gone have left their places.
    try eventually("there is a place again") {
      (try? connect(from: "127.0.0.2").answer().status) == 200
    }
  }

  @Test func `a body that drips in ends with 408, unless its response has begun`() throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      return .keep
    }
    let stage = try Stage(scripted: [replica], sections: "[limits]\nbody_rate = 1k\n")
    let echo = try stage.startReplica()
    try stage.writeConf(ports: [replica.port, echo], sections: "[limits]\nbody_rate = 1k\n")
    #expect(try stage.lbctl("reload").status == 0)
    try stage.awaitPool("both are up") { $0.count == 2 && $0.allSatisfy { $0.state == .up } }
    let head = "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 100000\r\n\r\n"
    let clients = try (0..<2).map { _ in try stage.connect() }
    for client in clients { try client.send(head) }
    // The demo replica answers while it reads, the other one once it has read all.
    let start = Clock.now()
    while clients.allSatisfy({ !$0.unreadText.hasPrefix("HTTP/1.1 408") }) {
      for client in clients {
        try client.send("x")
        if client.hasMore(milliseconds: 20) { try client.receive() }
      }
      guard Clock.now() - start < 200_000_000_000 else { throw TestFailure("it drips on") }
    }
    #expect(Clock.now() - start >= 15_000_000_000)
    #expect(clients.count { $0.unreadText.hasPrefix("HTTP/1.1 200") } == 1)
    for client in clients where client.unreadText.hasPrefix("HTTP/1.1 200") {
      try client.send("y")
      #expect(client.end == nil)
    }
  }
}
