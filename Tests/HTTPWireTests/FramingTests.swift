// The rules that decide where a message ends and what becomes of its connection.

import HTTPWire
import Testing

struct FramingTests {
  // MARK: Requests

  static let refused: [(String, Refusal)] = [
    // RFC 9112 §6.3, RFC 9110 §8.6: one length, in digits only.
    ("Content-Length: 5\r\nContent-Length: 6\r\n", .malformedLength),
    ("Content-Length: 5\r\nContent-Length: 5\r\n", .malformedLength),
    ("Content-Length: 5, 5\r\n", .malformedLength),
    ("Content-Length:\r\n", .malformedLength),
    ("Content-Length: +5\r\n", .malformedLength),
    ("Content-Length: -5\r\n", .malformedLength),
    ("Content-Length: 0x5\r\n", .malformedLength),
    ("Content-Length: 5 5\r\n", .malformedLength),
    ("Content-Length: 5a\r\n", .malformedLength),
    ("Content-Length: 5.0\r\n", .malformedLength),
    ("Content-Length: 9223372036854775808\r\n", .malformedLength),
    ("Content-Length: 99999999999999999999\r\n", .malformedLength),
    // RFC 9112 §6.1: both a length and a coding is an attempt at smuggling.
    ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", .conflictingFraming),
    ("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", .conflictingFraming),
    ("Transfer-Encoding: gzip\r\nContent-Length: 0\r\n", .conflictingFraming),
    // RFC 9112 §6.1: codings that are not implemented, chunked last.
    ("Transfer-Encoding: gzip, chunked\r\n", .unknownTransferCoding),
    ("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", .unknownTransferCoding),
    ("Transfer-Encoding: , chunked\r\n", .unknownTransferCoding),
    // RFC 9112 §6.3, §7: what does not end in chunked has no end, and chunked stands once.
    ("Transfer-Encoding: chunked, chunked\r\n", .malformedTransferCoding),
    ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", .malformedTransferCoding),
    ("Transfer-Encoding: chunked, gzip\r\n", .malformedTransferCoding),
    ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", .malformedTransferCoding),
    ("Transfer-Encoding: chunked,\r\n", .malformedTransferCoding),
    ("Transfer-Encoding: identity\r\n", .malformedTransferCoding),
    ("Transfer-Encoding: gzip\r\n", .malformedTransferCoding),
    ("Transfer-Encoding: xchunked\r\n", .malformedTransferCoding),
    ("Transfer-Encoding: chunked chunked\r\n", .malformedTransferCoding),
    ("Transfer-Encoding: chunked;q=1\r\n", .malformedTransferCoding),
    ("Transfer-Encoding: \"chunked\"\r\n", .malformedTransferCoding),
    ("Transfer-Encoding: \u{b}chunked\r\n", .malformedField),
    ("Transfer-Encoding:\r\n", .malformedTransferCoding),
    // RFC 9112 §3.2: one Host field.
    ("Host: b\r\n", .missingHost),
    ("host: a\r\n", .missingHost),
    // RFC 9110 §10.1.1: the one expectation there is.
    ("Expect: 200-ok\r\n", .unknownExpectation),
    ("Expect: 100-continue, 200-ok\r\n", .unknownExpectation),
    ("Expect: 200-ok\r\nExpect: 100-continue\r\n", .unknownExpectation),
    ("Expect: 100-continue\r\nExpect: 200-ok\r\n", .unknownExpectation),
    ("Expect: 100-continue;q=1\r\n", .unknownExpectation),
    ("Expect: 100-continue 100-continue\r\n", .unknownExpectation),
  ]

  @Test(arguments: refused)
  func `a request that two servers could cut in two places is refused`(
    _ fields: String, _ refusal: Refusal
  ) {
    #expect(Wire.refusal(Wire.get(fields)) == refusal)
  }

