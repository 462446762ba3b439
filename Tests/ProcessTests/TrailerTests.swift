// Fields behind a chunked body, both ways, byte for byte (RFC 9112 §7.1.2, RFC 9110 §6.5.1).

import LinuxIO
import TestSupport
import Testing

@Suite(.waiting) struct TrailerTests {
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
  private static let post =
    "POST / HTTP/1.1\r\nHost: test\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n"

  /// What comes behind a request's head, up to the end of its trailers.
  private static func body(_ connection: Connection) throws -> String {
    var text = ""
    while !text.hasSuffix("0\r\n") { text += try connection.take(until: "\r\n") + "\r\n" }
    while !text.hasSuffix("\r\n\r\n") { text += try connection.take(until: "\r\n") + "\r\n" }
    return text
  }

  @Test(arguments: [
    "3\r\nabc\r\n0\r\nX-Sum: 7\r\nx-a:b\r\n\r\n",
    "3;e=1\r\nabc\r\n0;l\r\nHost: evil\r\nX-Sum: \t7 \r\nContent-Length: 99\r\nx-a:b\r\n\r\n",
  ])
  func `a request's trailers reach the replica, but for those that a head alone may state`(
    _ body: String
  ) throws {
    let bodies = Notes<String>()
    let replica = try ScriptedReplica { _, connection in
      bodies.add(try Self.body(connection))
      try connection.send(Self.ok)
      return .keep
    }
    let stage = try Stage(scripted: [replica], lbd: "workers = 1")
    let connection = try stage.connect()
    try connection.send(Self.post + body)
    #expect(try connection.answer().text == "ok")
    // The same in pieces, and the next request at once behind the last of them.
    let bytes = Array((Self.post + body + Self.post + body).utf8)
    for start in stride(from: 0, to: bytes.count, by: 7) {
      try connection.send(Array(bytes[start..<min(start + 7, bytes.count)]))
      Clock.sleep(milliseconds: 1)
    }
    for _ in 0..<2 { #expect(try connection.answer().text == "ok") }
    let expected = "3\r\nabc\r\n0\r\nX-Sum: 7\r\nx-a:b\r\n\r\n"
    #expect(bodies.all == [expected, expected, expected])
    #expect(replica.requests.allSatisfy { $0.contains("\r\nTrailer: X-Sum\r\n") })
  }

  @Test func `a response's trailers reach the client in the same way`() throws {
    let body =
      "3\r\nabc\r\n0\r\nX-Sum: 7\r\nSet-Cookie: a=b\r\nTransfer-Encoding: x\r\nx-a: b\r\n\r\n"
    let replica = try ScriptedReplica { request, connection in
      let head = "HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n"
      guard request.hasPrefix("GET /slow ") else {
        try connection.send(head + body)
        return .keep
      }
      for byte in Array((head + body).utf8) {
        try connection.send([byte])
        Clock.sleep(milliseconds: 1)
      }
      return .keep
    }
    let stage = try Stage(scripted: [replica], lbd: "workers = 1")
    let connection = try stage.connect()
    for path in ["/", "/slow", "/"] {
      try connection.send("GET \(path) HTTP/1.1\r\nHost: test\r\n\r\n")
      let head = try connection.answerHead()
      #expect(head["trailer"] == "X-Sum")
      // Sizes differ only by how the bytes came.
      var data = ""
      while case let line = try connection.take(until: "\r\n"), line != "0" {
        guard let size = Int(line, radix: 16) else { throw TestFailure(line) }
        data += String(decoding: try connection.take(size + 2).dropLast(2), as: UTF8.self)
      }
      #expect(data == "abc")
      #expect(try connection.take(until: "\r\n\r\n") == "X-Sum: 7\r\nx-a: b")
    }
    #expect(replica.connections == 1)
  }

  @Test func `none pass where Connection lists fields, which may be meant (RFC 9110 §7.6.1)`()
    throws
  {
    let bodies = Notes<String>()
    let replica = try ScriptedReplica { _, connection in
      bodies.add(try Self.body(connection))
      try connection.send(
        "HTTP/1.1 200 OK\r\nConnection: x-hop\r\nTransfer-Encoding: chunked\r\n\r\n"
          + "0\r\nX-Hop: secret\r\n\r\n")
      return .keep
    }
    let stage = try Stage(scripted: [replica])
    let connection = try stage.connect()
    for option in ["x-hop", "TE"] {
      try connection.send(
        Self.post.replacing("Trailer: X-Sum", with: "TE: trailers\r\nConnection: \(option)")
          + "0\r\nX-Hop: 1\r\n\r\n")
      #expect(try connection.answerHead().status == 200)
      #expect(try connection.take(until: "\r\n\r\n") == "0")
    }
    #expect(bodies.all == ["0\r\n\r\n", "0\r\nX-Hop: 1\r\n\r\n"])
  }

  @Test func `an HTTP 1.0 client gets the data alone`() throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send(
        "HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n"
          + "3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n")
      return .keep
    }
    let stage = try Stage(scripted: [replica])
    let connection = try stage.connect()
    try connection.send("GET / HTTP/1.0\r\n\r\n")
    let head = try connection.answerHead()
    #expect(head["trailer"] == nil && head["transfer-encoding"] == nil)
    #expect(try connection.takeRest() == Array("abc".utf8))
  }

  @Test(arguments: [
    "X-Sum : 7\r\n\r\n", " X-Sum: 7\r\n\r\n", "X: \u{0}\r\n\r\n", "X: 7\n\n", "\r\r\n",
  ])
  func `a malformed trailer is refused, and the replica never has a whole request`(
    _ trailer: String
  ) throws {
    let ends = Counter()
    let replica = try ScriptedReplica { _, connection in
      if (try? Self.body(connection)) != nil { ends.add() }
      return .close
    }
    let stage = try Stage(scripted: [replica])
    let connection = try stage.connect()
    try connection.send(Self.post + "3\r\nabc\r\n0\r\n" + trailer)
    #expect(try connection.answer().status == 400)
    #expect(try connection.takeRest().isEmpty && ends.value == 0)
  }
}
