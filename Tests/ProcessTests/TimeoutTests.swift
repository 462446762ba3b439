// Nobody waits for ever: not lbd for a client, nor a client for a replica.

import ControlProtocol
import LinuxIO
import TestSupport
import Testing

@Suite(.waitingFirst) struct TimeoutTests {
  private func milliseconds(since start: UInt64) -> Int {
    Int((Clock.now() - start) / 1_000_000)
  }

  @Test func `a head that does not come to its end is 408`() throws {
    let stage = try Stage(replicas: 1, sections: "[timeouts]\nclient_header = 300ms\n")
    let connection = try stage.connect()
    try connection.send("GET /getInfo HTTP/1.1\r\nHost:")
    let start = Clock.now()
    #expect(try connection.answer().status == 408)
    #expect(milliseconds(since: start) >= 250)
    #expect(try connection.isOver())
  }

  @Test func `a head that drips in is 408 all the same`() throws {
    let stage = try Stage(replicas: 1, sections: "[timeouts]\nclient_header = 300ms\n")
    let connection = try stage.connect()
    try connection.send("GET /getInfo HTTP/1.1\r\nHost: test\r\n")
    try eventually("408 in spite of the drip", within: 30) {
      guard connection.isSilent(milliseconds: 20) else { return true }
      try connection.send("X: 1\r\n")
      return false
    }
    #expect(try connection.answer().status == 408)
  }

  @Test func `a body that stops coming ends`() throws {
    let stage = try Stage(replicas: 1, sections: "[timeouts]\nidle = 300ms\n")
    let connection = try stage.connect()
    try connection.send("POST /getInfo HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhalf")
    let answer = try? connection.answer()
    #expect(answer == nil || answer?.status == 408)
    _ = try connection.takeRest()
    try stage.awaitPool("nothing is in flight") { $0[0].active == 0 }
  }

  @Test func `an idle connection is closed without a word`() throws {
    let stage = try Stage(replicas: 1, sections: "[timeouts]\nclient_idle = 300ms\n")
    let connection = try stage.connect()
    #expect(try connection.get("/getInfo").status == 200)
    let start = Clock.now()
    #expect(try connection.isOver() && connection.end == .ended)
    #expect(250..<3000 ~= milliseconds(since: start))
  }

