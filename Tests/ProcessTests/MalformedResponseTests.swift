// What is no response is 502, whatever it looks like, and nothing of it is passed on or used again.

import ControlProtocol
import TestSupport
import Testing

@Suite(.waiting) struct MalformedResponseTests {
  private static let ok = "HTTP/1.1 200 OK\r\n"

  /// Nothing but the first test of each of these decides: none begins well.
  static let cases: [String] = [
    // RFC 9112 §4: the status line.
    "\r\n\(ok)Content-Length: 0\r\n\r\n", "\(ok.dropLast(2))\nContent-Length: 0\n\n",
    "HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 0200 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 999 X\r\nContent-Length: 0\r\n\r\n", "http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "ICY 200 OK\r\n\r\n", "<html>", "SSH-2.0-OpenSSH_9.2\r\n",
    // §5: field lines.
    "\(ok)Content-Length : 1\r\nContent-Length: 1\r\n\r\nx",
    "\(ok)Transfer-Encoding : chunked\r\nContent-Length: 1\r\n\r\nx",
    "\(ok)X: a\r\n b\r\nContent-Length: 0\r\n\r\n",
    "\(ok) X: a\r\nContent-Length: 0\r\n\r\n", "\(ok)X: a\u{0}b\r\nContent-Length: 0\r\n\r\n",
    "\(ok)X: a\rY: b\r\nContent-Length: 0\r\n\r\n", "\(ok)X\r\nContent-Length: 0\r\n\r\n",
    "\(ok): x\r\nContent-Length: 0\r\n\r\n", "\(ok)X: a\nContent-Length: 0\r\n\r\n",
    // §6.3: where the body ends.
    "\(ok)Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", "\(ok)Content-Length: 1, 1\r\n\r\nx",
    "\(ok)Content-Length: +1\r\n\r\nx", "\(ok)Content-Length: 0x1\r\n\r\nx",
    "\(ok)Content-Length: -1\r\n\r\nx", "\(ok)Content-Length:\r\n\r\n",
    "\(ok)Content-Length: 99999999999999999999\r\n\r\nx",
    "\(ok)Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "\(ok)Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "\(ok)Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "\(ok)Transfer-Encoding: identity\r\n\r\n", "\(ok)Transfer-Encoding: xchunked\r\n\r\n",
    "\(ok)Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    // §7.1: chunks.
    "\(ok)Transfer-Encoding: chunked\r\n\r\n-1\r\n",
    "\(ok)Transfer-Encoding: chunked\r\n\r\n0x1\r\n",
    "\(ok)Transfer-Encoding: chunked\r\n\r\n1 \r\nx\r\n0\r\n\r\n",
    "\(ok)Transfer-Encoding: chunked\r\n\r\n1\nx\n0\n\n",
    "\(ok)Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n",
    "\(ok)Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nx",
    "\(ok)Transfer-Encoding: chunked\r\n\r\n0\r\nX y: z\r\n\r\n",
    // An interim response that is none, and one behind which nothing comes.
    "HTTP/1.1 100 Continue\r\nX y: z\r\n\r\n\(ok)Content-Length: 0\r\n\r\n",
    "HTTP/1.1 100 Continue\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
  ]

  @Test func `each is 502, its connection ends, and its replica stays`() throws {
    let next = Notes<Int>()
    let replica = try ScriptedReplica { request, connection in
      guard let index = request.firstMatch(of: #/^GET /(\d+) /#).flatMap({ Int($0.1) }) else {
        try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        return .keep
      }
      try connection.send(Self.cases[index])
      // lbd ends the connection: were it used again, this would be the next request's end.
      _ = try connection.takeRest()
      next.add(index)
      return .close
    }
    let stage = try Stage(scripted: [replica], lbd: "workers = 1")
    let connection = try stage.connect()
    for (index, bytes) in Self.cases.enumerated() {
      let name = String(bytes.prefix(80)).debugDescription
      let answer = try connection.get("/\(index)")
      #expect(answer.status == 502 && answer["connection"] == nil, "\(name)")
      #expect(answer.text.wholeMatch(of: /\{"detail":"[^"]+"\}/) != nil, "\(name)")
      #expect(try connection.get("/").text == "ok", "\(name)")
    }
    try eventually("lbd has ended each") { next.all.count == Self.cases.count }
    try stage.awaitPool("it is still up") { $0[0].state == .up && $0[0].active == 0 }
  }

  @Test(arguments: [
    (
      "HTTP/1.1 999 X\r\nContent-Length: 0\r\n\r\n",
      "the response's status 999 is none of 100 to 599"
    ),
    (
      ok + String(repeating: "A: b\r\n", count: 101) + "\r\n",
      "the response has more fields than [limits] fields allows (100)"
    ),
    ("HTTP/1.1 2 OK\r\n\r\n", "the response's status line is malformed"),
    ("HTTP/2.0 200 OK\r\n\r\n", "the response's version is neither HTTP/1.0 nor HTTP/1.1"),
    (ok + "X: a\r\n b\r\n\r\n", "a field line of the response is malformed"),
    (
      ok + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      "the response's length is given in two ways"
    ),
    (ok + "Content-Length: 1, 1\r\n\r\nx", "the response's Content-Length is malformed"),
    (
      ok + "Transfer-Encoding: gzip, chunked\r\n\r\n",
      "the response's Transfer-Encoding is not chunked alone"
    ),
    (
      ok + "X: \(String(repeating: "x", count: 17_000))\r\n\r\n",
      "the response head is longer than [limits] header allows (16384)"
    ),
  ])
  func `its cause says which rule or limit it met`(_ bytes: String, _ cause: String) throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send(bytes)
      return .close
    }
    let stage = try Stage.withAccessLog(scripted: [replica])
    #expect(try stage.connect().get("/").status == 502)
    #expect(try stage.awaitAccessLines(1)[0].text("cause") == "protocol: " + cause)
    try eventually("the log says so, too") { stage.lbd?.error.contains(cause) == true }
  }

  @Test func `white space before a colon is removed on the way to the client (RFC 9112 §5.1)`()
    throws
  {
    let replica = try ScriptedReplica { request, connection in
      try connection.send(
        request.hasPrefix("GET /chunks ")
          ? "\(Self.ok)Transfer-Encoding : chunked\r\nX-A\t:b\r\n\r\n2\r\nok\r\n0\r\nX-Sum : 1\r\n\r\n"
          : "\(Self.ok)Content-Length \t: 2\r\nX-A : b\r\n\r\nok")
      return .keep
    }
    let stage = try Stage(scripted: [replica], lbd: "workers = 1")
    let connection = try stage.connect()
    for _ in 0..<2 {
      let answer = try connection.get("/")
      #expect(answer.text == "ok" && answer["x-a"] == "b" && answer["content-length"] == "2")
      try connection.send("GET /chunks HTTP/1.1\r\nHost: test\r\n\r\n")
      let text = try connection.take(until: "\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n")
      #expect(text.contains("\r\nX-A: b\r\n") && !text.contains(" :"))
    }
    #expect(replica.connections == 1)
  }
}