  @Test(arguments: [
    ("", BodyFraming.none),
    ("Content-Length: 0\r\n", .length(0)),
    ("content-length:\t42 \r\n", .length(42)),
    ("Content-Length: 007\r\n", .length(7)),
    ("Content-Length: 999999999999999999\r\n", .length(999_999_999_999_999_999)),
    ("Transfer-Encoding: chunked\r\n", .chunked),
    ("TRANSFER-ENCODING: \t Chunked \r\n", .chunked),
  ])
  func `a request's body ends where its one field says (RFC 9112 §6.3)`(
    _ fields: String, _ body: BodyFraming
  ) throws {
    #expect(try Wire.judge(Wire.get(fields)).body == body)
  }

  @Test func `a length given twice is refused`() {
    let fields = "Content-Length: 3\r\nX: y\r\ncontent-length: 3\r\n"
    #expect(Wire.refusal(Wire.get(fields)) == .malformedLength)
  }

  @Test func `chunked from HTTP 1.0 is refused (RFC 9112 §6.1)`() {
    let text = Wire.get("Transfer-Encoding: chunked\r\n", version: "1.0")
    #expect(Wire.refusal(text) == .conflictingFraming)
  }

  @Test func `HTTP 1.1 needs a Host and 1.0 does not (RFC 9112 §3.2)`() {
    #expect(Wire.refusal("GET / HTTP/1.1\r\n\r\n") == .missingHost)
    #expect(Wire.refusal("GET / HTTP/1.0\r\n\r\n") == nil)
    #expect(Wire.refusal("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n") == .missingHost)
    #expect(Wire.refusal("GET http://h/ HTTP/1.1\r\n\r\n") == .missingHost)
    #expect(Wire.refusal("GET / HTTP/1.1\r\nHost:\r\n\r\n") == nil)
  }

  @Test(arguments: [
    "a b", "a/b", "u@a", "a\\b", "a?b", "a#b", "<a>", "a\"b", "\u{e9}", "a:b", "a:80:80", "a:-1",
    "a:8 0", ":80", "::1", "[::1", "::1]", "[::1]x", "[::1]:x", "[]", "[a]", "[:]", "[fe80::1%25e]",
    "[:::]",
    "[1::2::3]", "[:1::2]", "[1:2]", "[1:2:3:4:5:6:7:8:9]", "[::12345]", "[1:2:3:4:5:6:7:8::]",
    "[::1.2.3]",
    "[::1.2.3.256]", "[::01.2.3.4]", "[::1.2.3.4:5]", "[1.2.3.4]", "[::1.2.3.4.5]", "[::a.2.3.4]",
    "a%", "a%2", "a%2g", "a[b]",
  ])
  func `a Host that is more than a host is refused (RFC 3986 §3.2.2)`(_ host: String) {
    #expect(Wire.refusal("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n") == .malformedHost)
  }

  @Test(arguments: [
    "a", "a:", "a:80", "1.2.3.4:80", "[::1]", "[::ffff:1.2.3.4]:80", "[1:2:3:4:5:6:7:8]", "[::]",
    "[1:2:3:4:5:6:7::]", "[1:2:3:4:5:6:1.2.3.4]:", "[FE80::aBc:0]", "a_b~c%2D!",
  ])
  func `a host with or without a port is accepted, in a target too`(_ host: String) {
    #expect(Wire.refusal("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n") == nil)
    #expect(Wire.refusal(Wire.get("", target: "http://\(host)/")) == nil)
  }

  @Test func `a Host or authority of more than 260 bytes is refused`() {
    let long = String(repeating: "a", count: 260)
    #expect(Wire.refusal("GET / HTTP/1.1\r\nHost: \(long)\r\n\r\n") == nil)
    #expect(Wire.refusal("GET / HTTP/1.1\r\nHost: \(long)b\r\n\r\n") == .malformedHost)
    #expect(Wire.refusal(Wire.get("", target: "http://\(long)/")) == nil)
    #expect(Wire.refusal(Wire.get("", target: "http://\(long)b/")) == .malformedTarget)
  }

