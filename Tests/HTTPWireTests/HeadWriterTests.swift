// What goes on to the next hop and what does not.

import HTTPWire
import Testing

struct HeadWriterTests {
  private func written(request text: String) -> String { Wire.forwarded(text) }

  /// The lines between the request line with its Host and what lbd adds.
  private func fields(_ fields: String) -> String {
    let text = written(request: Wire.get(fields))
    let start = "GET / HTTP/1.1\r\nHost: a\r\n"
    let end = """
      X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a\r\n\
      Via: 1.1 \(Wire.markText)\r\nX-Request-Id: 00000000000000010000000000abcdef\r\n\r\n
      """
    guard text.hasPrefix(start) && text.hasSuffix(end) else { return text }
    return String(
      decoding: text.utf8.dropFirst(start.utf8.count).dropLast(end.utf8.count), as: UTF8.self)
  }

  @Test(arguments: [
    "", "A: b\r\n", "A: b\r\nA: c\r\n", "Cookie: x=y; z\r\n", "Via: 1.1 other\r\n",
    "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n",
    "Content-Length: 1\r\nExpect: 100-continue\r\n",
    "Connection: upgrade\r\nUpgrade: websocket\r\n",
  ])
  func `what concerns the replica goes on as it is`(_ text: String) {
    #expect(fields(text) == text)
  }

  @Test(arguments: [
    // RFC 9110 §7.6.1: the fields of one connection.
    "Connection: close\r\n", "Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n",
    "Proxy-Connection: keep-alive\r\n", "TE: trailers\r\n", "Trailer: X\r\n",
    "Connection: TE\r\nTE: trailers\r\n",
    "Connection: x-y\r\nX-Y: z\r\nx-y: w\r\n", "Upgrade: h2c\r\n",
    "Connection: HTTP2-Settings\r\nHTTP2-Settings: a\r\n", "HTTP2-Settings: a\r\n",
    // What lbd states itself can't be stated by a client.
    "X-Forwarded-For: 1.2.3.4\r\n", "x-forwarded-proto: https\r\n", "X-Forwarded-Host: evil\r\n",
    "Forwarded: for=1.2.3.4\r\n", "X-Request-Id: mine\r\n", "X-Lbd-Test: 1\r\n",
    "X-Real-IP: 1.2.3.4\r\n", "X-Forwarded-Port: 1\r\n", "X-FORWARDED-Client-Cert: a\r\n",
    "X_Forwarded_For: 1.2.3.4\r\n", "X-Forwarded_Server: evil\r\n", "x_real_ip: 1.2.3.4\r\n",
  ])
  func `what concerns this hop only stays here`(_ text: String) {
    #expect(fields(text) == "")
  }

  @Test(arguments: [
    ("A: 1\r\nB: 2\r\nC: 3\r\n", "A: 1\r\nB: 2\r\nC: 3\r\n"),
    ("A: 1\r\nB:2\r\nC: 3\r\nD: \r\nE:\r\n", "A: 1\r\nB: 2\r\nC: 3\r\nD: \r\nE: \r\n"),
    ("A: 1\r\nB:\t2\r\nC:  3\r\nD: 4 \r\nE: 5\r\n", "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nE: 5\r\n"),
    ("A: 1\r\nTE: x\r\nB: 2\r\nX-Real-IP: 1\r\nC: 3\r\n", "A: 1\r\nB: 2\r\nC: 3\r\n"),
    ("Connection: b\r\nA: 1\r\nB: 2\r\nC:3\r\nb: 4\r\nD: 5\r\n", "A: 1\r\nC: 3\r\nD: 5\r\n"),
  ])
  func `lines keep their order, whichever of them are in normal form`(
    _ text: String, _ expected: String
  ) {
    #expect(fields(text) == expected)
  }

  @Test func `which trailers come is said where a chunked body brings some`() {
    let chunked = "Trailer: X-Sum\r\nTransfer-Encoding: chunked\r\n"
    #expect(fields(chunked) == chunked)
    let listing = "Connection: x\r\n" + chunked
    #expect(fields(listing) == "Transfer-Encoding: chunked\r\n")
  }

