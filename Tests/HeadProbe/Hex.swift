// Bytes as pairs of hexadecimal digits, so that any message is a line and any line is text.

import HTTPWire

/// The two directions.
enum Hex {
  /// Nil when the digits are not pairs, or are none.
  static func bytes(_ digits: some Collection<UInt8>) -> [UInt8]? {
    guard digits.count.isMultiple(of: 2) else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count / 2)
    var high: Int?
    for digit in digits {
      guard let value = ByteClass.hexValue(digit) else { return nil }
      if let first = high {
        bytes.append(UInt8(first << 4 | value))
        high = nil
      } else {
        high = value
      }
    }
    return bytes
  }

  static func text(
    _ bytes: Span<UInt8>, _ range: Range<Int>, inSmallLetters: Bool = false
  ) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(range.count * 2)
    for index in range {
      let byte = bytes[index]
      let isCapital = inSmallLetters && byte >= 0x41 && byte <= 0x5A
      let shown = isCapital ? byte | 0x20 : byte
      text.append(digits[Int(shown >> 4)])
      text.append(digits[Int(shown & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}
