// Connections to replicas that rest: no more than were in use at once, and no more than may.

import ControlProtocol
import LinuxIO
import TestSupport
import Testing

@Suite(.waiting) struct RestingConnectionTests {
  /// So many clients, each of which keeps its connection, send one request at the same moment.
  private static func burst(_ clients: [Connection], _ request: String) throws {
    for client in clients { try client.send(request) }
    for client in clients {
      let answer = try client.answer()
      guard answer.status == 200 else { throw TestFailure("\(answer)") }
    }
  }

  private static func post(_ target: String) -> String {
    "POST \(target) HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\nhi"
  }

  @Test func `bursts of what must not be repeated open no more connections with each burst`() throws
  {
    let stage = try Stage(
      replicas: 1, lbd: "workers = 2", sections: "[timeouts]\nclient_idle = 5m\n")
    let lbd = try #require(stage.lbd)
    let clients = try (0..<40).map { _ in try stage.connect() }
    var counts: [Int] = []
    for _ in 0..<6 {
      try Self.burst(clients, Self.post("/echo"))
      counts.append(try lbd.descriptors())
      // Longer than a rest after which a POST takes none of them.
      Clock.sleep(milliseconds: 600)
    }
    // The first may need fewer than forty of them, each later one as many more at most.
    #expect(counts[5] <= counts[0] + 60, "\(counts)")
  }

  @Test func `a connection that rests is in no request's way where connections are limited`() throws
  {
    // Each of its requests is tried elsewhere then, on a connection of its own.
    let broken = try ScriptedReplica { _, _ in .reset }
    let stage = try Stage()
    let other = try stage.startReplica()
    try stage.writeConf(
      ports: [broken.port, other], lbd: "workers = 1", health: Stage.noProbes + "\nfailures = 0\n",
      sections: "[limits]\nreplica_connections = 1\n[retry]\nbudget = 100%\n")
    try stage.start()
    for _ in 0..<40 { #expect(try stage.connect().get("/getInfo").status == 200) }
  }

  @Test func `requests by HEAD take no other's place where connections are limited`() throws {
    let stage = try Stage(
      replicas: 1, lbd: "workers = 1", health: Stage.noProbes,
      sections: "[limits]\nreplica_connections = 2\n[hold]\ntimeout = 60s\n")
    func time(_ method: String) throws -> UInt64 {
      let start = Clock.now()
      let served = try inParallel(6) { [port = stage.mainPort] _ -> Bool in
        let client = try Connection(port: port)
        client.patience = 60_000
        for _ in 0..<200 {
          try client.send("\(method) /getInfo HTTP/1.1\r\nHost: a\r\n\r\n")
          guard try client.answer(toHead: method == "HEAD").status == 200 else { return false }
        }
        return true
      }
      #expect(served.allSatisfy { $0 })
      return Clock.now() - start
    }
    let (get, head) = (try time("GET"), try time("HEAD"))
    // Had each HEAD kept its connection for a tenth of a second, they would take a minute.
    #expect(head < 20 * get + 10_000_000_000, "\(get) \(head)")
  }

  @Test func `HEAD leaves no port behind, and its connection serves again`() throws {
    let stage = try Stage(replicas: 1, lbd: "workers = 1", health: Stage.noProbes)
    let (port, client) = (stage.ports[0], try stage.connect())
    func head() throws {
      try client.send("HEAD /getInfo HTTP/1.1\r\nHost: test\r\n\r\n")
      #expect(try client.answer(toHead: true).status == 200)
    }
    for _ in 0..<300 { try head() }
    #expect(try SocketTable.count(to: port, .timeWait) < 20)
    let resting = try SocketTable.count(to: port, .established)
    #expect(resting <= 70)
    for _ in 0..<5 {
      Clock.sleep(milliseconds: 300)
      try head()
    }
    #expect(try SocketTable.count(to: port, .established) <= resting)
    #expect(try SocketTable.count(to: port, .timeWait) < 20)
  }

  @Test func `no more connections rest for long than may`() throws {
    let stage = try Stage(
      replicas: 1, lbd: "workers = 1",
      sections: "[limits]\nresting = 8\n[timeouts]\nclient_idle = 5m\n")
    let port = stage.ports[0]
    let clients = try (0..<60).map { _ in try stage.connect() }
    try Self.burst(clients, "GET /delay/300ms HTTP/1.1\r\nHost: test\r\n\r\n")
    #expect(try SocketTable.count(to: port, .established) > 20)
    // And one for a probe.
    try eventually("8 rest") { try SocketTable.count(to: port, .established) <= 9 }
    try Self.burst(clients, "GET /delay/100ms HTTP/1.1\r\nHost: test\r\n\r\n")
    #expect(try SocketTable.count(to: port, .established) >= 8)
  }

  @Test(arguments: [0, 5])
  func `a replica has as many connections as it may, and nobody fails`(_ resting: Int) throws {
    let most = 5
    let stage = try Stage(
      replicas: 1, lbd: "workers = 2", health: Stage.noProbes,
      sections:
        "[limits]\nreplica_connections = \(most)\nresting = \(resting)\n[hold]\ntimeout = 30s\n")
    let port = stage.ports[0]
    let (start, seen, end) = (Gate(), Gate(), Gate())
    let peak = try inParallel(17) { [mainPort = stage.mainPort] index -> Int in
      if index == 16 {
        var peak = 0
        while !end.isOpen {
          peak = max(peak, try SocketTable.count(to: port, .established))
          start.open()
          if peak > 0 { seen.open() }
        }
        return peak
      }
      defer { if index == 0 { end.open() } }
      let connection = try Connection(port: mainPort)
      connection.patience = 60_000
      try start.wait()
      // On a loaded machine a look at the table of sockets may take as long as all of them.
      for round in 0..<4000 where round < 40 || !seen.isOpen {
        let target = round % 5 == 0 ? "/delay/20ms" : "/echo"
        try connection.send(
          (round + index) % 2 == 0
            ? Self.post(target) : "GET \(target) HTTP/1.1\r\nHost: test\r\n\r\n")
        let answer = try connection.answer()
        guard answer.status == 200 else { throw TestFailure("\(index) \(round): \(answer)") }
      }
      return 0
    }
    #expect(peak[16] > 0 && peak[16] <= most, "\(peak[16]) connections")
  }
}
