// What is no request gets its 4xx or 5xx and the end of its connection; lbd goes on.

import ControlProtocol
import LinuxIO
import TestSupport
import Testing

@Suite(.waiting) struct MalformedRequestTests {
  private static let host = "Host: test\r\n"
  private static let post = "POST / HTTP/1.1\r\nHost: test\r\n"
  private static let many = (0..<150).map { "X-\($0): 1\r\n" }.joined()
  private static func long(_ count: Int) -> String { String(repeating: "a", count: count) }

  static let cases: [(status: Int, bytes: String)] = [
    (400, "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\r\n\r\n"),
    (400, "rubbish\r\n\r\n"),
    (400, "GET  / HTTP/1.1\r\n\(host)\r\n"),
    (400, "GET / HTTP/1.1 \r\n\(host)\r\n"),
    (400, "GET /a b HTTP/1.1\r\n\(host)\r\n"),
    (400, "GET nowhere HTTP/1.1\r\n\(host)\r\n"),
    (400, "G@T / HTTP/1.1\r\n\(host)\r\n"),
    (400, "GET / http/1.1\r\n\(host)\r\n"),
    (505, "GET / HTTP/2.0\r\n\(host)\r\n"),
    (400, "GET / HTTP/1.1\r\n\r\n"),
    (400, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
    (400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
    (400, "GET / HTTP/1.1\r\nHost : test\r\n\r\n"),
    (400, "GET / HTTP/1.1\r\n\(host)X: 1\r\n folded\r\n\r\n"),
    (400, "GET / HTTP/1.1\r\n\(host)no colon\r\n\r\n"),
    (400, "GET / HTTP/1.1\r\n\(host): no name\r\n\r\n"),
    (400, "GET / HTTP/1.1\r\n\(host)X: a\u{0}b\r\n\r\n"),
    (400, "\(post)Content-Length: many\r\n\r\n"),
    (400, "\(post)Content-Length: -1\r\n\r\n"),
    (400, "\(post)Content-Length: +1\r\n\r\nx"),
    (400, "\(post)Content-Length: 99999999999999999999\r\n\r\n"),
    (400, "\(post)Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx"),
    (400, "\(post)Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    (400, "\(post)Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
    (400, "\(post)Transfer-Encoding: gzip\r\n\r\n0\r\n\r\n"),
    (501, "\(post)Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    (400, "POST / HTTP/1.0\r\n\(host)Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    (400, "\(post)Transfer-Encoding: chunked\r\n\r\nno size\r\n"),
    (400, "\(post)Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n"),
    (417, "\(post)Content-Length: 1\r\nExpect: a-miracle\r\n\r\nx"),
    (501, "CONNECT test:80 HTTP/1.1\r\n\(host)\r\n"),
    (414, "GET /\(long(20_000)) HTTP/1.1\r\n\(host)\r\n"),
    (431, "GET / HTTP/1.1\r\n\(host)X: \(long(20_000))\r\n\r\n"),
    (431, "GET / HTTP/1.1\r\n\(host)\(many)\r\n"),
  ]

  @Test func `each gets its status with a reason, and the end`() throws {
    let stage = try Stage(replicas: 1)
    for (status, bytes) in Self.cases {
      let name = String(bytes.prefix(80)).debugDescription
      let connection = try stage.connect()
      try connection.send(bytes)
      let answer = try? connection.answer()
      #expect(answer?.status == status, "\(name)")
      #expect(answer?.text.wholeMatch(of: /\{"detail":"[^"]+"\}/) != nil, "\(name)")
      #expect(answer?["connection"] == "close", "\(name)")
      #expect((try? connection.isOver()) == true, "\(name)")
    }
    #expect(try stage.connect().get("/getInfo").status == 200)
    #expect(stage.lbd?.isRunning == true)
  }

  @Test func `a refusal says in Proxy-Status that no replica gave it (RFC 9209 §2.3)`() throws {
    let stage = try Stage(replicas: 1)
    let answer = try stage.connect().get("nowhere")
    #expect(answer.status == 400 && answer["proxy-status"] == "lbd; error=http_request_error")
    #expect(try stage.connect().get("/status/404")["proxy-status"] == nil)
  }

  private static func fields(_ count: Int) -> String {
    (0..<count).map { "X-\($0): \($0)\r\n" }.joined()
  }

  @Test func `heads have as many fields as the conf says, either way, and a reload changes it`()
    throws
  {
    let replica = try ScriptedReplica { request, connection in
      let count = request.firstMatch(of: #/^GET /(\d+) /#).flatMap { Int($0.1) } ?? 0
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\(Self.fields(count))\r\nok")
      return .keep
    }
    let stage = try Stage(
      scripted: [replica], lbd: "workers = 1", sections: "[limits]\nfields = 400\n")
    let connection = try stage.connect()
    for _ in 0..<2 {
      let answer = try connection.get("/399", Self.fields(399))
      #expect(answer.text == "ok" && answer["x-398"] == "398")
      #expect(replica.requests.last?.contains("\r\nX-398: 398\r\n") == true)
    }
    #expect(try connection.get("/400").status == 502)
    #expect(try connection.get("/0", Self.fields(400)).status == 431)
    try stage.writeConf(
      ports: [replica.port], lbd: "workers = 1", sections: "[limits]\nfields = 20\n")
    #expect(try stage.lbctl("reload").status == 0)
    try eventually("the conf is in force") {
      try stage.connect().get("/0", Self.fields(20)).status == 431
    }
    #expect(try stage.connect().get("/19", Self.fields(19)).status == 200)
    #expect(try stage.connect().get("/20").status == 502)
  }

  @Test func `what follows a refused request is never taken for one`() throws {
    let stage = try Stage(replicas: 1)
    let connection = try stage.connect()
    try connection.send(
      "\(Self.post)Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "0\r\n\r\nGET /getInfo HTTP/1.1\r\nHost: test\r\n\r\n")
    #expect(try connection.answer().status == 400)
    #expect(try connection.isOver())
    #expect(try stage.replica(stage.ports[0]).requests == 0)
  }

  @Test func `a body beyond the limit is refused, stated or not`() throws {
    let stage = try Stage(replicas: 1, sections: "[limits]\nbody = 1k\n")
    let connection = try stage.connect()
    #expect(try connection.post("/echo", Self.long(1024)).status == 200)
    #expect(try connection.post("/echo", Self.long(1025)).status == 413)
    let chunks = { (size: Int) in
      "\(String(size, radix: 16));x=y\r\n\(Self.long(size))\r\n0\r\n\r\n"
    }
    let exact = try stage.connect()
    try exact.send(
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(chunks(1024))")
    #expect(try exact.answer().status == 200)
    let other = try stage.connect()
    try other.send(
      "\(Self.post)Transfer-Encoding: chunked\r\n\r\n\(chunks(1025))")
    #expect(try other.answer().status == 413)
  }

  @Test func `a client that leaves in the middle of anything leaves lbd as it was`() throws {
    let stage = try Stage(replicas: 1)
    let whole = "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\n0123456789"
    for count in 0..<whole.utf8.count {
      let connection = try stage.connect()
      try connection.send(String(whole.prefix(count)))
      if count % 2 == 0 { connection.resetOnClose() }
    }
    #expect(try stage.connect().get("/getInfo").status == 200)
    try stage.awaitPool("nothing is in flight") { $0[0].active == 0 }
  }
}
