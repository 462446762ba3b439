// Numbers as people read them, and that no number traps.

import CommandText
import ControlProtocol
import Foundation
import Testing

@testable import lbctl

struct ReadableTests {
  @Test(arguments: [
    (0, "0.0s"), (3.14, "3.1s"), (9.99, "9.9s"), (10, "10s"), (42.9, "42s"), (60, "1m"),
    (299, "4m"), (3599, "59m"), (3600, "1h"), (7470, "2h4m"), (86399, "23h59m"), (86400, "1d"),
    (266_400, "3d2h"), (-1, "-"), (.nan, "-"), (.infinity, "-"), (1e300, "11574074d1h"),
  ])
  func `durations`(_ seconds: Double, _ text: String) {
    #expect(Readable.duration(seconds: seconds) == text)
  }

  @Test(arguments: [
    (0, "0.00ms"), (0.04, "0.04ms"), (0.096, "0.1ms"), (0.91, "0.9ms"), (9.8, "9.8ms"),
    (99.94, "99.9ms"), (99.96, "100ms"), (250.4, "250ms"), (999.6, "1.0s"), (1234, "1.2s"),
    (90_000, "1m"), (-1, "-"), (.nan, "-"), (1e300, "11574074d1h"),
  ])
  func `latencies`(_ milliseconds: Double, _ text: String) {
    #expect(Readable.latency(milliseconds: milliseconds) == text)
  }

  @Test func `what is absent is a dash`() {
    #expect(Readable.latency(milliseconds: nil) == "-")
    #expect(Readable.rate(nil) == "-")
  }

  @Test(arguments: [
    (0, "0.0"), (0.04, "0.0"), (203.14, "203.1"), (999.96, "1000"), (12345.6, "12346"),
    (1e300, "1000000000000"), (.infinity, "-"),
  ])
  func `rates`(_ rate: Double, _ text: String) {
    #expect(Readable.rate(rate) == text)
  }

  @Test func `digits behind the point are filled up`() {
    #expect(Readable.fixed(1.05, digits: 2) == "1.05")
    #expect(Readable.fixed(-0.5, digits: 1) == "-0.5")
    #expect(Readable.fixed(2, digits: 3) == "2.000")
    #expect(Readable.fixed(2.6, digits: 0) == "3")
  }

  /// What a terminal obeys, or what turns round what it shows.
  static let unsafe: [Unicode.Scalar] =
    [0..<0x20, 0x7F..<0xA0, 0x200E..<0x2010, 0x2028..<0x202F, 0x2066..<0x206A, 0x61C..<0x61D]
    .flatMap { $0 }.compactMap { Unicode.Scalar($0) }

  @Test func `what controls a terminal or turns letters round is written out`() {
    #expect(
      Readable.clean("a\u{1B}[31mb\r\n\u{9B}c\u{202E}")
        == "a\\u001b[31mb\\r\\n\\u009bc\\u202e")
    #expect(Readable.clean("äöü ☃ \u{200D}") == "äöü ☃ \u{200D}")
    for scalar in ReadableTests.unsafe {
      let cleaned = Readable.clean("a\(Character(scalar))b")
      #expect(cleaned.unicodeScalars.allSatisfy { 0x20..<0x7F ~= $0.value }, "\(scalar.value)")
      #expect(Readable.clean(cleaned) == cleaned)
    }
    #expect(Readable.clean("a\tb\n\u{7}", keepsLines: true) == "a\tb\n\\u0007")
  }

  @Test func `of control characters only those that are the command's own are kept, whole`() {
    let own = Colour.sequences
    #expect(Readable.clean("\u{1B}[31mx\u{1B}[0m", kept: own) == "\u{1B}[31mx\u{1B}[0m")
    #expect(Readable.clean("\u{1B}[2J\u{1B}[3", kept: own) == "\\u001b[2J\\u001b[3")
  }

  @Test func `JSON has the same characters escaped, and reads as before`() throws {
    let text = String(String.UnicodeScalarView(ReadableTests.unsafe)) + "ä\"\\"
    let json = DetailReport(text).json
    let cleaned = Readable.clean(json: json)
    let plain = String(decoding: cleaned, as: UTF8.self).unicodeScalars
    #expect(!plain.contains { ReadableTests.unsafe.contains($0) })
    #expect(try JSONDecoder().decode(DetailReport.self, from: Data(cleaned)).detail == text)
    #expect(Readable.clean(json: Array("{\r\n\t}".utf8)) == Array("{ \n\t}".utf8))
  }

  @Test func `long texts are broken at spaces, words that are longer anywhere`() {
    #expect(Readable.broken("a bc def", at: 4) == ["a bc", "def"])
    #expect(Readable.broken("abcdef gh", at: 4) == ["abcd", "ef", "gh"])
    #expect(Readable.broken("", at: 4) == [""])
    #expect(
      Readable.broken("abcd", at: 4) == ["abcd"] && Readable.broken("ab", at: 0) == ["a", "b"])
  }

  @Test func `near words are found, far ones are not`() {
    let words = ["pool", "test", "health"]
    #expect(Spelling.nearest(to: "poll", among: words) == "pool")
    #expect(Spelling.nearest(to: "tset", among: words) == "test")
    #expect(Spelling.nearest(to: "drain", among: words) == nil)
    #expect(Spelling.nearest(to: "", among: words) == nil)
    #expect(Spelling.nearest(to: String(repeating: "x", count: 10_000), among: words) == nil)
    #expect(Spelling.distance("", "abc") == 3)
  }

  @Test func `a frame fits the terminal`() {
    let screen = Screen((columns: 4, rows: 3))
    #expect(screen.cut("abcdef") == "abcd")
    #expect(screen.cut("\u{1B}[32mab\u{1B}[0mcdef") == "\u{1B}[32mab\u{1B}[0mcd")
    #expect(screen.cut("ab\u{1B}[31mcdef\u{1B}[0m") == "ab\u{1B}[31mcd\u{1B}[0m")
    let end = "\u{1B}[K\n"
    #expect(screen.frame(["1", "2", "3"], above: ["sum"]) == "\u{1B}[H1\(end)sum\(end)\u{1B}[J")
    #expect(screen.frame(["1", "2", "3"], above: ["s", "u"]) == "\u{1B}[H1\(end)s\(end)\u{1B}[J")
    #expect(screen.frame(["1"]) == "\u{1B}[H1\(end)\u{1B}[J")
  }
}
