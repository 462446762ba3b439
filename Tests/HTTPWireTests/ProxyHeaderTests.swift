// The PROXY protocol's headers: read, written, and every way not to be one.

import HTTPWire
import Testing

struct ProxyHeaderTests {
  private static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10]

  /// A version 2 header.
  private static func block(_ command: UInt8, _ family: UInt8, _ rest: [UInt8]) -> [UInt8] {
    signature + [command, family, UInt8(rest.count >> 8), UInt8(rest.count & 255)] + rest
  }

  private static let four: [UInt8] = [192, 0, 2, 1, 10, 0, 0, 1, 0x1F, 0x90, 0, 80]
  private static let six =
    [UInt8](repeating: 1, count: 16) + [UInt8](repeating: 2, count: 16) + [0x1F, 0x90, 0, 80]

  private func parse(_ bytes: some Collection<UInt8>) -> ProxyHeaderOutcome {
    let bytes = Array(bytes)
    return ProxyHeader.parse(bytes.span)
  }

  static let lines: [(String, ProxySource)] = [
    ("PROXY TCP4 192.0.2.1 10.0.0.1 8080 80\r\n", .text(11..<20, to: 21..<29, port: 8080)),
    ("PROXY TCP4 1.1.1.1 2.2.2.2 0 65535\r\n", .text(11..<18, to: 19..<26, port: 0)),
    ("PROXY TCP6 2001:db8::1 ::1 5 6\r\n", .text(11..<22, to: 23..<26, port: 5)),
    ("PROXY TCP6 ::ffff:1.2.3.4 ::1 5 6\r\n", .text(11..<25, to: 26..<29, port: 5)),
    ("PROXY UNKNOWN\r\n", .unknown),
    ("PROXY UNKNOWN ffff::1 anything 1 2\r\n", .unknown),
    (
      "PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535"
        + String(repeating: " ", count: 48) + "\r\n", .unknown
    ),
  ]

  @Test(arguments: lines)
  func `a line of version 1 names its client`(_ line: String, _ source: ProxySource) {
    let bytes = Array(line.utf8)
    #expect(
      parse(bytes + Array("GET / HTTP/1.1\r\n".utf8)) == .complete(length: bytes.count, source))
    for count in 0..<bytes.count { #expect(parse(bytes.prefix(count)) == .incomplete) }
  }

  static let blocks: [([UInt8], ProxySource)] = [
    (block(0x21, 0x11, four), .binary(16..<20, port: 8080)),
    (block(0x21, 0x21, six), .binary(16..<32, port: 8080)),
    // §2.2.1: what is appended is skipped.
    (block(0x21, 0x11, four + [3, 0, 4, 1, 2, 3, 4]), .binary(16..<20, port: 8080)),
    (block(0x21, 0x11, four + [UInt8](repeating: 4, count: 4084)), .binary(16..<20, port: 8080)),
    (block(0x20, 0x00, []), .proxy), (block(0x20, 0x11, four), .proxy),
    (block(0x21, 0x00, []), .unknown), (block(0x21, 0x12, four), .unknown),
    (block(0x21, 0x31, [UInt8](repeating: 7, count: 216)), .unknown),
  ]

  @Test(arguments: blocks)
  func `a block of version 2 names its client`(_ bytes: [UInt8], _ source: ProxySource) {
    #expect(parse(bytes + [0x47]) == .complete(length: bytes.count, source))
    for count in 0..<min(bytes.count, 60) { #expect(parse(bytes.prefix(count)) == .incomplete) }
  }

  @Test(arguments: [
    "GET / HTTP/1.1\r\n", "PROXX", "POST", "PROXY\t", "\r\nGET / HTTP/1.1\r\n", "\r\n\r\nG", "x",
    "\r\n\r\n\u{0}\r\nQUIX",
  ])
  func `what begins in another way is no header`(_ text: String) {
    #expect(parse(text.utf8) == .absent)
  }

  @Test(arguments: [
    "PROXY TCP4 1.1.1.1 2.2.2.2 1\r\n", "PROXY TCP4 1.1.1.1 2.2.2.2 1 2 3\r\n",
    "PROXY TCP4  1.1.1.1 2.2.2.2 1 2\r\n", "PROXY TCP4 1.1.1.1 2.2.2.2 1 2 \r\n",
    "PROXY TCP4 1.1.1.1 2.2.2.2 65536 2\r\n", "PROXY TCP4 1.1.1.1 2.2.2.2 01 2\r\n",
    "PROXY TCP4 1.1.1.1 2.2.2.2 -1 2\r\n", "PROXY TCP4 1.1.1.1 2.2.2.2 1 x\r\n",
    "PROXY TCP4 1.1.1.1 2.2.2.2 1 2\n", "PROXY TCP4 ::1 ::1 1 2\r\n",
    "PROXY TCP6 1.1.1.1 2.2.2.2 1 2\r\n", "PROXY TCP5 1.1.1.1 2.2.2.2 1 2\r\n",
    "PROXY tcp4 1.1.1.1 2.2.2.2 1 2\r\n", "PROXY TCP4 a.b.c.g 2.2.2.2 1 2\r\n",
    "PROXY TCP4  2.2.2.2 1 2\r\n", "PROXY \r\n", "PROXY UNKNOWNX\r\n", "PROXY \n",
    "PROXY UNKNOWN " + String(repeating: "x", count: 93),
  ])
  func `a line that says nothing clear is malformed`(_ line: String) {
    #expect(parse(line.utf8) == .malformed)
  }

  @Test(arguments: [
    block(0x11, 0x11, four), block(0x31, 0x11, four), block(0x22, 0x11, four),
    block(0x21, 0x41, four), block(0x21, 0x13, four), block(0x21, 0x11, Array(four.prefix(11))),
    block(0x21, 0x21, four), block(0x21, 0x11, [UInt8](repeating: 0, count: 4097)),
  ])
  func `a block that says nothing clear is malformed`(_ bytes: [UInt8]) {
    #expect(parse(bytes) == .malformed)
  }

  // MARK: Writing

  private func line(_ source: String, _ destination: String) -> String {
    let (from, to) = (Array(source.utf8), Array(destination.utf8))
    var writer = ByteWriter(capacity: 128)
    ProxyHeader.write(v1: from.span, to.span, ports: (8080, 80), to: &writer)
    return Wire.text(writer)
  }

  @Test func `version 1 is written in its one way`() {
    #expect(line("192.0.2.1", "10.0.0.1") == "PROXY TCP4 192.0.2.1 10.0.0.1 8080 80\r\n")
    #expect(line("2001:db8::1", "::1") == "PROXY TCP6 2001:db8::1 ::1 8080 80\r\n")
    #expect(line("::1", "10.0.0.1") == "PROXY TCP6 ::1 ::ffff:10.0.0.1 8080 80\r\n")
    #expect(line("192.0.2.1", "::1") == "PROXY TCP6 ::ffff:192.0.2.1 ::1 8080 80\r\n")
  }

  @Test func `version 2 is written in its one way`() {
    for (bytes, size) in [(Self.four, 4), (Self.six, 16)] {
      let (from, to) = (Array(bytes[..<size]), Array(bytes[size..<2 * size]))
      var writer = ByteWriter(capacity: 128)
      ProxyHeader.write(v2: from.span, to.span, ports: (8080, 80), to: &writer)
      let written = writer.bytes.indices.map { writer.bytes[$0] }
      #expect(written == Self.block(0x21, size == 4 ? 0x11 : 0x21, bytes))
    }
  }

  @Test(arguments: [ProxyVersion.v1, .v2])
  func `a header that names nobody is read as such`(_ version: ProxyVersion) {
    var writer = ByteWriter(capacity: 32)
    ProxyHeader.writeUnstated(version, to: &writer)
    let written = writer.bytes.indices.map { writer.bytes[$0] }
    let source: ProxySource = version == .v1 ? .unknown : .proxy
    #expect(parse(written) == .complete(length: written.count, source))
  }
}