  @Test func `a tunnel in which nothing moves ends after its own time, and no sooner`() throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send("HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
      while true { try connection.send(try connection.take(4)) }
    }
    let stage = try Stage(
      scripted: [replica],
      sections: "[timeouts]\nidle = 200ms\nresponse = 5s\ntunnel_idle = 1500ms\n")
    let tunnel = try stage.connect()
    try tunnel.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
    #expect(try tunnel.answerHead().status == 101)
    // Longer than `idle`, and with what moves in between longer than the tunnel's time.
    var last = Clock.now()
    for _ in 0..<4 {
      Clock.sleep(milliseconds: 500)
      last = Clock.now()
      try tunnel.send("ping")
      #expect(try tunnel.take(4) == Array("ping".utf8))
    }
    _ = try tunnel.takeRest()
    #expect(milliseconds(since: last) >= 1400)
    try stage.awaitPool("nothing is in flight") { $0[0].active == 0 }
  }

  @Test func `what is in flight has the times that a reload sets`() throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send("HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
      while true { try connection.send(try connection.take(4)) }
    }
    let stage = try Stage(scripted: [replica], sections: "[timeouts]\ntunnel_idle = 1h\n")
    let tunnel = try stage.connect()
    try tunnel.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
    #expect(try tunnel.answerHead().status == 101)
    try stage.writeConf(
      ports: [replica.port], health: Stage.noProbes,
      sections: "[timeouts]\ntunnel_idle = 300ms\n")
    #expect(try stage.lbctl("reload").status == 0)
    // The time that is running is the former one: the next byte begins another.
    try tunnel.send("ping")
    #expect(try tunnel.take(4) == Array("ping".utf8))
    _ = try tunnel.takeRest()
  }

  @Test func `a connection that never says a word is closed`() throws {
    let stage = try Stage(
      replicas: 1, sections: "[timeouts]\nclient_header = 300ms\nclient_idle = 300ms\n")
    let connection = try stage.connect()
    _ = try connection.takeRest()
  }

  @Test func `a replica that does not answer in time is 504, and nobody else is asked`() throws {
    let silent: ScriptedReplica.Script = { _, connection in
      _ = try connection.takeRest()
      return .close
    }
    let replicas = try [ScriptedReplica(silent), ScriptedReplica(silent)]
    let stage = try Stage(scripted: replicas, sections: "[timeouts]\nresponse = 300ms\n")
    let connection = try stage.connect()
    let start = Clock.now()
    let answer = try connection.get("/")
    #expect(answer.status == 504)
    #expect(answer.text == #"{"detail":"the replica did not answer in time"}"#)
    #expect(250..<3000 ~= milliseconds(since: start))
    #expect(replicas.map(\.requests.count).reduce(0, +) == 1)
  }

  @Test func `a replica that neither continues nor refuses in time is 504`() throws {
    let replica = try ScriptedReplica { _, connection in
      _ = try connection.takeRest()
      return .close
    }
    let stage = try Stage(
      scripted: [replica], sections: "[timeouts]\nresponse = 300ms\nidle = 5s\n")
    let connection = try stage.connect()
    try connection.send(
      "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
    #expect(try connection.answer().status == 504)
  }

  /// A stage whose replica says something of a request with an expectation and then nothing more.
  private func stage(
    saying text: String, response: String, idle: String
  ) throws -> (Stage, ScriptedReplica) {
    let replica = try ScriptedReplica { _, connection in
      try connection.send(text)
      _ = try connection.takeRest()
      return .close
    }
    let stage = try Stage(
      scripted: [replica],
      sections: "[timeouts]\nresponse = \(response)\nidle = \(idle)\n")
    return (stage, replica)
  }

  private static let expecting =
    "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n"
    + "Expect: 100-continue\r\n\r\n"
  private static let goOn = "HTTP/1.1 100 Continue\r\n\r\n"

  @Test(arguments: [
    expecting + "5\r\nhello\r\n0\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n",
  ])
  func `a 100 to a request that is there ends no time for its response`(_ request: String) throws {
    let (stage, replica) = try stage(saying: Self.goOn, response: "300ms", idle: "60s")
    let connection = try stage.connect()
    try connection.send(request)
    #expect(try connection.answer().status == 504 && replica.requests.count == 1)
  }

  @Test func `a 103 is no 100`() throws {
    let (stage, replica) = try stage(
      saying: "HTTP/1.1 103 Early Hints\r\n\r\n", response: "600ms", idle: "200ms")
    let connection = try stage.connect()
    try connection.send(Self.expecting)
    #expect(try connection.answer().status == 504 && replica.requests.count == 1)
  }

  @Test(arguments: [("", "5\r\nhel"), ("", ""), (goOn, ""), (goOn, "5\r\nhel")])
  func `who began a body, or was told to, and goes silent is told 408`(
    _ said: String, _ begun: String
  ) throws {
    let (stage, replica) = try stage(saying: said, response: "300ms", idle: "600ms")
    let connection = try stage.connect()
    try connection.send(Self.expecting + begun)
    let isReplicasTurn = said.isEmpty && begun.isEmpty
    #expect(try connection.answer().status == (isReplicasTurn ? 504 : 408))
    #expect(replica.requests.count == 1)
  }

  @Test func `interim responses keep no stalled body alive`() throws {
    let replica = try ScriptedReplica { _, connection in
      for _ in 0..<100 {
        try connection.send("HTTP/1.1 102 Processing\r\n\r\n")
        Clock.sleep(milliseconds: 50)
      }
      return .close
    }
    let stage = try Stage(
      scripted: [replica], sections: "[timeouts]\nresponse = 60s\nidle = 300ms\n")
    let connection = try stage.connect()
    try connection.send(
      "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel")
    #expect(try connection.answer().status == 408)
  }

  @Test func `a client that takes a final answer slowly, in place of a 100, gets all of it`() throws
  {
    let size = 8_000_000
    let replica = try ScriptedReplica { _, connection in
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
      try connection.send([UInt8](repeating: 0x78, count: size))
      return .close
    }
    let stage = try Stage(
      scripted: [replica], sections: "[timeouts]\nresponse = 300ms\nidle = 2s\n")
    let connection = try stage.connect()
    try connection.send(Self.expecting)
    #expect(try connection.answerHead().status == 200)
    // Longer than a response may take to begin.
    for _ in 0..<10 {
      _ = try connection.take(100_000)
      Clock.sleep(milliseconds: 60)
    }
    #expect(try connection.take(size - 1_000_000).count == size - 1_000_000)
  }

  @Test func `a client that takes a response slowly beside its upload is cut by no replica's time`()
    throws
  {
    let size = 8_000_000
    let replica = try ScriptedReplica { _, connection in
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
      try connection.send([UInt8](repeating: 0x78, count: size))
      _ = try connection.takeRest()
      return .close
    }
    let stage = try Stage(scripted: [replica], sections: "[timeouts]\nidle = 500ms\n")
    let connection = try stage.connect()
    try connection.send(
      "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n")
    #expect(try connection.answerHead().status == 200)
    try connection.send("0\r\n\r\n")
    for _ in 0..<15 {
      _ = try connection.take(200_000)
      Clock.sleep(milliseconds: 70)
    }
    #expect(try connection.take(size - 3_000_000).count == size - 3_000_000)
  }

  @Test func `interim responses without end do not extend the time for a response`() throws {
    let replica = try ScriptedReplica { _, connection in
      while (try? connection.send("HTTP/1.1 103 Early Hints\r\nX: \(Self.long)\r\n\r\n")) != nil {}
      return .close
    }
    let stage = try Stage(
      scripted: [replica], sections: "[timeouts]\nresponse = 500ms\nidle = 60s\n")
    let connection = try stage.connect()
    try connection.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
    // More of them than may come are a broken response, whatever time there is.
    var answer = try connection.answerHead()
    while answer.status < 200 { answer = try connection.answerHead() }
    #expect(answer.status == 502 || answer.status == 504)
  }

  private static let long = String(repeating: "x", count: 4000)

  @Test func `the time for a response begins anew when its head has come`() throws {
    let stage = try Stage(replicas: 1, sections: "[timeouts]\nresponse = 300ms\n")
    let answer = try stage.connect().get("/stream?chunks=4&interval=150ms")
    #expect(answer.text == "chunk 1\nchunk 2\nchunk 3\nchunk 4\n")
  }

  @Test func `a response that stops coming is cut`() throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
      _ = try connection.takeRest()
      return .close
    }
    let stage = try Stage(scripted: [replica], sections: "[timeouts]\nidle = 300ms\n")
    let connection = try stage.connect()
    try connection.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
    #expect(try connection.answerHead().status == 200)
    _ = try connection.takeRest()
    try stage.awaitPool("nothing is in flight") { $0[0].active == 0 }
  }
}
