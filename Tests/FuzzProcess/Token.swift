// The mark of a request: whoever answers states it, so that an answer that went to another shows.

/// A request's mark, 15 bytes of text such as `fzs0123456789ab`. Its last digits check the others, so that
/// no mutation makes another request's mark.
struct Token: Hashable, Sendable {
  enum Kind: UInt8, Sendable {
    /// A well-behaved client's: it must be answered.
    case steady = 0x73
    /// An attacker's that is sent as it was made: what must hold of its answers is known.
    case pure = 0x70
    /// Part of bytes that were changed afterwards.
    case mutated = 0x6D
    /// One that its replica lets wait for longer than any trial of it lasts.
    case unanswered = 0x75
  }

  let kind: Kind
  /// 32 bits and a check of 16 behind them.
  let number: UInt64

  static let length = 15
  private static let start: [UInt8] = Array("fz".utf8)

  init(_ kind: Kind, _ random: inout Seeded) {
    self.kind = kind
    let word = random.next() & 0xFFFF_FFFF
    number = word << 16 | Token.check(kind, word)
  }

  private init(_ kind: Kind, number: UInt64) {
    (self.kind, self.number) = (kind, number)
  }

  private static func check(_ kind: Kind, _ word: UInt64) -> UInt64 {
    ((word ^ UInt64(kind.rawValue) << 32) &* 0x9E37_79B9_7F4A_7C15) >> 48
  }

  var text: String {
    let digits = String(number, radix: 16)
    return "fz" + String(UnicodeScalar(kind.rawValue))
      + String(repeating: "0", count: 12 - digits.utf8.count) + digits
  }

  /// The mark that begins at a place of `bytes`.
  private init?(_ bytes: ArraySlice<UInt8>) {
    guard bytes.count >= Token.length, bytes.starts(with: Token.start),
      let kind = Kind(rawValue: bytes[bytes.startIndex + 2])
    else { return nil }
    var number: UInt64 = 0
    for byte in bytes.dropFirst(3).prefix(12) {
      switch byte {
      case 0x30...0x39: number = number << 4 | UInt64(byte - 0x30)
      case 0x61...0x66: number = number << 4 | UInt64(byte - 0x57)
      default: return nil
      }
    }
    guard number & 0xFFFF == Token.check(kind, number >> 16) else { return nil }
    self.init(kind, number: number)
  }

  /// All that stand in `bytes`, in their order.
  static func all(in bytes: [UInt8]) -> [Token] {
    var found: [Token] = []
    var index = 0
    while let next = bytes[index...].firstIndex(of: 0x66) {
      if let token = Token(bytes[next...]) { found.append(token) }
      index = next + 1
    }
    return found
  }

  static func all(in text: String) -> [Token] { all(in: Array(text.utf8)) }
}