  @Test func `hops are counted down for OPTIONS and TRACE only`() {
    let text = "OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: 5\r\n\r\n"
    #expect(written(request: text).contains("\r\nMax-Forwards: 4\r\n"))
    #expect(!written(request: text).contains("Max-Forwards: 5"))
    let unlimited = "OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: many\r\n\r\n"
    #expect(written(request: unlimited).contains("\r\nMax-Forwards: many\r\n"))
    #expect(fields("Max-Forwards: 5\r\n") == "Max-Forwards: 5\r\n")
  }

  @Test func `values go on without the white space around them`() {
    #expect(fields("A:b\r\nB:  c \t\r\nC:\r\n") == "A: b\r\nB: c\r\nC: \r\n")
  }

  @Test func `a client can't strike off what lbd adds by listing it in Connection`() {
    #expect(fields("Connection: x-forwarded-for, via, x-request-id, host\r\n") == "")
    let length = "Content-Length: 5\r\n"
    #expect(fields("Connection: content-length\r\n\(length)") == length)
  }

  @Test(arguments: [
    ("GET http://h:8/p?q HTTP/1.1\r\nHost: a\r\n\r\n", "GET /p?q HTTP/1.1\r\nHost: h:8\r\n"),
    ("GET http://h HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\n"),
    ("GET http://h?q HTTP/1.1\r\nHost: a\r\n\r\n", "GET /?q HTTP/1.1\r\nHost: h\r\n"),
    ("OPTIONS http://h HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: h\r\n"),
    ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: a\r\n"),
    ("BREW /pot HTTP/1.0\r\nHost: a\r\n\r\n", "BREW /pot HTTP/1.1\r\nHost: a\r\n"),
  ])
  func `a target goes on in origin form with the authority as Host (RFC 9112 §3.2)`(
    _ request: String, _ start: String
  ) {
    #expect(written(request: request).hasPrefix(start))
  }

  @Test func `an HTTP 1.0 request is named as such in Via`() {
    let text = written(request: "GET / HTTP/1.0\r\nHost: a\r\n\r\n")
    #expect(text.contains("\r\nVia: 1.0 \(Wire.markText)\r\n"))
  }

  @Test func `without Via a client's own passes all the same`() {
    let text = Wire.forwarded(Wire.get("Via: 1.1 edge\r\n"), statesVia: false)
    #expect(text.contains("\r\nVia: 1.1 edge\r\n") && !text.contains("lbd"))
  }

  @Test(arguments: ["Proxy", "PROXY", "proxy"])
  func `the field Proxy reaches no replica, whoever sends it (httpoxy)`(_ name: String) {
    let field = "\(name): http://evil.example/\r\n"
    #expect(fields(field) == "")
    #expect(!Wire.forwarded(Wire.get(field), isTrusted: true).contains("evil"))
  }

  @Test(arguments: [
    "Proxy-Foo: a\r\n", "XProxy: a\r\n", "Proxy1: a\r\n", "Prox: a\r\n", "P_roxy: a\r\n",
  ])
  func `what only looks like Proxy passes`(_ text: String) {
    #expect(fields(text) == text)
  }

  @Test(arguments: [
    ("X-Client-IP: a\r\n", ""), ("x-client-ip: a\r\n", ""), ("X_CLIENT_IP: a\r\n", ""),
    ("X-Client_ip: a\r\nA: b\r\n", "A: b\r\n"), ("X-Client-IPs: a\r\n", nil),
    ("X-Client-I: a\r\n", nil), ("A: 1\r\nX-Original-URL:/\r\nB: 2\r\n", "A: 1\r\nB: 2\r\n"),
    ("X-Client+IP: a\r\n", nil),
  ])
  func `a field that the conf drops goes no further, however it is spelt`(
    _ text: String, _ expected: String?
  ) {
    let names = ["X-Client-IP", "X_Original_URL", String(repeating: "n", count: 64)]
    for isTrusted in [false, true] {
      let whole = Wire.forwarded(Wire.get(text), isTrusted: isTrusted, dropped: names)
      let start = "GET / HTTP/1.1\r\nHost: a\r\n" + (expected ?? text) + "X-Forwarded-For: "
      #expect(whole.hasPrefix(start), "\(whole)")
    }
  }

