// Which bytes and which names mean something.

import Testing

@testable import HTTPWire

struct NamesTests {
  private static let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
  private static let digits = Array("0123456789".utf8)

  @Test func `tokens are made of tchar (RFC 9110 §5.6.2)`() {
    let allowed = Set(NamesTests.letters + NamesTests.digits + Array("!#$%&'*+-.^_`|~".utf8))
    for byte in UInt8.min ... .max {
      #expect(ByteClass.isToken(byte) == allowed.contains(byte), "byte \(byte)")
    }
  }

  @Test func `field values hold visible bytes, spaces, tabs and obs-text (RFC 9110 §5.5)`() {
    for byte in UInt8.min ... .max {
      let allowed = byte == 9 || byte >= 32 && byte != 127
      #expect(ByteClass.isFieldValue(byte) == allowed, "byte \(byte)")
    }
  }

  @Test func `names of hosts are made of unreserved and sub-delims (RFC 3986 §3.2.2)`() {
    let allowed = Set(NamesTests.letters + NamesTests.digits + Array("-._~!$&'()*+,;=".utf8))
    for byte in UInt8.min ... .max {
      #expect(ByteClass.isName(byte) == allowed.contains(byte), "byte \(byte)")
    }
  }

  @Test func `targets are made of visible ASCII but the fragment's mark (RFC 9112 §3.2)`() {
    for byte in UInt8.min ... .max {
      let allowed = byte > 32 && byte < 127 && byte != 35
      #expect(ByteClass.isTarget(byte) == allowed, "byte \(byte)")
    }
  }

  @Test func `hexadecimal digits have their values in either case`() {
    for byte in UInt8.min ... .max {
      let expected = Character(UnicodeScalar(byte)).hexDigitValue
      #expect(ByteClass.hexValue(byte) == expected, "byte \(byte)")
    }
  }

  @Test(arguments: [
    ("localhost", true), ("LOCALHOST:80", true), ("127.0.0.1", true), ("127.9.9.9:8080", true),
    ("[::1]", true), ("[::1]:80", true), ("localhost:", true), ("", false), (":80", false),
    ("localhost.", false), ("localhost.example", false), ("x.localhost", false), ("127.1", false),
    ("127.0.0.1.example", false), ("127.0.0.256", false), ("12.7.0.1", false),
    ("1270.0.0.1", false),
    ("[::2]", false), ("[::ffff:127.0.0.1]", false), ("::1", false), ("localhost:80:80", false),
    ("localhost@example", false), ("10.0.0.1", false),
  ])
  func `a host names loopback or not`(_ host: String, _ isLoopback: Bool) {
    let bytes = Array("Host: \(host)".utf8)
    #expect(Authority.isLoopback(bytes.span, 6..<bytes.count) == isLoopback)
  }

  private static let names: [(String, FieldName)] = [
    ("Host", .host), ("Connection", .connection), ("Content-Length", .contentLength),
    ("Transfer-Encoding", .transferEncoding), ("Expect", .expect), ("Upgrade", .upgrade),
    ("TE", .te), ("Keep-Alive", .keepAlive), ("Trailer", .trailer),
    ("Proxy-Connection", .proxyConnection), ("Via", .via), ("Forwarded", .forwarded),
    ("X-Forwarded-For", .forwardedFor), ("X-Forwarded-Host", .forwardedHost),
    ("X-Forwarded-Proto", .forwardedProto), ("X-Request-Id", .requestID),
    ("HTTP2-Settings", .http2Settings), ("X-Lbd-Test", .testToken), ("Date", .date),
    ("X-Lbd-Replica", .replicaName),
    ("Max-Forwards", .maxForwards), ("X-Real-IP", .forwardedOther), ("Proxy", .proxy),
  ]

  @Test(arguments: [
    "X-Forwarded-Port", "x-forwarded-server", "X-Forwarded-Client-Cert", "X-Forwarded-1",
    "X-FORWARDED-FOR-ORIGINAL", "X-Forwarded--",
  ])
  func `every other field of X-Forwarded is known as such`(_ name: String) {
    #expect(recognise(name.utf8) == .forwardedOther)
    #expect(recognise(name.replacing("-", with: "_").utf8) == .lookalike)
  }

  @Test(arguments: ["X-Forwarded-", "X-Forwarded", "X-Forwardedx-For", "Y-Forwarded-Port-Number"])
  func `what only begins alike is another`(_ name: String) {
    #expect(recognise(name.utf8) == .other)
  }

  private func recognise(_ name: some Collection<UInt8>) -> FieldName {
    let bytes = Array("..".utf8) + Array(name) + Array("..".utf8)
    return FieldName.recognise(bytes.span, 2, name.count)
  }

  @Test(arguments: names)
  func `a field name is recognised in any case`(_ name: String, _ expected: FieldName) {
    #expect(recognise(name.utf8) == expected)
    #expect(recognise(name.lowercased().utf8) == expected)
    #expect(recognise(name.uppercased().utf8) == expected)
  }

  @Test(arguments: names)
  func `a field name with one byte changed, added or missing is another`(
    _ name: String, _ expected: FieldName
  ) {
    let bytes = Array(name.utf8)
    var wrong: [String] = []
    func check(_ variant: [UInt8]) {
      let isAlike = variant.map { $0 == 0x5F ? 0x2D : $0 } == bytes
      let text = String(decoding: variant, as: UTF8.self).lowercased()
      let isForwarded =
        text.replacing("_", with: "-").hasPrefix("x-forwarded-") && variant.count > 12
      let wanted: FieldName =
        isAlike && bytes.count > 8 || isForwarded && text.contains("_")
        ? .lookalike : isForwarded ? .forwardedOther : .other
      if recognise(variant) != wanted { wrong.append(String(decoding: variant, as: UTF8.self)) }
    }
    for index in bytes.indices {
      for token in UInt8.min ... .max where ByteClass.isToken(token) {
        var changed = bytes
        changed[index] = token
        let isSame = String(decoding: changed, as: UTF8.self).lowercased() == name.lowercased()
        if !isSame { check(changed) }
      }
      check(Array(bytes[..<index]) + [0x2D] + Array(bytes[index...]))
      check(Array(bytes[..<index]) + Array(bytes[(index + 1)...]))
    }
    #expect(wrong.isEmpty, "\(expected)")
  }

  private func method(_ name: some StringProtocol) -> Method {
    let bytes = Array(name.utf8)
    return Method.recognise(bytes.span)
  }

  @Test(arguments: [
    ("GET", Method.get), ("HEAD", .head), ("POST", .post), ("PUT", .put), ("DELETE", .delete),
    ("OPTIONS", .options), ("TRACE", .trace), ("CONNECT", .connect), ("PATCH", .patch),
  ])
  func `methods are whole and case-sensitive (RFC 9110 §9.1)`(_ name: String, _ expected: Method) {
    #expect(method(name) == expected)
    #expect(method(name.lowercased()) == .other)
    #expect(method(name + "X") == .other)
    #expect(method(name.dropLast()) == .other)
  }

  @Test func `only methods that may be repeated count as idempotent (RFC 9110 §9.2.2)`() {
    let idempotent: [Method] = [.get, .head, .put, .delete, .options, .trace]
    let others: [Method] = [.post, .patch, .connect, .other]
    #expect(idempotent.filter { !$0.isIdempotent }.isEmpty)
    #expect(others.filter { $0.isIdempotent }.isEmpty)
  }
}
