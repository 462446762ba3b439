// Every way in which a message's end is told passes through lbd as it is.

import ControlProtocol
import LinuxIO
import Testing

@Suite(.waiting) struct BodyTests {
  @Test func `HEAD has the length of the body and no body`() throws {
    let stage = try Stage(replicas: 1)
    let connection = try stage.connect()
    try connection.send("HEAD /bytes/1000 HTTP/1.1\r\nHost: test\r\n\r\n")
    let head = try connection.answer(toHead: true)
    #expect(head.status == 200 && head["content-length"] == "1000")
    #expect(try connection.get("/getInfo").status == 200)
  }

  @Test(arguments: [204, 304])
  func `204 and 304 have no body and the connection goes on`(_ status: Int) throws {
    let stage = try Stage(replicas: 1)
    let connection = try stage.connect()
    #expect(try connection.get("/status/\(status)").status == status)
    #expect(try connection.get("/getInfo").port == stage.names[0])
  }

  @Test func `304 that states the length of what it stands for has no body all the same`() throws {
    let replica = try ScriptedReplica { request, connection in
      let isFirst = request.hasPrefix("GET /first")
      try connection.send(
        "HTTP/1.1 \(isFirst ? "304 Not Modified" : "200 OK")\r\nContent-Length: 2\r\n\r\n")
      if !isFirst { try connection.send("ok") }
      return .keep
    }
    let stage = try Stage(scripted: [replica], lbd: "workers = 1")
    let connection = try stage.connect()
    #expect(try connection.get("/first").status == 304)
    #expect(try connection.get("/second").text == "ok")
    // A server that sent the body all the same would have it taken for the second answer.
    #expect(replica.connections == 2)
  }

  @Test func `a chunked response passes chunk by chunk as it comes`() throws {
    let gate = Gate()
    let replica = try ScriptedReplica { _, connection in
      try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
      try gate.wait()
      try connection.send("6;note=x\r\nsecond\r\n0\r\nX-Sum: 1\r\n\r\n")
      return .keep
    }
    let stage = try Stage(scripted: [replica])
    let connection = try stage.connect()
    try connection.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
    #expect(try connection.answerHead()["transfer-encoding"] == "chunked")
    #expect(try connection.chunk() == Array("first".utf8))
    gate.open()
    #expect(try connection.chunk() == Array("second".utf8))
    #expect(try connection.chunk() == nil)
    #expect(try connection.get("/").text == "firstsecond")
    #expect(replica.requests.count == 2)
  }

  @Test func `a chunked request arrives whole however it was cut`() throws {
    let stage = try Stage(replicas: 1)
    let connection = try stage.connect()
    try connection.send(
      "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n4\r")
    for piece in ["\nab", "cd\r\n", "10;x=y\r\n0123456789abcdef\r\n0\r", "\nT: 1\r\n", "\r\n"] {
      try connection.send(piece)
      // Each in a segment of its own, which is the only thing that this pause is for.
      Clock.sleep(milliseconds: 5)
    }
    let answer = try connection.answer()
    #expect(answer.status == 200 && answer.text.hasSuffix("\r\n\r\nabcd0123456789abcdef"))
  }

