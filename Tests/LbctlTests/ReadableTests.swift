// Numbers as people read them, and that no number traps.

import CommandText
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

  @Test func `what controls a terminal is taken out`() {
    #expect(Readable.clean("a\u{1B}[31mb\r\n\u{9B}c") == "a\u{FFFD}[31mb\u{FFFD}\u{FFFD}\u{FFFD}c")
    #expect(Readable.clean("äöü ☃") == "äöü ☃")
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
    #expect(screen.frame(["1", "2", "3", "sum"]) == "\u{1B}[H1\(end)sum\(end)\u{1B}[J")
    #expect(screen.frame(["1"]) == "\u{1B}[H1\(end)\u{1B}[J")
  }
}
