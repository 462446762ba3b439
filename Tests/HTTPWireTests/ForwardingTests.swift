// What a replica is told of a client, and whose word counts.

import Testing

struct ForwardingTests {
  /// The value of a field of the request that a replica gets; nil unless it stands once.
  private func value(_ name: String, of text: String) -> String? {
    let lines = text.split(separator: "\r\n").filter {
      $0.lowercased().hasPrefix(name.lowercased() + ":")
    }
    return lines.count == 1 ? String(lines[0].dropFirst(name.count + 2)) : nil
  }

  private func trusted(_ fields: String, client: String = "192.0.2.1") -> String {
    Wire.forwarded(Wire.get(fields), client: client, isTrusted: true)
  }

  @Test func `a trusted proxy's list goes on with its own address behind`() {
    let one = trusted("X-Forwarded-For: 1.2.3.4\r\n")
    #expect(value("X-Forwarded-For", of: one) == "1.2.3.4, 192.0.2.1")
    let several = trusted(
      "X-Forwarded-For: 1.2.3.4, ::1\r\nx-forwarded-for:\r\nX-Forwarded-For: a\r\n")
    #expect(value("X-Forwarded-For", of: several) == "1.2.3.4, ::1, a, 192.0.2.1")
    #expect(value("X-Forwarded-For", of: trusted("")) == "192.0.2.1")
  }

  @Test(arguments: [
    ("https", "https"), ("HTTP", "HTTP"), ("ftp", "http"), ("https, http", "http"), ("", "http"),
    ("wss", "wss"), ("ws", "ws"), ("WSS", "WSS"), ("wsss", "http"), ("w", "http"),
  ])
  func `a trusted proxy's scheme is believed where it is one`(_ said: String, _ stated: String) {
    let text = trusted("X-Forwarded-Proto: \(said)\r\n")
    #expect(value("X-Forwarded-Proto", of: text) == stated)
  }

  @Test(arguments: [("b.example:81", "b.example:81"), ("b c", "a"), ("b, c", "a"), ("", "a")])
  func `a trusted proxy's host is believed where it is one`(_ said: String, _ stated: String) {
    let text = trusted("X-Forwarded-Host: \(said)\r\n")
    #expect(value("X-Forwarded-Host", of: text) == stated)
    #expect(value("Host", of: text) == "a")
  }

  @Test func `what is stated twice is not believed`() {
    let text = trusted(
      "X-Forwarded-Proto: https\r\nX-Forwarded-Proto: https\r\nX-Request-Id: a\r\nX-Request-Id: a\r\n"
    )
    #expect(value("X-Forwarded-Proto", of: text) == "http")
    #expect(value("X-Request-Id", of: text) == "00000000000000010000000000abcdef")
  }

  @Test(arguments: [
    ("7b1c-42", true), ("Root=1-67:a/b+c", true), (String(repeating: "a", count: 128), true),
    (String(repeating: "a", count: 129), false), ("a b", false), ("a\"b", false), ("a,b", false),
    ("a\\b", false), ("\u{e9}", false), ("", false),
  ])
  func `a trusted proxy's request id goes on where it is fit for a log`(
    _ id: String, _ passes: Bool
  ) {
    let text = trusted("X-Request-Id: \(id)\r\n")
    #expect(value("X-Request-Id", of: text) == (passes ? id : "00000000000000010000000000abcdef"))
  }

  @Test func `what else a trusted proxy states goes on as it is`() {
    let fields = "X-Forwarded-Port: 443\r\nX-Real-IP: 1.2.3.4\r\nForwarded: for=1.2.3.4\r\n"
    #expect(trusted(fields).contains("Host: a\r\n\(fields)X-Forwarded-For"))
    #expect(!trusted("X_Forwarded_For: 1.2.3.4\r\n").contains("X_Forwarded"))
    #expect(!trusted("X-Lbd-Test: 1\r\n").contains("X-Lbd-Test"))
  }

  @Test(arguments: [
    ("192.0.2.1", "for=192.0.2.1"), ("2001:db8::1", "for=\"[2001:db8::1]\""),
    ("unix", "for=unknown"),
  ])
  func `Forwarded is stated when it is asked for (RFC 7239 §4, §6)`(
    _ client: String, _ node: String
  ) {
    let text = Wire.forwarded(Wire.get(""), client: client, statesForwarded: true)
    #expect(value("Forwarded", of: text) == "\(node);host=\"a\";proto=http")
    #expect(value("Forwarded", of: Wire.forwarded(Wire.get(""), client: client)) == nil)
  }

  @Test func `Forwarded goes on behind a trusted proxy's, and in place of anyone else's`() {
    let request = Wire.get("Forwarded: for=1.2.3.4;proto=https, for=b\r\nForwarded: for=c\r\n")
    let own = "for=192.0.2.1;host=\"a\";proto=http"
    let trusted = Wire.forwarded(request, isTrusted: true, statesForwarded: true)
    #expect(
      value("Forwarded", of: trusted) == "for=1.2.3.4;proto=https, for=b, for=c, \(own)")
    #expect(value("Forwarded", of: Wire.forwarded(request, statesForwarded: true)) == own)
  }

  @Test func `what would swallow lbd's element is left out`() {
    for fields in ["Forwarded: for=\"a\r\n", "Forwarded: for=\"a\\\"\r\n", "Forwarded:\r\n"] {
      let text = Wire.forwarded(Wire.get(fields), isTrusted: true, statesForwarded: true)
      #expect(value("Forwarded", of: text) == "for=192.0.2.1;host=\"a\";proto=http")
    }
    let quoted = Wire.get("Forwarded: for=\"a\\\"b,c\"\r\n")
    let text = Wire.forwarded(quoted, isTrusted: true, statesForwarded: true)
    #expect(value("Forwarded", of: text)?.hasPrefix("for=\"a\\\"b,c\", for=192.0.2.1;") == true)
  }

  @Test func `an HTTP 1.0 request without a Host has none to state`() {
    let text = Wire.forwarded("GET / HTTP/1.0\r\n\r\n", statesForwarded: true)
    #expect(value("Forwarded", of: text) == "for=192.0.2.1;proto=http")
  }
}
