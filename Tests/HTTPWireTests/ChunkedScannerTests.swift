// Where chunked bodies end, what is left of them, and that no way of cutting them into batches
// changes either (RFC 9112 §7.1).

import HTTPWire
import TestSupport
import Testing

struct ChunkedScannerTests {
  /// A body, what it comes to with its framing kept, and the data alone. Rubbish after the end is
  /// what follows on the connection.
  static let complete: [(body: String, kept: String, data: String)] = [
    ("0\r\n\r\n", "0\r\n\r\n", ""),
    ("5\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n", "hello"),
    ("a\r\n0123456789\r\n0\r\n\r\n", "a\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
    ("0A\r\n0123456789\r\n00\r\n\r\n", "A\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
    ("1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", "abc"),
    ("000000000000001\r\na\r\n0\r\n\r\n", "1\r\na\r\n0\r\n\r\n", "a"),
    ("0003\r\nabc\r\n000;x\r\n\r\n", "3\r\nabc\r\n0\r\n\r\n", "abc"),
    // The data may look like framing.
    ("7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n", "7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n", "\r\n0\r\n\r\n"),
    // §7.1.1: extensions go.
    ("3;a\r\nabc\r\n0;b=c\r\n\r\n", "3\r\nabc\r\n0\r\n\r\n", "abc"),
    ("3;a=\"x;\t y\"\r\nabc\r\n0\r\n\r\n", "3\r\nabc\r\n0\r\n\r\n", "abc"),
    ("3;\r\nabc\r\n0\r\n\r\n", "3\r\nabc\r\n0\r\n\r\n", "abc"),
    // §7.1.2: trailers go on in normal form.
    ("0\r\nA: b\r\nC:d\r\n\r\n", "0\r\nA: b\r\nC:d\r\n\r\n", ""),
    ("0\r\nX:\r\nX-Sum: \t \u{e9} 1 \t\r\n\r\n", "0\r\nX:\r\nX-Sum: \u{e9} 1\r\n\r\n", ""),
    // RFC 9110 §6.5.1: what bears on framing, routing, the request or its client does not.
    ("1\r\na\r\n0\r\nContent-Length: 9\r\n\r\n", "1\r\na\r\n0\r\n\r\n", "a"),
    ("0\r\nA: b\r\nHost: c\r\nD: e\r\n\r\n", "0\r\nA: b\r\nD: e\r\n\r\n", ""),
    ("0\r\ntransfer-encoding: chunked\r\nTE: x\r\n\r\n", "0\r\n\r\n", ""),
    ("0\r\nContent_Length: 3\r\nX-Forwarded-For: x\r\n\r\n", "0\r\n\r\n", ""),
    ("0\r\nAuthorization: x\r\nIf-Match: y\r\nSet-Cookie: z\r\n\r\n", "0\r\n\r\n", ""),
    (
      "0\r\nAccept-Language: x\r\nSec-Y: z\r\nProxy-X: a\r\nAccess-Control-Max-Age: 1\r\n\r\n",
      "0\r\n\r\n", ""
    ),
    ("0\r\nContent-Digest: x\r\nETag: y\r\n\r\n", "0\r\nContent-Digest: x\r\nETag: y\r\n\r\n", ""),
    ("0\r\nConnection: close\r\nTrailer: a\r\nContent-Type: b\r\n\r\n", "0\r\n\r\n", ""),
  ]

  static let malformed = [
    "\r\n", "x\r\n", " 5\r\nhello", "5 \r\nhello", "5\nhello", "5\rhello", "5\r\rhello",
    "-1\r\n", "+1\r\n", "0x5\r\n", "5,\r\n", ";a\r\n",
    // Too many digits to count.
    "0000000000000001\r\n", "FFFFFFFFFFFFFFFF\r\n", "10000000000000000\r\n",
    // Data that is longer or shorter than its size says.
    "5\r\nhelloX\r\n", "5\r\nhello\n0\r\n\r\n", "5\r\nhell\r\n0\r\n\r\n", "5\r\nhello\r0",
    // Bare line ends in extensions; §7.1.1.
    "5;a\nhello", "5;a\rhello", "5;\u{0}\r\n", "5;\u{7f}\r\n",
    // Trailers that are no field lines.
    "0\r\n A: b\r\n\r\n", "0\r\nA: b\n\r\n", "0\r\nA: b\rX\r\n", "0\r\n\rX\r\n", "0\r\n\n", "0\n\n",
    "0\r\n: b\r\n\r\n", "0\r\nA: \u{0}\r\n\r\n", "0\r\nA : b\r\n\r\n", "0\r\nA\r\n\r\n",
    "0\r\nA: b\r\n c\r\n\r\n", "0\r\nA: b\r\nGET / HTTP/1.1\r\n\r\n",
  ]

  /// What came of a body that came in batches which end at `cuts`.
  private struct Result: Equatable {
    var outcome = ChunkedOutcome.incomplete
    var used = 0
    var output: [UInt8] = []
  }

  private func scan(_ bytes: [UInt8], cuts: [Int] = [], keepsFraming: Bool) -> Result {
    var scanner = ChunkedScanner(keepsFraming: keepsFraming, keepsTrailers: true)
    var result = Result()
    // What was not used of a batch comes again at the front of the next.
    for end in cuts + [bytes.count] where result.outcome == .incomplete {
      var batch = Array(bytes[result.used..<max(end, result.used)])
      var span = batch.mutableSpan
      let (outcome, used, kept) = scanner.scan(&span)
      result.outcome = outcome
      result.used += used
      result.output += batch[..<kept]
    }
    return result
  }

  private func expected(_ bytes: [UInt8], _ output: String) -> Result {
    Result(outcome: .complete, used: bytes.count, output: Array(output.utf8))
  }

  @Test(arguments: complete)
  func `a body ends where its last chunk does`(_ body: String, _ kept: String, _ data: String) {
    let bytes = Array(body.utf8)
    let next = Array("GET /next".utf8)
    #expect(scan(bytes, keepsFraming: true) == expected(bytes, kept))
    #expect(scan(bytes, keepsFraming: false) == expected(bytes, data))
    #expect(scan(bytes + next, keepsFraming: true) == expected(bytes, kept))
    #expect(scan(bytes + next, keepsFraming: false) == expected(bytes, data))
  }

  @Test(arguments: complete)
  func `a body that comes byte by byte comes to the same`(
    _ body: String, _ kept: String, _ data: String
  ) {
    let bytes = Array(body.utf8)
    let cuts = Array(1..<bytes.count)
    #expect(scan(bytes, cuts: cuts, keepsFraming: true) == expected(bytes, kept))
    #expect(scan(bytes, cuts: cuts, keepsFraming: false) == expected(bytes, data))
  }

  @Test(arguments: complete)
  func `a body that stops short is incomplete`(_ body: String, _ kept: String, _ data: String) {
    let bytes = Array(body.utf8)
    for count in 0..<bytes.count {
      let prefix = Array(bytes.prefix(count))
      let result = scan(prefix, keepsFraming: true)
      #expect(result.outcome == .incomplete)
      // Only a zero, or a part of a trailer's line, waits.
      #expect(result.used == count || !prefix[result.used...].contains(10))
    }
  }

  @Test(arguments: malformed, [true, false])
  func `a body with two readings is refused, however it comes`(_ body: String, _ keeps: Bool) {
    let bytes = Array(body.utf8)
    let whole = scan(bytes, keepsFraming: keeps)
    #expect(whole.outcome == .malformed)
    #expect(scan(bytes, cuts: Array(1..<bytes.count), keepsFraming: keeps) == whole)
  }

  @Test func `random bodies in random batches come to what they were made of`() {
    var random = Seeded(42)
    for _ in 0..<2000 {
      var (bytes, kept, data): ([UInt8], [UInt8], [UInt8]) = ([], [], [])
      for _ in 0..<Int.random(in: 0...5, using: &random) {
        let count = Int.random(in: 1...40, using: &random)
        let chunk = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
        let size = Array(String(count, radix: 16, uppercase: Bool.random(using: &random)).utf8)
        let text = Bool.random(using: &random) ? ";x=\"y\"" : ""
        bytes += size + Array("\(text)\r\n".utf8) + chunk + [13, 10]
        kept += size + [13, 10] + chunk + [13, 10]
        data += chunk
      }
      bytes += Array((Bool.random(using: &random) ? "0\r\nT: v\r\n\r\n" : "0\r\n\r\n").utf8)
      kept += Array((bytes.suffix(8).contains(0x54) ? "0\r\nT: v\r\n\r\n" : "0\r\n\r\n").utf8)
      let cuts = (0..<Int.random(in: 0...8, using: &random))
        .map { _ in Int.random(in: 0...bytes.count, using: &random) }.sorted()
      for (keeps, output) in [(true, kept), (false, data)] {
        let wanted = Result(outcome: .complete, used: bytes.count, output: output)
        #expect(scan(bytes, cuts: cuts, keepsFraming: keeps) == wanted)
      }
    }
  }

  @Test func `random bytes never trap, never grow, and mean the same in any batches`() {
    var random = Seeded(7)
    let alphabet = Array("0123aF;:=\r\n\r\n\r\nx \t".utf8)
    for _ in 0..<5000 {
      let count = Int.random(in: 1...60, using: &random)
      let bytes = (0..<count).map { _ in alphabet.randomElement(using: &random) ?? 0 }
      let cuts = (0..<4).map { _ in Int.random(in: 0...count, using: &random) }.sorted()
      for keeps in [true, false] {
        let whole = scan(bytes, keepsFraming: keeps)
        #expect(whole.output.count <= whole.used && whole.used <= count)
        #expect(scan(bytes, cuts: cuts, keepsFraming: keeps) == whole)
      }
    }
  }

  @Test func `trailers go where they may not pass`() {
    var scanner = ChunkedScanner(keepsFraming: true, keepsTrailers: false)
    var bytes = Array("1\r\na\r\n0\r\nA: b\r\n\r\n".utf8)
    var span = bytes.mutableSpan
    let result = scanner.scan(&span)
    #expect(result.outcome == .complete && result.used == bytes.count)
    #expect(String(decoding: bytes[..<result.kept], as: UTF8.self) == "1\r\na\r\n0\r\n\r\n")
  }

  /// A whole body in normal form, in one piece or byte by byte; nil where it is malformed.
  private func normal(
    _ text: String, isResponse: Bool, dropping names: [String] = [], byBytes: Bool
  ) -> String? {
    var scanner = ChunkedScanner(keepsFraming: true, keepsTrailers: true, isResponse: isResponse)
    let dropped = DroppedFields(names)
    var (kept, waiting): ([UInt8], [UInt8]) = ([], [])
    let bytes = Array(text.utf8)
    for piece in byBytes ? bytes.map({ [$0] }) : [bytes] {
      waiting += piece
      var span = waiting.mutableSpan
      let result = scanner.scan(&span, dropping: dropped)
      if result.outcome == .malformed { return nil }
      kept += waiting[..<result.kept]
      waiting.removeFirst(result.used)
    }
    return String(decoding: kept, as: UTF8.self)
  }

  @Test(arguments: [
    ("X : y\r\n", "X: y\r\n"), ("X :y\r\n", "X: y\r\n"), ("X\t\t:  y\r\n", "X: y\r\n"),
    ("X :\r\n", "X:\r\n"), ("X  : \r\n", "X:\r\n"), ("X:y\r\n", "X:y\r\n"),
  ])
  func `white space before a trailer's colon is removed from a response (RFC 9112 §5.1)`(
    _ line: String, _ expected: String
  ) {
    for byBytes in [false, true] {
      let body = "0\r\n\(line)\r\n"
      #expect(normal(body, isResponse: true, byBytes: byBytes) == "0\r\n\(expected)\r\n")
      let isPlain = line == expected
      #expect((normal(body, isResponse: false, byBytes: byBytes) != nil) == isPlain)
    }
  }

  @Test func `a field that the conf drops is no trailer of a request either`() {
    let body = "0\r\nX-Client-IP: a\r\nX_Client_IP: b\r\nX-Sum: c\r\n\r\n"
    for byBytes in [false, true] {
      let text = normal(body, isResponse: false, dropping: ["x-client-ip"], byBytes: byBytes)
      #expect(text == "0\r\nX-Sum: c\r\n\r\n")
      #expect(normal(body, isResponse: false, byBytes: byBytes) == body)
    }
    let poxy = "0\r\nProxy: a\r\n\r\n"
    #expect(normal(poxy, isResponse: false, byBytes: false) == "0\r\n\r\n")
  }

  @Test func `trailers may take 16 KiB and no more`() {
    // "T:" and the two bytes of the line's end count as well.
    func body(_ count: Int) -> [UInt8] {
      Array("0\r\nT:\(String(repeating: "v", count: count - 4))\r\n\r\n".utf8)
    }
    #expect(scan(body(16 << 10), keepsFraming: true).outcome == .complete)
    for count in [(16 << 10) + 1, 40_000, 70_000] {
      #expect(scan(body(count), keepsFraming: true).outcome == .malformed)
      let cuts = Array(stride(from: 1, to: count, by: 997))
      #expect(scan(body(count), cuts: cuts, keepsFraming: true).outcome == .malformed)
    }
    let many = Array("0\r\n\(String(repeating: "T:v\r\n", count: 4000))".utf8)
    #expect(scan(many, keepsFraming: true).outcome == .malformed)
  }

  @Test func `extensions may be 16 KiB ahead of their data and no more`() {
    func body(_ length: Int, count: Int, data: Int) -> [UInt8] {
      let chunk =
        String(data, radix: 16) + ";" + String(repeating: "x", count: length - 1) + "\r\n"
        + String(repeating: "a", count: data) + "\r\n"
      return Array((String(repeating: chunk, count: count) + "0\r\n\r\n").utf8)
    }
    #expect(scan(body(16 << 10, count: 1, data: 1), keepsFraming: false).outcome == .complete)
    #expect(scan(body(16385, count: 1, data: 1), keepsFraming: false).outcome == .malformed)
    // Each byte of data earns one of an extension, each chunk 16 more.
    #expect(scan(body(17, count: 30_000, data: 1), keepsFraming: false).outcome == .complete)
    #expect(scan(body(34, count: 1000, data: 1), keepsFraming: false).outcome == .malformed)
    // Chunks that are signed, as stores of objects have them.
    #expect(scan(body(85, count: 400, data: 8192), keepsFraming: false).outcome == .complete)
  }

  @Test func `a body's end is said once, and uses nothing afterwards`() {
    var scanner = ChunkedScanner(keepsFraming: true, keepsTrailers: true)
    var first = Array("0\r\n\r\nGET".utf8)
    var span = first.mutableSpan
    let end = scanner.scan(&span)
    #expect(end.outcome == .complete && end.used == 5 && end.kept == 5)
    var again = Array("GET".utf8)
    var rest = again.mutableSpan
    let after = scanner.scan(&rest)
    #expect(after.outcome == .complete && after.used == 0 && after.kept == 0)
  }

  @Test func `a chunk longer than all memory is only counted`() {
    var scanner = ChunkedScanner(keepsFraming: false, keepsTrailers: true)
    var bytes = Array("FFFFFFFFFFFFFFF\r\nabc".utf8)
    var span = bytes.mutableSpan
    let result = scanner.scan(&span)
    #expect(result.outcome == .incomplete && result.used == bytes.count && result.kept == 3)
  }
}