  @Test(arguments: [
    ("5", 5), ("0", 0), ("007", 7), ("-1", Int.max), ("x", .max), ("", .max),
    ("9999999999999999999999", 999_999_999), ("7\r\nMax-Forwards: 2", 2),
    ("0\r\nMax-Forwards: x", 0),
  ])
  func `only OPTIONS and TRACE count their hops (RFC 9110 §7.6.2)`(
    _ value: String, _ hops: Int
  ) throws {
    for method in ["OPTIONS", "TRACE", "GET"] {
      let text = "\(method) / HTTP/1.1\r\nHost: a\r\nMax-Forwards: \(value)\r\n\r\n"
      #expect(try Wire.judge(text).hopsLeft == (method == "GET" ? .max : hops))
    }
  }

  @Test(arguments: [
    ("", "1.1", true), ("", "1.0", false),
    ("Connection: close\r\n", "1.1", false),
    ("Connection: CLOSE\r\n", "1.1", false),
    ("Connection: x, close\r\n", "1.1", false),
    ("Connection: x ,\t, close ,\r\n", "1.1", false),
    ("Connection: x\r\nConnection: close\r\n", "1.1", false),
    ("Connection: close\r\nConnection: x\r\n", "1.1", false),
    ("Connection: closed\r\n", "1.1", true),
    ("Connection: keep-alive, close\r\n", "1.1", false),
    ("Connection: keep-alive\r\n", "1.0", true),
    ("Connection: Keep-Alive\r\n", "1.0", true),
    ("Connection: keep-alive, close\r\n", "1.0", false),
  ])
  func `a connection goes on as its client says (RFC 9112 §9.3)`(
    _ fields: String, _ version: String, _ isPersistent: Bool
  ) throws {
    let framing = try Wire.judge(Wire.get(fields, version: version))
    #expect(framing.isPersistent == isPersistent)
  }

  @Test func `an expectation is heard from HTTP 1.1 only (RFC 9110 §10.1.1)`() throws {
    let fields = "Expect: 100-Continue\r\nContent-Length: 1\r\n"
    #expect(try Wire.judge(Wire.get(fields)).expectsContinue)
    #expect(try Wire.judge(Wire.get(fields, version: "1.0")).expectsContinue == false)
  }

  @Test(arguments: [
    ("Expect:\r\n", false), ("Expect: ,\r\n", false), ("Expect: \t, ,\r\nExpect:\r\n", false),
    ("Expect: 100-continue,\r\n", true), ("Expect: , 100-continue\r\n", true),
    ("Expect: 100-continue, 100-Continue\r\n", true), ("Expect:\r\nExpect: 100-continue\r\n", true),
    ("Expect: 100-continue\r\nExpect:\r\n", true),
    ("Expect: 100-continue\r\nExpect: 100-continue\r\n", true),
  ])
  func `empty members of Expect count for nothing, and the same twice for one (RFC 9110 §5.6.1.2)`(
    _ fields: String, _ expects: Bool
  ) throws {
    let text = Wire.get(fields + "Content-Length: 1\r\n")
    #expect(try Wire.judge(text).expectsContinue == expects)
    // However it was said, it goes on once.
    let forwarded = Wire.forwarded(text)
    let lines = forwarded.split(separator: "\r\n").filter { $0.hasPrefix("Expect:") }
    #expect(lines == (expects ? ["Expect: 100-continue"] : []))
  }

