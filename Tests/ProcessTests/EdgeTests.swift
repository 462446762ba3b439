// Rare but right: what a balancer meets now and then and must not stumble over.

import ControlProtocol
import TestSupport
import Testing

@Suite(.waiting) struct EdgeTests {
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

  @Test func `an answer before the request's end reaches a client that still sends`() throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send(
        "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig")
      connection.endSending()
      // As servers do: what comes is read and thrown away for a while.
      _ = try connection.takeRest()
      return .close
    }
    let stage = try Stage(scripted: [replica])
    let connection = try stage.connect()
    try connection.send("POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n")
    let chunk = "1000\r\n" + String(repeating: "x", count: 4096) + "\r\n"
    for _ in 0..<20 { try? connection.send(chunk) }
    let answer = try connection.answer()
    #expect(answer.status == 413 && answer.text == "big")
  }

  @Test func `a slow upload is not a slow response`() throws {
    let stage = try Stage(replicas: 1, sections: "[timeouts]\nresponse = 300ms\n")
    let connection = try stage.connect()
    try connection.send("POST /getInfo HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\n")
    for _ in 0..<10 {
      #expect(connection.isSilent(milliseconds: 80))
      try connection.send("x")
    }
    #expect(try connection.answer().status == 200)
  }

  @Test func `bytes behind a response's end reach no client`() throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send(Self.ok + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
      return .keep
    }
    let stage = try Stage(scripted: [replica], lbd: "workers = 1")
    let connection = try stage.connect()
    for _ in 0..<5 { #expect(try connection.get("/").text == "ok") }
    #expect(replica.connections == 5)
  }

  @Test func `bytes that come on an idle connection to a replica reach no client`() throws {
    let answered = Counter()
    let closed = Counter()
    let replica = try ScriptedReplica { _, connection in
      let round = closed.value + 1
      try connection.send(Self.ok)
      try eventually("the client has its answer") { answered.value == round }
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
      if try connection.isOver() { closed.add() }
      return .close
    }
    let stage = try Stage(scripted: [replica], lbd: "workers = 1")
    let connection = try stage.connect()
    for round in 1...3 {
      #expect(try connection.get("/").text == "ok")
      answered.add()
      try eventually("lbd closes its connection") { closed.value == round }
    }
    #expect(replica.connections == 3)
  }

  @Test func `what came on an idle connection before the next request is no answer to it`() throws {
    let told = Counter()
    let replica = try ScriptedReplica { request, connection in
      try connection.send(Self.ok)
      guard request.hasPrefix("GET /first ") else { return .keep }
      try eventually("lbd is held up") { told.value == 1 }
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
      told.add()
      _ = try connection.takeRest()
      return .close
    }
    let stage = try Stage(scripted: [replica], lbd: "workers = 1")
    let lbd = try #require(stage.lbd)
    for _ in 0..<10 {
      let (connection, other) = (try stage.connect(), try stage.connect())
      #expect(try connection.get("/first").text == "ok")
      // When lbd goes on it sees both, the client's request first.
      try lbd.paused {
        try other.send("GET /second HTTP/1.1\r\nHost: test\r\n\r\n")
        told.add()
        try eventually("the replica has spoken unasked") { told.value == 2 }
      }
      #expect(try other.answer().text == "ok")
      told.add(-2)
    }
  }

  @Test(arguments: ["Content-Length: 100", "Transfer-Encoding: chunked", "X: none"])
  func `the response to HEAD ends with its head whatever it states`(_ field: String) throws {
    let replica = try ScriptedReplica { request, connection in
      try connection.send(
        request.hasPrefix("HEAD") ? "HTTP/1.1 200 OK\r\n\(field)\r\n\r\n" : Self.ok)
      return .keep
    }
    let stage = try Stage(scripted: [replica], lbd: "workers = 1")
    let connection = try stage.connect()
    try connection.send("HEAD / HTTP/1.1\r\nHost: test\r\n\r\n")
    #expect(try connection.answer(toHead: true).status == 200)
    #expect(try connection.get("/").text == "ok")
  }

  @Test(arguments: [
    ("GET http://other:81/getInfo?x=1", "GET /getInfo?x=1", "other:81"),
    ("GET http://other", "GET /", "other"), ("OPTIONS *", "OPTIONS *", "test"),
    ("GET /a%2Fb/../c;d=e?f#g".replacing("#g", with: ""), "GET /a%2Fb/../c;d=e?f", "test"),
    ("BREW /pot", "BREW /pot", "test"),
  ])
  func `every form of a target reaches the replica as it must`(
    _ line: String, _ sent: String, _ host: String
  ) throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send(Self.ok)
      return .keep
    }
    let stage = try Stage(scripted: [replica])
    let connection = try stage.connect()
    try connection.send("\(line) HTTP/1.1\r\nHost: test\r\n\r\n")
    #expect(try connection.answer().status == 200)
    let request = try #require(replica.requests.first)
    #expect(request.hasPrefix(sent + " HTTP/1.1\r\n"), "\(request)")
    #expect(request.lowercased().contains("\r\nhost: \(host)\r\n"), "\(request)")
  }

  @Test func `an OPTIONS or TRACE goes as far as its hops`() throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send(Self.ok)
      return .keep
    }
    let stage = try Stage(scripted: [replica])
    let connection = try stage.connect()
    for (method, hops, status) in [
      ("OPTIONS", 1, 200), ("OPTIONS", 0, 200), ("TRACE", 2, 200), ("TRACE", 0, 501),
      ("GET", 0, 200),
    ] {
      try connection.send(
        "\(method) / HTTP/1.1\r\nHost: test\r\nMax-Forwards: \(hops)\r\n\r\n"
      )
      #expect(try connection.answer().status == status, "\(method) \(hops)")
    }
    let passed = replica.requests.map { request in
      request.prefix { $0 != " " } + " "
        + (request.firstMatch(of: /Max-Forwards: (\d+)/)?.1 ?? "unlimited")
    }
    #expect(passed == ["OPTIONS 0", "TRACE 1", "GET 0"])
  }

  @Test func `a response is dated by its replica or else by lbd`() throws {
    let replica = try ScriptedReplica { request, connection in
      try connection.send(
        request.hasPrefix("GET /dated ")
          ? Self.ok.replacing("OK\r\n", with: "OK\r\nDate: yesterday\r\n") : Self.ok)
      return .keep
    }
    let stage = try Stage(scripted: [replica])
    let connection = try stage.connect()
    #expect(try connection.get("/dated")["date"] == "yesterday")
    let date = try #require(try connection.get("/")["date"])
    #expect(date.wholeMatch(of: /\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT/) != nil, "\(date)")
  }

  @Test func `fields of any sort pass unchanged in their order`() throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send(
        "HTTP/1.1 299 Odd \u{e4}\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Empty:\r\n"
          + "X-Long: \(String(repeating: "v", count: 8000))\r\nContent-Length: 0\r\n\r\n")
      return .keep
    }
    let stage = try Stage(scripted: [replica])
    let answer = try stage.connect().get(
      "/", "Cookie: a=1; b=2\r\nX-Two: 1\r\nX-Two: 2\r\nx-empty:\r\n")
    #expect(answer.status == 299)
    #expect(answer.fields.filter { $0.name == "set-cookie" }.map(\.value) == ["a=1", "b=2"])
    #expect(answer["x-empty"] == "" && answer["x-long"]?.count == 8000)
    let request = try #require(replica.requests.first)
    #expect(request.contains("\r\nCookie: a=1; b=2\r\nX-Two: 1\r\nX-Two: 2\r\nx-empty:"))
  }

  @Test func `many clients at once, most of them idle, are served by few threads`() throws {
    let stage = try Stage(replicas: 3, lbd: "workers = 2")
    let connections = try (0..<300).map { _ in try stage.connect() }
    let resting = try stage.lbd?.kibibytes("VmRSS") ?? 0
    for connection in connections {
      try connection.send("GET /getInfo HTTP/1.1\r\nHost: test\r\n\r\n")
    }
    let ports = try connections.map { try $0.answer().port }
    for name in stage.names { #expect(ports.count { $0 == name } == 100) }
    // A connection that waits holds no buffer.
    try eventually("the buffers are given back") {
      try stage.lbd?.kibibytes("VmRSS") ?? 0 < resting + 20_000
    }
    #expect(try stage.lbd?.kibibytes("Threads") ?? 0 <= 4)
  }

  @Test func `a client beyond the limit waits for one that leaves`() throws {
    let stage = try Stage(
      replicas: 1, lbd: "workers = 1",
      sections: "[limits]\nconnections = 20\n[timeouts]\nclient_header = 5m\n")
    var connections = try (0..<20).map { _ in try stage.connect() }
    for connection in connections {
      #expect(try connection.get("/getInfo").status == 200)
      // One that has begun a request does not rest, and keeps its place.
      try connection.send("GET /getInfo HTTP/1.1\r\n")
    }
    let late = try stage.connect()
    try late.send("GET /getInfo HTTP/1.1\r\nHost: test\r\n\r\n")
    #expect(late.isSilent(milliseconds: 200))
    connections.removeLast()
    #expect(try late.answer().status == 200)
    try connections[0].send("Host: test\r\n\r\n")
    #expect(try connections[0].answer().status == 200)
  }

  @Test func `random bytes end nothing`() throws {
    let seed = UInt64.random(in: .min ... .max)
    do {
      try sendNoise(Seeded(seed), to: try Stage(replicas: 1))
    } catch {
      throw TestFailure("with the seed \(seed): \(error)")
    }
  }

  private func sendNoise(_ noise: Seeded, to stage: Stage) throws {
    var random = noise
    let words = [
      "GET ", "POST ", "/", " HTTP/1.1", "\r\n", "\r\n\r\n", "Host: a", "Content-Length: ", "5",
      "Transfer-Encoding: chunked", "0", ":", " ", "\u{0}", "Connection: Upgrade", "Upgrade: x",
      "Expect: 100-continue", "ffffffff", "http://", "[::1]", "\n", "\t",
    ]
    for _ in 0..<400 {
      let connection = try stage.connect()
      let count = Int.random(in: 1...25, using: &random)
      let text = (0..<count).map { _ in words.randomElement(using: &random) ?? "" }.joined()
      try? connection.send(text)
      if Bool.random(using: &random) { connection.resetOnClose() }
    }
    guard stage.lbd?.isRunning == true else {
      throw TestFailure("lbd ended: \(stage.lbd?.error ?? "")")
    }
    let status = try stage.connect().get("/getInfo").status
    guard status == 200 else { throw TestFailure("the next request is answered \(status)") }
    try stage.awaitPool("nothing is in flight") { $0[0].active == 0 }
  }
}
