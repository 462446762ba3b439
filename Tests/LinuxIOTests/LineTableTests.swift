// Lines under construction, and what makes text of others fit into JSON.

import Foundation
import LinuxIO
import Testing

struct LineTableTests {
  /// What a text comes to inside of a JSON string.
  private func escaped(_ bytes: [UInt8], atMost limit: Int = 1000) -> (text: [UInt8], isWhole: Bool)
  {
    var table = LineTable(rows: 1, stride: 8192)
    table.begin(0)
    let isWhole = table.append(json: bytes.span, atMost: limit)
    return (table.text, isWhole)
  }

  @Test func `rows keep what they hold apart, and go on where they were`() {
    var table = LineTable(rows: 3, stride: 64)
    for slot in [0, 2, 1] as [UInt32] {
      table.begin(slot)
      table.append("row ")
      table.append(decimal: Int(slot))
      table.keep()
    }
    table.resume(2)
    table.append(" again")
    table.keep()
    var texts: [String] = []
    for slot in 0..<3 as Range<UInt32> {
      table.resume(slot)
      texts.append(String(decoding: table.text, as: UTF8.self))
    }
    #expect(texts == ["row 0", "row 1", "row 2 again"])
  }

  @Test func `a row takes no more than it has room for`() {
    var table = LineTable(rows: 2, stride: 64)
    table.begin(0)
    for _ in 0..<20 { table.append("0123456789") }
    table.append(hex: 1)
    for _ in 0..<20 { table.append(0x2E) }
    let count = table.count
    #expect(count == 56)
    table.resume(1)
    #expect(table.count == 0)
  }

  @Test func `numbers are written as people write them`() {
    var table = LineTable(rows: 1, stride: 512)
    table.begin(0)
    for number in [0, 9, 10, 99, 100, 12345, Int.max] {
      table.append(decimal: number)
      table.append(" ")
    }
    table.append(7, digits: 3)
    table.append(" ")
    table.append(hex: 0x0123_4567_89AB_CDEF)
    #expect(
      String(decoding: table.text, as: UTF8.self)
        == "0 9 10 99 100 12345 9223372036854775807 007 0123456789abcdef")
  }

  @Test func `plain text of any length stands for itself`() {
    let plain = (0x20...0x7E).map { UInt8($0) }.filter { $0 != 0x22 && $0 != 0x5C }
    for length in 0..<80 {
      let text = (0..<length).map { plain[($0 * 7 + length) % plain.count] }
      let result = escaped(text)
      #expect(result.text == text && result.isWhole, "\(length) bytes")
    }
  }

  @Test func `any byte at any place reads back from JSON as it was, or as U+FFFD`() throws {
    for length in 1...20 {
      for place in 0..<length {
        for byte in UInt8.min ... .max {
          var text = [UInt8](repeating: 0x61, count: length)
          text[place] = byte
          let result = escaped(text)
          let expected = String(decoding: text, as: UTF8.self)
          #expect(try read(result.text) == expected, "byte \(byte) at \(place) of \(length)")
        }
      }
    }
  }

  @Test func `random bytes are valid JSON and UTF-8`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var state = seed
    for _ in 0..<5000 {
      var text: [UInt8] = []
      for _ in 0..<(Int(state >> 33) % 24) {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        // Half of them lead or follow in UTF-8.
        let byte = UInt8(truncatingIfNeeded: state >> 40)
        text.append(state >> 63 == 0 ? byte : byte | 0x80)
      }
      state = state &* 6_364_136_223_846_793_005 &+ 1
      let result = escaped(text)
      #expect(String(validating: result.text, as: UTF8.self) != nil, "seed \(seed): \(text)")
      #expect(try read(result.text) != nil, "seed \(seed): \(text)")
    }
  }

  @Test func `well-formed UTF-8 passes, what is none does not`() {
    for text in ["ä", "€", "𝄞", "\u{7FF}\u{800}\u{FFFF}\u{10000}\u{10FFFF}"] {
      #expect(escaped(Array(text.utf8)).text == Array(text.utf8))
    }
    let wrong: [[UInt8]] = [
      [0xC0, 0xAF], [0xE0, 0x80, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xC3],
      [0x80],
      [0xF8, 0x88, 0x80, 0x80, 0x80], [0xE2, 0x82],
    ]
    for bytes in wrong {
      let expected = Array(String(repeating: "\u{FFFD}", count: bytes.count).utf8)
      #expect(escaped(bytes).text == expected, "\(bytes)")
    }
  }

  @Test func `what steers a terminal or turns a line around is escaped`() throws {
    let hidden =
      Array(0..<0x20) + Array(0x7F...0x9F) + [0x61C, 0x200E, 0x200F] + Array(0x2028...0x202E)
      + Array(0x2066...0x2069)
    let all = (0..<0x3000).filter { !(0xD800..<0xE000 ~= $0) && $0 != 0x22 && $0 != 0x5C }
    for code in all {
      let character = String(try #require(Unicode.Scalar(UInt32(code))))
      let text = Array("ab\(character)".utf8)
      let digits = String(code, radix: 16)
      let escape = "ab\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      let wanted = hidden.contains(code) ? Array(escape.utf8) : text
      #expect(escaped(text).text == wanted, "U+\(digits)")
      #expect(try read(escaped(text).text) == "ab\(character)")
    }
    // A character that is cut, or overlong, is none.
    #expect(escaped([0xE2, 0x80]).text == Array("\u{FFFD}\u{FFFD}".utf8))
    #expect(escaped([0xC1, 0x80]).text == Array("\u{FFFD}\u{FFFD}".utf8))
    // An escape counts as it stands.
    let cut = escaped(Array("abcd\u{202E}".utf8), atMost: 9)
    #expect(cut.text == Array("abcd".utf8) && !cut.isWhole)
  }

  @Test func `a text is cut at its bound, between two characters`() {
    #expect(escaped(Array("abcdefghij".utf8), atMost: 10).isWhole)
    let cut = escaped(Array("abcdefghijk".utf8), atMost: 10)
    #expect(cut.text == Array("abcdefghij".utf8) && !cut.isWhole)
    let quoted = escaped(Array("abcdefghi\"".utf8), atMost: 10)
    #expect(quoted.text == Array("abcdefghi".utf8) && !quoted.isWhole)
    let wide = escaped(Array("abcdefghä".utf8) + [0x61], atMost: 9)
    #expect(wide.text == Array("abcdefgh".utf8) && !wide.isWhole)
  }

  /// What a reader of JSON makes of a string's inside.
  private func read(_ inside: [UInt8]) throws -> String? {
    let document = Data([0x5B, 0x22] + inside + [0x22, 0x5D])
    return try (JSONSerialization.jsonObject(with: document) as? [String])?.first
  }
}

extension LineTable {
  fileprivate var text: [UInt8] {
    let bytes = bytes
    return (0..<bytes.count).map { bytes[$0] }
  }
}
