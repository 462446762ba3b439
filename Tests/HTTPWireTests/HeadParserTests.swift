// The parser's verdicts on whole heads, on every prefix of them, and what it finds in them.

import HTTPWire
import Testing

struct HeadParserTests {
  @Test(arguments: HeadSamples.requests)
  func `a well-formed request head is complete at its end`(_ text: String) {
    let length = text.utf8.count
    #expect(Wire.parse(request: text.utf8) == .complete(length))
    #expect(Wire.parse(request: Array(text.utf8) + [0]) == .complete(length))
  }

  @Test(arguments: HeadSamples.refusedRequests)
  func `a malformed request head is refused with its reason`(_ text: String, _ refusal: Refusal) {
    #expect(Wire.parse(request: text.utf8) == .malformed(refusal))
  }

  @Test(arguments: HeadSamples.responses)
  func `a well-formed response head is complete at its end`(_ text: String) {
    #expect(Wire.parse(response: text.utf8) == .complete(text.utf8.count))
  }

  @Test(arguments: HeadSamples.refusedResponses)
  func `a malformed response head is refused`(_ text: String) {
    guard case .malformed = Wire.parse(response: text.utf8) else {
      Issue.record("accepted: \(text)")
      return
    }
  }

  @Test(arguments: [
    ("HTTP/1.1 999 X\r\n\r\n", Refusal.unknownStatus), ("HTTP/1.1 099 X\r\n\r\n", .unknownStatus),
    ("HTTP/1.1 20 X\r\n\r\n", .malformedRequestLine),
    ("HTTP/3.0 200 X\r\n\r\n", .unsupportedVersion),
    ("HTTP/1.1 200 X\r\nA\r\n\r\n", .malformedField),
    ("HTTP/1.1 200 X\r\n" + String(repeating: "A: b\r\n", count: 101) + "\r\n", .tooManyFields),
  ])
  func `a refused response says which rule it met`(_ text: String, _ refusal: Refusal) {
    #expect(Wire.parse(response: text.utf8) == .malformed(refusal))
  }

