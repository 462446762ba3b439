// Numbers and durations in text, as options and paths of replicad hold them.

/// Readers of quantities: nil for everything that is not exactly one.
enum Quantity {
  /// `1*DIGIT`, at most 18 of them.
  static func number(_ text: some Collection<UInt8>) -> Int? {
    guard !text.isEmpty && text.count <= 18 else { return nil }
    var value = 0
    for byte in text {
      guard byte >= 0x30 && byte <= 0x39 else { return nil }
      value = value * 10 + Int(byte - 0x30)
    }
    return value
  }

  /// The longest duration that is accepted, in milliseconds.
  static var longest: Int { 24 * 3_600_000 }

  /// `250ms`, `5s`, `2m`, `1h` in milliseconds. A bare number is none: it would leave the unit open.
  static func milliseconds(_ text: some Collection<UInt8>) -> Int? {
    let digits = text.prefix { $0 >= 0x30 && $0 <= 0x39 }
    guard let value = number(digits), value <= longest else { return nil }
    let unit: Int
    switch String(decoding: text.dropFirst(digits.count), as: UTF8.self) {
    case "ms": unit = 1
    case "s": unit = 1000
    case "m": unit = 60_000
    case "h": unit = 3_600_000
    default: return nil
    }
    return value * unit <= longest ? value * unit : nil
  }
}