  @Test(arguments: ["HTTP/1.1", "HTTP/1.0"], [[], ["all of it"], ["in ", "two, ", "no, three"]])
  func `a body that ends with its connection goes on in chunks, and the client with it`(
    _ version: String, _ pieces: [String]
  ) throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send("\(version) 200 OK\r\n\r\n")
      for piece in pieces {
        try connection.send(piece)
        // Each in a segment of its own, which is the only thing that this pause is for.
        Clock.sleep(milliseconds: 5)
      }
      return .close
    }
    let stage = try Stage(scripted: [replica])
    let connection = try stage.connect()
    for _ in 0..<3 {
      let answer = try connection.get("/")
      #expect(answer.text == pieces.joined() && answer["transfer-encoding"] == "chunked")
      #expect(answer["connection"] == nil && answer["content-length"] == nil)
    }
    #expect(connection.end == nil && replica.connections == 3)
  }

  @Test func `a long body that ends with its connection is whole at the client`() throws {
    let body = (0..<200_000).map { "\($0 % 10)" }.joined()
    let replica = try ScriptedReplica { _, connection in
      try connection.send("HTTP/1.1 200 OK\r\n\r\n" + body)
      return .close
    }
    let stage = try Stage(scripted: [replica])
    let connection = try stage.connect()
    for _ in 0..<3 { #expect(try connection.get("/").text == body) }
  }

  @Test func `a body that ends with its connection ends an HTTP 1.0 client's`() throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send("HTTP/1.1 200 OK\r\n\r\nall of it")
      return .close
    }
    let stage = try Stage(scripted: [replica])
    let connection = try stage.connect()
    try connection.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    let answer = try connection.answer()
    #expect(answer.text == "all of it" && connection.end == .ended)
    #expect(answer["connection"] == "close" && answer["transfer-encoding"] == nil)
  }

  @Test(arguments: ["", "some of it"])
  func `a body that ends with a reset is cut for the client`(_ body: String) throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send("HTTP/1.1 200 OK\r\n\r\n" + body)
      // The reset must not overtake what was sent.
      Clock.sleep(milliseconds: 100)
      return .reset
    }
    let stage = try Stage(scripted: [replica])
    let connection = try stage.connect()
    // The last chunk is missing.
    #expect(throws: (any Error).self) { try connection.get("/") }
    #expect(connection.end == .ended)
  }

  @Test func `a client that pipelines gets the last answer whole before the end`() throws {
    let body = String(repeating: "x", count: 300_000)
    let replica = try ScriptedReplica { _, connection in
      try connection.send("HTTP/1.1 200 OK\r\n\r\n" + body)
      return .close
    }
    let stage = try Stage(scripted: [replica])
    let connection = try stage.connect()
    try connection.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    _ = try connection.answerHead()
    try stage.awaitPool("lbd has handed it all to the kernel") {
      $0[0].requests == 1 && $0[0].active == 0
    }
    // A close at once would be a reset now, which overtakes what was not read yet.
    try connection.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
    #expect(try connection.takeRest().count == body.utf8.count)
    #expect(connection.end == .ended)
  }

  @Test(arguments: [
    "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhalf",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
  ])
  func `a response that breaks off is cut for the client too`(_ text: String) throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send(text)
      return .close
    }
    let stage = try Stage(scripted: [replica])
    let connection = try stage.connect()
    #expect(throws: (any Error).self) { try connection.get("/") }
    // What came of it was delivered; what is missing shows that it is not whole.
    #expect(connection.end == .ended)
    #expect(replica.requests.count == 1)
  }

  @Test func `chunks that are none are 502 before the first byte and a cut after it`() throws {
    let gate = Gate()
    let replica = try ScriptedReplica { request, connection in
      let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      if request.hasPrefix("GET /late") {
        try connection.send(head + "4\r\nhalf\r\n")
        try gate.wait()
        try connection.send("no size\r\n")
      } else {
        try connection.send(head + "no size\r\n")
      }
      return .keep
    }
    let stage = try Stage(scripted: [replica])
    #expect(try stage.connect().get("/early").status == 502)
    let connection = try stage.connect()
    try connection.send("GET /late HTTP/1.1\r\nHost: test\r\n\r\n")
    #expect(try connection.answerHead().status == 200)
    #expect(try connection.chunk() == Array("half".utf8))
    gate.open()
    #expect(throws: (any Error).self) { try connection.chunk() }
    #expect(connection.end != nil)
  }

  @Test func `a client of HTTP 1.0 gets a whole answer and the end`() throws {
    let stage = try Stage(replicas: 1)
    let connection = try stage.connect()
    try connection.send("GET /getInfo HTTP/1.0\r\n\r\n")
    let answer = try connection.answer()
    #expect(answer.port == stage.names[0] && answer["connection"] == "close")
    #expect(try connection.isOver())
  }

  @Test func `a client of HTTP 1.0 that asks to keep the connection does`() throws {
    let stage = try Stage(replicas: 1)
    let connection = try stage.connect()
    for _ in 0..<2 {
      try connection.send("GET /getInfo HTTP/1.0\r\nHost: test\r\nConnection: keep-alive\r\n\r\n")
      let answer = try connection.answer()
      #expect(answer.status == 200 && answer["connection"]?.lowercased() == "keep-alive")
    }
  }

  @Test func `a client of HTTP 1.0 is given no chunks`() throws {
    let stage = try Stage(replicas: 1)
    let connection = try stage.connect()
    try connection.send("GET /stream?chunks=3 HTTP/1.0\r\n\r\n")
    let answer = try connection.answer()
    #expect(answer["transfer-encoding"] == nil)
    #expect(answer.text == "chunk 1\nchunk 2\nchunk 3\n" && connection.end == .ended)
  }

  @Test func `a replica learns who asked, and no field that was for lbd alone`() throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nKeep-Alive: timeout=9\r\n\r\n")
      return .keep
    }
    let stage = try Stage(scripted: [replica])
    let answer = try stage.connect().get(
      "/a?b=c", "Connection: X-Mine, keep-alive\r\nX-Mine: 1\r\nX-Theirs: 2\r\n")
    #expect(answer["keep-alive"] == nil)
    let request = try #require(replica.requests.first)
    #expect(request.hasPrefix("GET /a?b=c HTTP/1.1\r\n"))
    let lines = request.lowercased()
    for field in [
      "host: test", "x-theirs: 2", "x-forwarded-for: 127.0.0.1", "x-forwarded-proto: http",
      "x-forwarded-host: test", "via: 1.1 ", "x-request-id: ",
    ] {
      #expect(lines.contains("\r\n\(field)"), "\(field) in \(request)")
    }
    #expect(!lines.contains("x-mine") && !lines.contains("\r\nconnection: x-mine"))
  }

  @Test func `a field that only looks like one of lbd's own reaches no replica`() throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
      return .keep
    }
    let stage = try Stage(scripted: [replica])
    // CGI and WSGI read `_` as `-`.
    let names = [
      "X_Forwarded_For", "x-forwarded_for", "X_Forwarded-Proto", "X_FORWARDED_HOST",
      "X_Request_Id", "Content_Length", "Transfer_Encoding",
    ]
    let answer = try stage.connect().get(
      "/", names.map { "\($0): forged\r\n" }.joined() + "X_Mine: kept\r\n")
    #expect(answer.status == 200)
    let request = try #require(replica.requests.first)
    #expect(!request.contains("forged") && request.contains("\r\nX_Mine: kept\r\n"), "\(request)")
  }
}