  @Test(arguments: [20, 100, 250])
  func `a head may have as many fields as are set, either way`(_ limit: Int) {
    var request = RequestHead()
    var response = ResponseHead()
    request.fields.setLimit(limit)
    response.fields.setLimit(limit)
    for count in [limit, limit + 1] {
      let fields = String(repeating: "A: b\r\n", count: count) + "\r\n"
      let (one, other) = (
        Array("GET / HTTP/1.1\r\n\(fields)".utf8), Array("HTTP/1.1 200 OK\r\n\(fields)".utf8)
      )
      let outcomes = [
        HeadParser.parse(request: one.span, into: &request),
        HeadParser.parse(response: other.span, into: &response),
      ]
      let isWhole = count == limit
      #expect(
        outcomes == [
          isWhole ? .complete(one.count) : .malformed(.tooManyFields),
          isWhole ? .complete(other.count) : .malformed(.tooManyFields),
        ])
    }
  }

  @Test func `what lbd wrote is read again after the limit was lowered`() {
    var head = RequestHead()
    head.fields.setLimit(300)
    let text = "GET / HTTP/1.1\r\n" + String(repeating: "A: b\r\n", count: 310) + "\r\n"
    let bytes = Array(text.utf8)
    head.fields.setLimit(20)
    let own = HeadParser.parse(request: bytes.span, isOwn: true, into: &head)
    let other = HeadParser.parse(request: bytes.span, into: &head)
    #expect(own == .complete(bytes.count) && other == .malformed(.tooManyFields))
  }

  @Test func `a response's name is without the white space before its colon (RFC 9112 §5.1)`() {
    let bytes = Array("HTTP/1.1 200 OK\r\nContent-Length \t: 5\r\nX-Y :z\r\n\r\n".utf8)
    var head = ResponseHead()
    _ = HeadParser.parse(response: bytes.span, into: &head)
    let texts = [0, 1].flatMap { index in
      [
        Wire.text(bytes.span, head.fields[index].nameRange),
        Wire.text(bytes.span, head.fields[index].valueRange),
      ]
    }
    let name = head.fields[0].name
    #expect(texts == ["Content-Length", "5", "X-Y", "z"] && name == .contentLength)
  }

  @Test(arguments: HeadSamples.requests + HeadSamples.refusedRequests.map(\.0))
  func `a request head that comes byte by byte ends in the same verdict`(_ text: String) {
    let bytes = Array(text.utf8)
    let whole = Wire.parse(request: bytes)
    for count in 0..<bytes.count {
      let verdict = Wire.parse(request: bytes.prefix(count))
      if case .malformed = whole, verdict == whole { continue }
      #expect(verdict == .incomplete, "after \(count) bytes")
    }
  }

  @Test(arguments: HeadSamples.responses + HeadSamples.refusedResponses)
  func `a response head that comes byte by byte ends in the same verdict`(_ text: String) {
    let bytes = Array(text.utf8)
    let whole = Wire.parse(response: bytes)
    for count in 0..<bytes.count {
      let verdict = Wire.parse(response: bytes.prefix(count))
      if case .malformed = whole, verdict == whole { continue }
      #expect(verdict == .incomplete, "after \(count) bytes")
    }
  }

  @Test(arguments: HeadSamples.requests)
  func `the cheap question never overlooks a head's end`(_ text: String) {
    let bytes = Array(text.utf8)
    for seen in 0..<bytes.count {
      #expect(Wire.mayEnd(bytes, from: seen))
    }
  }

  @Test func `the cheap question says no where no line is empty`() {
    let bytes = Array("GET / HTTP/1.1\r\nA: b\r\nC: d\r\n".utf8)
    for count in 0...bytes.count {
      #expect(!Wire.mayEnd(bytes.prefix(count), from: 0))
    }
  }

  @Test func `a request's parts are found where they lie`() {
    let bytes = Array("\r\nPATCH /a?b HTTP/1.0\r\nHost: h\r\nX-Y:\t v w \r\n\r\n".utf8)
    var head = RequestHead()
    _ = HeadParser.parse(request: bytes.span, into: &head)
    let (method, form, isVersion10, count) = (
      head.method, head.form, head.isVersion10, head.fields.count
    )
    #expect(method == .patch && form == .origin && isVersion10 && count == 2)
    let texts = [
      Wire.text(bytes.span, head.methodRange), Wire.text(bytes.span, head.targetRange),
      Wire.text(bytes.span, head.fields[0].nameRange),
      Wire.text(bytes.span, head.fields[1].nameRange),
      Wire.text(bytes.span, head.fields[1].valueRange),
    ]
    #expect(texts == ["PATCH", "/a?b", "Host", "X-Y", "v w"])
  }

  @Test(arguments: [
    ("http://h:8/p?q", "h:8", "/p?q"), ("http://h", "h", ""), ("https://[::1]?q", "[::1]", "?q"),
  ])
  func `an absolute target is cut into authority and path`(
    _ target: String, _ authority: String, _ path: String
  ) {
    let bytes = Array(Wire.get("", target: target).utf8)
    var head = RequestHead()
    _ = HeadParser.parse(request: bytes.span, into: &head)
    let form = head.form
    let parts = [
      Wire.text(bytes.span, head.authorityRange), Wire.text(bytes.span, head.pathRange),
    ]
    #expect(form == .absolute && parts == [authority, path])
  }

  @Test func `a head that was parsed before leaves nothing behind`() {
    var head = RequestHead()
    let first = Array("GET http://h/p HTTP/1.0\r\nA: b\r\nC: d\r\n\r\n".utf8)
    let second = Array("GET / HTTP/1.1\r\nE: f\r\n\r\n".utf8)
    _ = HeadParser.parse(request: first.span, into: &head)
    _ = HeadParser.parse(request: second.span, into: &head)
    let (count, form, isVersion10) = (head.fields.count, head.form, head.isVersion10)
    #expect(count == 1 && form == .origin && !isVersion10)
    let hasAuthority = !head.authorityRange.isEmpty
    #expect(!hasAuthority)
  }

  @Test func `a response's parts are found where they lie`() {
    let bytes = Array("HTTP/1.0 404 Not Here\r\nA: b\r\n\r\n".utf8)
    var head = ResponseHead()
    _ = HeadParser.parse(response: bytes.span, into: &head)
    let (status, isVersion10, count) = (head.status, head.isVersion10, head.fields.count)
    #expect(status == 404 && isVersion10 && count == 1)
    let reason = Wire.text(bytes.span, head.reasonRange)
    #expect(reason == "Not Here")
  }

  @Test(arguments: [(100, true), (101, false), (103, true), (199, true), (200, false)])
  func `1xx other than 101 is interim`(_ status: Int, _ expected: Bool) {
    var head = ResponseHead()
    head.status = status
    let isInterim = head.isInterim
    #expect(isInterim == expected)
  }

  @Test(arguments: [65_500, 65_515, 65_516, 65_520, 65_530, 65_540, 70_000])
  func `a head longer than offsets can count is refused, never cut`(_ count: Int) {
    let text = "GET / HTTP/1.1\r\nA: \(String(repeating: "b", count: count))\r\nC: d\r\n\r\n"
    switch Wire.parse(request: text.utf8) {
    case .complete(let end): #expect(end == text.utf8.count && count < 65_516)
    case .malformed: #expect(count >= 65_500)
    case .incomplete: Issue.record("incomplete")
    }
  }
}