  @Test func `what Connection lists is short, since each field is held against it`() {
    let most = String(repeating: "a,", count: 512)
    #expect(Wire.refusal(Wire.get("Connection: \(most)\r\n")) == nil)
    #expect(Wire.refusal(Wire.get("Connection: \(most)a\r\n")) == .connectionTooLong)
    #expect(
      Wire.refusal(Wire.get("Connection: \(most)\r\nConnection: b\r\n")) == .connectionTooLong)
    #expect(Wire.judge(response: response(200, "Connection: \(most)b\r\n")) == nil)
    // Options that list no field cost nothing.
    let close = String(repeating: "close,", count: 500)
    #expect(Wire.refusal(Wire.get("Connection: \(close)\r\n")) == nil)
  }

  @Test(arguments: [
    ("Upgrade: x\r\nConnection: upgrade\r\n", "1.1", true),
    ("Upgrade: x\r\nConnection: Keep-Alive, Upgrade\r\n", "1.1", true),
    ("Upgrade: x/2, y\r\nConnection: upgrade\r\n", "1.1", true),
    ("Upgrade: x\r\nConnection: upgrade\r\nContent-Length: 0\r\n", "1.1", true),
    ("Upgrade: x\r\n", "1.1", false),
    ("Upgrade:\r\nConnection: upgrade\r\n", "1.1", false),
    ("Upgrade: h2c\r\nConnection: upgrade\r\n", "1.1", false),
    ("Upgrade: x, H2C\r\nConnection: upgrade\r\n", "1.1", false),
    ("Upgrade: HTTP/2.0\r\nConnection: upgrade\r\n", "1.1", false),
    ("Upgrade: x\r\nUpgrade: TLS/1.0\r\nConnection: upgrade\r\n", "1.1", false),
    ("Connection: upgrade\r\n", "1.1", false),
    ("Upgrade: x\r\nConnection: upgrade\r\n", "1.0", false),
    ("Upgrade: x\r\nConnection: upgrade\r\nContent-Length: 1\r\n", "1.1", false),
    ("Upgrade: x\r\nConnection: upgrade\r\nTransfer-Encoding: chunked\r\n", "1.1", false),
  ])
  func `an upgrade counts with its option, without a body, from HTTP 1.1 (RFC 9110 §7.8)`(
    _ fields: String, _ version: String, _ wants: Bool
  ) throws {
    #expect(try Wire.judge(Wire.get(fields, version: version)).wantsUpgrade == wants)
  }

  @Test(arguments: [
    ("websocket", true), ("WebSocket", true), ("x, websocket", true), ("", false), (",", false),
    ("y", false), ("websocket, y", false), ("websocke", false),
  ])
  func `a 101 goes on only with what was offered (RFC 9110 §7.8)`(
    _ accepted: String, _ expected: Bool
  ) {
    let bytes = Array(Wire.get("Upgrade: websocket\r\nUpgrade: z , x\r\n").utf8)
    var head = RequestHead()
    _ = HeadParser.parse(request: bytes.span, into: &head)
    let protocols = Array(accepted.utf8)
    let isOffered = Framing.offers(head.fields, bytes.span, protocols.span)
    #expect(isOffered == expected)
  }

  // MARK: Responses

  private func response(_ status: Int, _ fields: String, version: String = "1.1") -> String {
    "HTTP/\(version) \(status) X\r\n\(fields)\r\n"
  }

  @Test(arguments: refused.map(\.0).filter { $0.contains("Length") || $0.contains("Encoding") })
  func `a response that two clients could cut in two places is refused`(_ fields: String) {
    #expect(Wire.judge(response: response(200, fields)) == nil)
    #expect(Wire.judge(response: response(304, fields), to: .head) == nil)
  }

  @Test(arguments: [
    (200, "", BodyFraming.untilClose), (200, "Content-Length: 5\r\n", .length(5)),
    (200, "Content-Length: 0\r\n", .length(0)), (200, "Transfer-Encoding: chunked\r\n", .chunked),
    (204, "Content-Length: 5\r\n", .none), (304, "Content-Length: 5\r\n", .none),
    (100, "", .none), (101, "Transfer-Encoding: chunked\r\n", .none),
  ])
  func `a response's body ends by status, coding, length, then close (RFC 9112 §6.3)`(
    _ status: Int, _ fields: String, _ body: BodyFraming
  ) {
    #expect(Wire.judge(response: response(status, fields))?.body == body)
    #expect(Wire.judge(response: response(status, fields), to: .head)?.body == BodyFraming.none)
  }

  @Test(arguments: [
    (204, "Content-Length: 5\r\n", Method.get, true),
    (304, "Transfer-Encoding: chunked\r\n", .get, true),
    (200, "Content-Length: 5\r\n", .head, true), (200, "Content-Length: 0\r\n", .head, false),
    (204, "", .get, false), (200, "Content-Length: 5\r\n", .get, false),
  ])
  func `a body that is stated where none follows is known`(
    _ status: Int, _ fields: String, _ method: Method, _ states: Bool
  ) {
    let framing = Wire.judge(response: response(status, fields), to: method)
    #expect(framing?.statesBody == states && framing?.isPersistent == true)
  }

  @Test func `chunked from an HTTP 1.0 replica is refused (RFC 9112 §6.1)`() {
    let text = response(200, "Transfer-Encoding: chunked\r\n", version: "1.0")
    #expect(Wire.judge(response: text) == nil)
  }

  @Test func `a replica's connection goes on unless it says or frames otherwise`() {
    let length = "Content-Length: 1\r\n"
    let kept = response(200, length + "Connection: keep-alive\r\n", version: "1.0")
    let closed = response(200, length + "Connection: close\r\n")
    #expect(Wire.judge(response: response(200, length))?.isPersistent == true)
    #expect(Wire.judge(response: closed)?.isPersistent == false)
    #expect(Wire.judge(response: response(200, ""))?.isPersistent == false)
    #expect(Wire.judge(response: response(200, length, version: "1.0"))?.isPersistent == false)
    #expect(Wire.judge(response: kept)?.isPersistent == true)
  }

  @Test(arguments: [
    ("timeout=5, max=100", 5), ("max=1,Timeout=7", 7), ("timeout=3, timeout=9", 3),
    ("timeout=0", 0), ("timeout=", nil), ("timeout=-1", nil), ("timeout=5s", nil), ("", nil),
    ("timeout=999999999999999999999", nil), ("timeouts=5", nil),
  ])
  func `a replica's Keep-Alive says how long it keeps its connection`(
    _ value: String, _ seconds: Int?
  ) {
    let text = response(200, "Content-Length: 1\r\nKeep-Alive: \(value)\r\n")
    #expect(Wire.judge(response: text)?.keepAlive == seconds)
  }

  @Test(arguments: [
    ("lbd; error=connection_refused", true), ("lbd; error=http_response_timeout", true),
    ("lbd; error=destination_unavailable", false), ("lbd; error=connection_limit_reached", false),
    ("lbd", false), ("lbd; error=", false), ("other; error=connection_refused", false),
    ("lbd; error=connection_refused, edge", false), ("lbd; received-status=503", true),
    ("lbd; received-status=", false), ("lbd; received", false),
    ("lbd; error=proxy_loop_detected", true),
  ])
  func `an lbd's own answer says whether replicas were asked (RFC 9209 §2)`(
    _ value: String, _ wasTried: Bool
  ) {
    let bytes = Array(response(502, "Proxy-Status: \(value)\r\n").utf8)
    var head = ResponseHead()
    _ = HeadParser.parse(response: bytes.span, into: &head)
    let saysTried = ProxyError.saysTried(head.fields, bytes.span)
    #expect(saysTried == wasTried)
  }

  @Test func `fields that Connection lists are known as listed (RFC 9110 §7.6.1)`() throws {
    #expect(try Wire.judge(Wire.get("Connection: close, upgrade\r\n")).listsFields == false)
    #expect(try Wire.judge(Wire.get("Connection: close, x-y\r\n")).listsFields)
    let bytes = Array(Wire.get("Connection: a\r\nConnection: b , X-Y\r\nx-y: 1\r\nx: 2\r\n").utf8)
    var head = RequestHead()
    _ = HeadParser.parse(request: bytes.span, into: &head)
    let isListed = [3, 4].map { index in
      Framing.lists(head.fields, bytes.span, head.fields[index].nameRange)
    }
    #expect(isListed == [true, false])
  }
}
