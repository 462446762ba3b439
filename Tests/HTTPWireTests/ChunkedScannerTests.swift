// Where chunked bodies end, what is left of them, and that no way of cutting them into batches
// changes either (RFC 9112 §7.1).

import HTTPWire
import Testing

struct ChunkedScannerTests {
  /// A body, what it comes to with its framing kept, and the data alone. Rubbish after the end is
  /// what follows on the connection.
  static let complete: [(body: String, kept: String, data: String)] = [
    ("0\r\n\r\n", "0\r\n\r\n", ""),
    ("5\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n", "hello"),
    ("a\r\n0123456789\r\n0\r\n\r\n", "a\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
    ("0A\r\n0123456789\r\n00\r\n\r\n", "0A\r\n0123456789\r\n00\r\n\r\n", "0123456789"),
    ("1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", "abc"),
    ("000000000000001\r\na\r\n0\r\n\r\n", "000000000000001\r\na\r\n0\r\n\r\n", "a"),
    // The data may look like framing.
    ("7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n", "7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n", "\r\n0\r\n\r\n"),
    // §7.1.1: extensions go.
    ("3;a\r\nabc\r\n0;b=c\r\n\r\n", "3\r\nabc\r\n0\r\n\r\n", "abc"),
    ("3;a=\"x;\t y\"\r\nabc\r\n0\r\n\r\n", "3\r\nabc\r\n0\r\n\r\n", "abc"),
    ("3;\r\nabc\r\n0\r\n\r\n", "3\r\nabc\r\n0\r\n\r\n", "abc"),
    // §7.1.2: trailers go.
    ("0\r\nA: b\r\nC:d\r\n\r\n", "0\r\n\r\n", ""),
    ("1\r\na\r\n0\r\nContent-Length: 9\r\n\r\n", "1\r\na\r\n0\r\n\r\n", "a"),
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
    "0\r\n A: b\r\n\r\n", "0\r\nA: b\n\r\n", "0\r\nA: b\rX", "0\r\n\rX", "0\r\n\n", "0\n\n",
    "0\r\n: b\r\n\r\n", "0\r\nA: \u{0}\r\n\r\n",
  ]

  /// What came of a body that came in batches which end at `cuts`.
  private struct Result: Equatable {
    var outcome = ChunkedOutcome.incomplete
    var used = 0
    var output: [UInt8] = []
  }

  private func scan(_ bytes: [UInt8], cuts: [Int] = [], keepsFraming: Bool) -> Result {
    var scanner = ChunkedScanner(keepsFraming: keepsFraming)
    var result = Result()
    var start = 0
    for end in cuts + [bytes.count] where result.outcome == .incomplete {
      var batch = Array(bytes[start..<end])
      var span = batch.mutableSpan
      let (outcome, used, kept) = scanner.scan(&span)
      result.outcome = outcome
      result.used += used
      result.output += batch[..<kept]
      start = end
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
      let result = scan(Array(bytes.prefix(count)), keepsFraming: true)
      #expect(result.outcome == .incomplete && result.used == count)
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
      kept += Array("0\r\n\r\n".utf8)
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

  @Test func `extensions and trailers may take 16 KiB and no more`() {
    // "T:" and the two bytes of the line's end count as well.
    func body(_ count: Int) -> [UInt8] {
      Array("0\r\nT:\(String(repeating: "v", count: count - 4))\r\n\r\n".utf8)
    }
    #expect(scan(body(16 << 10), keepsFraming: true).outcome == .complete)
    #expect(scan(body((16 << 10) + 1), keepsFraming: true).outcome == .malformed)
    let extended = Array(String(repeating: "1;x\r\na\r\n", count: (8 << 10) + 1).utf8)
    #expect(scan(extended, keepsFraming: false).outcome == .malformed)
  }

  @Test func `a body's end is said once, and uses nothing afterwards`() {
    var scanner = ChunkedScanner(keepsFraming: true)
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
    var scanner = ChunkedScanner(keepsFraming: false)
    var bytes = Array("FFFFFFFFFFFFFFF\r\nabc".utf8)
    var span = bytes.mutableSpan
    let result = scanner.scan(&span)
    #expect(result.outcome == .incomplete && result.used == bytes.count && result.kept == 3)
  }
}