  @Test func `names of any length are dropped, and no others`() {
    for length in [1, 2, 62, 63, 64, 65, 127, 128, 200, 255] {
      let name = String(repeating: "n", count: length)
      let text = Wire.get("\(name): gone\r\n\(name)n: kept\r\n")
      let written = Wire.forwarded(text, dropped: [name])
      #expect(!written.contains("gone") && written.contains("kept"), "\(length)")
    }
  }

  /// The response that a client gets for a replica's.
  private func written(
    response text: String, to method: Method = .get, connection: ConnectionOption = .unsaid,
    replica: String = "", date: Int = 0
  ) -> String {
    let bytes = Array(text.utf8)
    let name = Array(replica.utf8)
    var head = ResponseHead()
    var framing = ResponseFraming()
    guard case .complete = HeadParser.parse(response: bytes.span, into: &head),
      Framing.examine(head, bytes.span, to: method, into: &framing)
    else { return "refused" }
    var writer = ByteWriter(capacity: 4096)
    HeadWriter.write(
      response: head, bytes.span, framing, body: framing.body, connection: connection,
      replica: name.span, date: date, to: &writer)
    return Wire.text(writer)
  }

  @Test func `a response goes on with its reason, its fields and its length`() {
    let text = "HTTP/1.1 203 Who Knows\r\nServer: x\r\nContent-Length: 5\r\n\r\n"
    #expect(written(response: text) == text)
  }

  @Test func `a response is dated where its replica did not`() {
    let text = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    #expect(
      written(response: text, date: 784_111_777).contains(
        "\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"))
  }

  @Test func `a 426 names the protocol that it asks for (RFC 9110 §15.5.22)`() {
    let text = "HTTP/1.1 426 X\r\nUpgrade: a/1\r\nConnection: upgrade\r\nContent-Length: 0\r\n\r\n"
    #expect(written(response: text).hasSuffix("Connection: upgrade\r\nUpgrade: a/1\r\n\r\n"))
  }

  @Test func `a response to HEAD and a 304 keep the length that GET would have had`() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
    let unmodified = "HTTP/1.1 304 X\r\nContent-Length: 5\r\n\r\n"
    #expect(written(response: head, to: .head) == head)
    #expect(written(response: unmodified) == unmodified)
  }

  @Test(arguments: [100, 101, 204])
  func `1xx and 204 state no length (RFC 9110 §8.6)`(_ status: Int) {
    let text = "HTTP/1.1 \(status) X\r\nContent-Length: 5\r\n\r\n"
    #expect(written(response: text) == "HTTP/1.1 \(status) X\r\n\r\n")
  }

  @Test(arguments: [
    (ConnectionOption.unsaid, ""), (.close, "Connection: close\r\n"),
    (.keepAlive, "Connection: keep-alive\r\n"),
  ])
  func `a response says of the connection what lbd decides, not what the replica said`(
    _ option: ConnectionOption, _ line: String
  ) {
    let text = "HTTP/1.1 200 OK\r\nConnection: close, x\r\nX: y\r\nContent-Length: 0\r\n\r\n"
    #expect(
      written(response: text, connection: option)
        == "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\(line)\r\n")
  }

  @Test func `an upgrade goes on with its protocol`() {
    let text = "HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    #expect(
      written(response: text, connection: .upgrade)
        == "HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
  }

  @Test func `the answer to a test request names its replica`() {
    let text = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    #expect(written(response: text, replica: "r4").hasSuffix("X-Lbd-Replica: r4\r\n\r\n"))
  }

  @Test func `a written head grows by no more than is promised`() {
    let long = String(repeating: "h", count: 260)
    let small = String(repeating: "A:b\r\n", count: 99)
    for text in [
      "GET http://\(long) HTTP/1.0\r\nHost:\(long)\r\n\(small)\r\n",
      "GET / HTTP/1.0\r\nHost:\(long)\r\n\(small)\r\n",
    ] {
      var writer = ByteWriter(capacity: 200)
      let address = Array("2001:db8:1111:2222:3333:4444:5555:6666".utf8)
      ProxyHeader.write(v1: address.span, address.span, ports: (65535, 65535), to: &writer)
      let added =
        writer.count
        + Wire.forwarded(
          text, client: "2001:db8:1111:2222:3333:4444:5555:6666", statesForwarded: true
        ).utf8.count - text.utf8.count
      #expect(added <= HeadWriter.growth, "\(added)")
    }
  }
}
