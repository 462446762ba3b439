// Confs that nobody writes on purpose: huge, binary, random. None may trap or run without end.

import Configuration
import TestSupport
import Testing

@Suite struct HostileConfTests {
  private func load(_ bytes: [UInt8]) -> Loaded {
    var files = MemoryFiles([:])
    files.contents["etc/lb.conf"] = bytes
    return Loaded(files: files)
  }

  @Test(arguments: [
    ([0x61, 0x00, 0x62], "1:2: a control character (byte 0), delete it"),
    ([0x23, 0x20, 0x1B, 0x5B], "1:3: a control character (byte 27), delete it"),
    ([0x23, 0xC3, 0xA4, 0xFF], "1:3: bytes that are not UTF-8, save the file as UTF-8"),
    ([0x61, 0x0D, 0x62], "1:2: a control character (byte 13), delete it"),
    ([0xFF, 0xFE, 0x5B], "1:1: bytes that are not UTF-8, save the file as UTF-8"),
  ])
  func `bytes that are no text are refused where they stand`(_ bytes: [UInt8], _ head: String) {
    let loaded = load(bytes)
    #expect(loaded.heads == [head])
    #expect(loaded.errors.joined().utf8.allSatisfy { $0 >= 0x20 || $0 == 0x0A })
  }

  @Test func `a mebibyte on one line is shown in part`() {
    let line = "[lbd]\nports = " + String(repeating: "8, ", count: 300_000) + "x"
    let errors = Loaded(line).errors
    #expect(errors.count == 1)
    #expect(errors.allSatisfy { $0.utf8.count < 1000 })
  }

  @Test func `a list of which every item is bad takes no longer than it is long`() {
    // Were the list cut into its parts for each of them, this would take hours.
    let errors = Loaded("[lbd]\nports = " + String(repeating: "x,", count: 300_000)).errors
    #expect((1...20).contains(errors.count))
  }

  @Test func `a caret far to the right stands under its byte`() throws {
    let ports = (1...200).map { "\($0)" }.joined(separator: ",")
    let error = try #require(Loaded("[lbd]\nports = \(ports),?,7").errors.first)
    let lines = error.split(separator: "\n").map(Array.init)
    let caret = try #require(lines[2].firstIndex(of: "^"))
    #expect(lines[1][caret] == "?")
    #expect(lines[1][2] == "…")
  }

  @Test func `errors without end are counted, not kept`() {
    let errors = Loaded(String(repeating: "x\n", count: 5000)).errors
    #expect(errors.count == 21)
    #expect(errors.last?.hasSuffix("and 4980 more errors, mend the first and check again") == true)
  }

  @Test func `of more than twenty errors twenty are told, and how many are left`() {
    #expect(Loaded.beside(String(repeating: "x\n", count: 20)).errors.count == 20)
    #expect(
      Loaded.beside(String(repeating: "x\n", count: 21)).errors.last
        == "etc/lb.conf: error: and 1 more error, mend the first and check again")
  }

  @Test func `random bytes never trap and always come to an answer`() {
    var noise = Seeded(20_250_101)
    for _ in 0..<2000 {
      let count = Int.random(in: 0..<200, using: &noise)
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &noise) }
      let loaded = load(bytes)
      #expect(loaded.configuration != nil || !loaded.errors.isEmpty)
    }
  }

  @Test func `pieces of confs in random order never trap, and what loads loads again`() {
    var noise = Seeded(7)
    let pieces = [
      "[lbd]\n", "[health]\n", "[replica a]\n", "[replica b]\n", "[limits]\n", "ports = ", "8081",
      "8082-8084", ",", " ", "\n", "\r\n", "\t", "address = ", "unix:/a", "[::1]:9", "b:2", "${A}",
      "${A:-1}", "${", "}", ";", "#", "=", "-", "interval = ", "5s", "%", "\u{301}", "\u{FEFF}",
      "body = 9", "k", "host = ", "::", "0.0.0.0", "[", "]", "expect = ", "200", "include = ", "*",
    ]
    var count = 0
    for _ in 0..<4000 {
      let length = Int.random(in: 1..<20, using: &noise)
      let start = Bool.random(using: &noise) ? "[lbd]\nports = 8081\n" : ""
      let text = (0..<length).reduce(start) { sum, _ in
        sum + (pieces.randomElement(using: &noise) ?? "")
      }
      let loaded = Loaded(text, environment: ["A": "/v"])
      guard let configuration = loaded.configuration else { continue }
      count += 1
      #expect(Loaded(loaded.effective).configuration == configuration, "\(text)")
    }
    #expect(count > 50)
  }
}
