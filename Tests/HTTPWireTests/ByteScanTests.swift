// The word-wise scanner beside the plain questions that it answers.

import Testing

@testable import HTTPWire

/// The scanner against the plain questions of `ByteClass`, byte by byte.
struct ByteScanTests {
  private static func end(
    _ bytes: [UInt8], _ start: Int, _ isOfKind: (UInt8) -> Bool
  ) -> Int {
    bytes[start...].firstIndex { !isOfKind($0) } ?? bytes.count
  }

  private func check(_ bytes: [UInt8]) {
    for start in 0...bytes.count {
      #expect(
        ByteScan.tokenEnd(bytes.span, from: start) == Self.end(bytes, start, ByteClass.isToken),
        "token \(bytes) from \(start)")
      #expect(
        ByteScan.targetEnd(bytes.span, from: start) == Self.end(bytes, start, ByteClass.isTarget),
        "target \(bytes) from \(start)")
      #expect(
        ByteScan.valueEnd(bytes.span, from: start)
          == Self.end(bytes, start, ByteClass.isFieldValue), "value \(bytes) from \(start)")
    }
  }

  @Test func `each byte at each place of a word ends what it ends alone`() {
    for byte in UInt8.min...UInt8.max {
      for place in 0..<8 {
        var word = [UInt8](repeating: 0x61, count: 11)
        word[place] = byte
        check(word)
      }
    }
  }

  @Test(arguments: [0x5F, 0x2D, 0x39, 0x7A, 0x09, 0xFF, 0x80, 0x7E] as [UInt8])
  func `neighbours change nothing of each other`(_ neighbour: UInt8) {
    for byte in UInt8.min...UInt8.max {
      check([neighbour, byte, neighbour, byte, neighbour, neighbour, byte, byte, neighbour, byte])
    }
  }

  @Test func `a word is eight bytes that are there`() {
    let bytes = [UInt8](0..<12)
    #expect(ByteScan.word(bytes.span, 4) == 0x0B0A_0908_0706_0504)
    #expect(ByteScan.word(bytes.span, 5) == nil)
    #expect(ByteScan.word(bytes.span, -1) == nil)
  }

  @Test func `numbers and ids are written in full`() {
    var writer = ByteWriter(capacity: 400)
    for value in [0, 7, 10, 99, 200, 65536, 1_000_000_000_000_000_000, .max] {
      writer.append(decimal: value)
      writer.append(" ")
    }
    writer.append(hex: 0x0123_4567_89AB_CDEF)
    writer.append(hex: 0xFEDC_BA98_7654_3210)
    #expect(
      String(decoding: writer.bytes.indices.map { writer.bytes[$0] }, as: UTF8.self)
        == "0 7 10 99 200 65536 1000000000000000000 9223372036854775807 "
        + "0123456789abcdeffedcba9876543210")
  }
}
