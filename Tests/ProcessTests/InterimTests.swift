// What comes before a final response, and what takes its place: 1xx, 100-continue, Upgrade.

import ControlProtocol
import LinuxIO
import TestSupport
import Testing

@Suite(.waiting) struct InterimTests {
  @Test func `interim responses reach the client before the final one`() throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send(
        "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
          + "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      return .keep
    }
    let stage = try Stage(scripted: [replica])
    let connection = try stage.connect()
    try connection.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
    let hints = try connection.answerHead()
    #expect(hints.status == 103 && hints["link"] == "</a.css>")
    #expect(try connection.answerHead().status == 102)
    #expect(try connection.answer().text == "ok")
    #expect(try connection.get("/").text == "ok")
  }

  @Test(arguments: [(16, 100), (16, 12_000)])
  func `sixteen interim responses at once are passed on`(_ count: Int, _ length: Int) throws {
    let replica = try ScriptedReplica { _, connection in
      let field = String(repeating: "x", count: length)
      let interim = "HTTP/1.1 103 Early Hints\r\nX: \(field)\r\n\r\n"
      try connection.send(
        String(repeating: interim, count: count) + "HTTP/1.1 200 OK\r\nX: \(field)\r\n"
          + "Content-Length: 2\r\n\r\nok")
      return .keep
    }
    let stage = try Stage(scripted: [replica])
    let connection = try stage.connect()
    try connection.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
    for _ in 0..<count {
      let hints = try connection.answerHead()
      guard hints.status == 103 && hints["x"]?.count == length else {
        Issue.record("\(hints)")
        return
      }
    }
    #expect(try connection.answer().text == "ok")
    #expect(try connection.get("/").text == "ok")
  }

  @Test(arguments: ["HTTP/1.1 100\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"])
  func `more interim responses than an application sends are a broken response`(
    _ interim: String
  ) throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send(
        String(repeating: interim, count: 2000)
          + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      return .close
    }
    let stage = try Stage(scripted: [replica], health: Stage.noProbes)
    let connection = try stage.connect()
    try connection.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n")
    var count = 0
    var answer = try connection.answerHead()
    while answer.status < 200 {
      count += 1
      answer = try connection.answerHead()
    }
    #expect(count == 16 && answer.status == 502)
    try eventually("the log says so") {
      stage.lbd?.error.contains("more than 16 interim responses") == true
    }
  }

  @Test func `a client of HTTP 1.0 is spared interim responses`() throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send(
        "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      return .keep
    }
    let stage = try Stage(scripted: [replica])
    let connection = try stage.connect()
    try connection.send("GET / HTTP/1.0\r\n\r\n")
    #expect(try connection.answerHead().status == 200)
  }

  @Test func `a client that waits for 100 is told so by the replica and sends its body`() throws {
    let stage = try Stage(replicas: 1)
    let connection = try stage.connect()
    try connection.send(
      "POST /getInfo HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
    #expect(try connection.answerHead().status == 100)
    try connection.send("body")
    #expect(try connection.answer().port == stage.names[0])
    #expect(try connection.get("/getInfo").status == 200)
  }

  @Test func `a replica that refuses instead of continuing is heard`() throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
      return .close
    }
    let stage = try Stage(scripted: [replica])
    let connection = try stage.connect()
    try connection.send(
      "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n")
    let answer = try connection.answer()
    #expect(answer.status == 403 && answer.text == "no")
    // Its body never came, so nothing more can be read from it.
    #expect(answer["connection"] == "close")
    #expect(try connection.isOver())
  }

  // MARK: Upgrade

  /// A frame of text as a client sends it (RFC 6455 §5.2), shorter than 126 bytes.
  private func frame(_ text: String) -> [UInt8] {
    let mask: [UInt8] = [1, 2, 3, 4]
    let bytes = text.utf8.enumerated().map { $1 ^ mask[$0 % 4] }
    return [0x81, 0x80 | UInt8(bytes.count)] + mask + bytes
  }

  private let handshake =
    "GET /ws HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

  @Test func `a WebSocket works through lbd`() throws {
    let stage = try Stage(replicas: 1, sections: "[timeouts]\nclient_idle = 200ms\n")
    let connection = try stage.connect()
    // The first frame comes with the handshake.
    try connection.send(Array(handshake.utf8) + frame("hello"))
    let head = try connection.answerHead()
    #expect(head.status == 101 && head["upgrade"]?.lowercased() == "websocket")
    #expect(head["connection"]?.lowercased() == "upgrade")
    #expect(head["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    #expect(try connection.take(7) == [0x81, 5] + Array("hello".utf8))
    // Silence for longer than a client may be idle between requests ends nothing.
    #expect(connection.isSilent(milliseconds: 400))
    for number in 0..<50 {
      let text = "message \(number)"
      try connection.send(frame(text))
      #expect(
        try connection.take(2 + text.utf8.count) == [0x81, UInt8(text.utf8.count)]
          + Array(text.utf8))
    }
    #expect(try stage.replica(stage.ports[0]).active == 1)
    // A close frame ends both sides.
    try connection.send([0x88, 0x80, 0, 0, 0, 0])
    #expect(try connection.take(2) == [0x88, 0])
    connection.endSending()
    #expect(try connection.isOver())
    try stage.awaitPool("nothing is in flight") { $0[0].active == 0 }
  }

  @Test func `a WebSocket whose client vanishes is let go`() throws {
    let stage = try Stage(replicas: 1)
    do {
      let connection = try stage.connect()
      try connection.send(handshake)
      #expect(try connection.answerHead().status == 101)
      try stage.awaitPool("it is in flight") { $0[0].active == 1 }
      connection.resetOnClose()
    }
    try stage.awaitPool("nothing is in flight") { $0[0].active == 0 }
  }

  @Test func `an interim response with a body is a broken response`() throws {
    let replica = try ScriptedReplica { _, connection in
      let body = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
      try connection.send(
        "HTTP/1.1 103 Early Hints\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
      return .keep
    }
    let stage = try Stage(scripted: [replica], lbd: "workers = 1", health: Stage.noProbes)
    for _ in 0..<3 { #expect(try stage.connect().get("/").status == 502) }
  }

  @Test func `a tunnel whose replica ended first brings it all that the client sends`() throws {
    let (bytes, count) = ([UInt8](repeating: 0x7A, count: 1 << 20), Counter())
    let replica = try ScriptedReplica { _, connection in
      try connection.send(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
      connection.endSending()
      for _ in 0..<16 {
        _ = try connection.take(bytes.count)
        count.add()
        Clock.sleep(milliseconds: 20)
      }
      return .close
    }
    let stage = try Stage(scripted: [replica], lbd: "workers = 1")
    let connection = try stage.connect()
    try connection.send(handshake)
    #expect(try connection.answerHead().status == 101)
    for _ in 0..<16 { try connection.send(bytes) }
    connection.endSending()
    try eventually("all has come") { count.value == 16 }
  }

  @Test func `a tunnel whose replica ended is let go though its client sends on`() throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
      return .close
    }
    let stage = try Stage(scripted: [replica], lbd: "workers = 1")
    let connection = try stage.connect()
    try connection.send(handshake)
    #expect(try connection.answerHead().status == 101)
    let bytes = [UInt8](repeating: 0x7A, count: 100)
    try stage.awaitPool("nothing is in flight") {
      _ = connection.sendSome(bytes)
      return $0[0].active == 0
    }
  }

  @Test func `a refused upgrade is an answer like any other`() throws {
    let stage = try Stage(replicas: 1)
    let connection = try stage.connect()
    #expect(try connection.get("/getInfo", "Connection: Upgrade\r\nUpgrade: h2c\r\n").status == 200)
    #expect(try connection.get("/ws").status == 426)
    #expect(try connection.get("/getInfo").status == 200)
  }

  @Test func `an upgrade with as many fields as a request may have is one`() throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send("HTTP/1.1 101 X\r\n\(Self.accepting)\r\n")
      return .close
    }
    let stage = try Stage(scripted: [replica], sections: "[forward]\nforwarded = on\n")
    let connection = try stage.connect()
    let more = String(repeating: "A: b\r\n", count: 97)
    try connection.send("GET / HTTP/1.1\r\nHost: a\r\n\(Self.asking)\(more)\r\n")
    #expect(try connection.answerHead().status == 101)
  }

  private static let asking = "Connection: upgrade\r\nUpgrade: x\r\n"
  private static let accepting = "Upgrade: x\r\nConnection: Upgrade\r\n"

  @Test(arguments: [
    ("GET / HTTP/1.1\r\nHost: a\r\n", accepting),
    ("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\n", accepting),
    ("GET / HTTP/1.0\r\nHost: a\r\n\(asking)", accepting),
    ("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: upgrade\r\n", accepting),
    ("GET / HTTP/1.1\r\nHost: a\r\n\(asking)", "Upgrade: y\r\nConnection: Upgrade\r\n"),
    ("GET / HTTP/1.1\r\nHost: a\r\n\(asking)", "Upgrade: x, y\r\nConnection: Upgrade\r\n"),
    ("GET / HTTP/1.1\r\nHost: a\r\n\(asking)", "Connection: Upgrade\r\n"),
    ("GET / HTTP/1.1\r\nHost: a\r\n\(asking)", "Upgrade: x\r\n"),
  ])
  func `a change of protocol that nobody asked for is a broken replica`(
    _ request: String, _ fields: String
  ) throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send("HTTP/1.1 101 Switching Protocols\r\n\(fields)\r\ntunnelled")
      return .keep
    }
    let stage = try Stage(scripted: [replica])
    let connection = try stage.connect()
    try connection.send(request + "\r\n")
    #expect(try connection.answer().status == 502)
    let isOffered = replica.requests[0].contains("Upgrade: x\r\n")
    let isOffer = request.contains("1.1") && request.contains(Self.asking)
    #expect(isOffered == isOffer && !replica.requests[0].contains("h2c"))
    try stage.awaitPool("it is still up") { $0[0].state == .up }
  }
}
