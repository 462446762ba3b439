// The block function of ChaCha (RFC 8439 §2.3), its 16 words as four rows that are mixed side by side.

enum ChaCha {
  typealias Row = SIMD4<UInt32>

  /// 256 bits.
  struct Key {
    let low: Row
    let high: Row

    init(low: Row, high: Row) {
      (self.low, self.high) = (low, high)
    }

    init(_ first: UInt64, _ second: UInt64, _ third: UInt64, _ fourth: UInt64) {
      low = Row(first, second)
      high = Row(third, fourth)
    }
  }

  /// One block of the key stream.
  /// - Parameters:
  ///   - input: the last row of the state: counter and nonce, never the same twice under one key.
  ///   - doubleRounds: 10 for ChaCha20, 4 for ChaCha8.
  static func block(_ key: Key, _ input: Row, doubleRounds: Int) -> (Row, Row, Row, Row) {
    // "expand 32-byte k".
    let constants = Row(0x6170_7865, 0x3320_646E, 0x7962_2D32, 0x6B20_6574)
    var (a, b, c, d) = (constants, key.low, key.high, input)
    for _ in 0..<doubleRounds {
      mix(&a, &b, &c, &d)
      (b, c, d) = (b.turned1, c.turned2, d.turned3)
      mix(&a, &b, &c, &d)
      (b, c, d) = (b.turned3, c.turned2, d.turned1)
    }
    return (a &+ constants, b &+ key.low, c &+ key.high, d &+ input)
  }

  /// Four quarter rounds (§2.1), one in each column.
  @inline(__always)
  private static func mix(_ a: inout Row, _ b: inout Row, _ c: inout Row, _ d: inout Row) {
    a &+= b
    d = (d ^ a).rotated(16)
    c &+= d
    b = (b ^ c).rotated(12)
    a &+= b
    d = (d ^ a).rotated(8)
    c &+= d
    b = (b ^ c).rotated(7)
  }
}

extension SIMD4<UInt32> {
  init(_ low: UInt64, _ high: UInt64) {
    self.init(
      UInt32(truncatingIfNeeded: low), UInt32(truncatingIfNeeded: low >> 32),
      UInt32(truncatingIfNeeded: high), UInt32(truncatingIfNeeded: high >> 32))
  }

  /// Its words in pairs, the first of each lowest.
  @inline(__always)
  var pairs: (UInt64, UInt64) {
    (UInt64(self[1]) << 32 | UInt64(self[0]), UInt64(self[3]) << 32 | UInt64(self[2]))
  }

  @inline(__always)
  fileprivate func rotated(_ count: UInt32) -> Self { self &<< count | self &>> (32 &- count) }

  @inline(__always)
  fileprivate var turned1: Self { Self(self[1], self[2], self[3], self[0]) }
  @inline(__always)
  fileprivate var turned2: Self { Self(self[2], self[3], self[0], self[1]) }
  @inline(__always)
  fileprivate var turned3: Self { Self(self[3], self[0], self[1], self[2]) }
}
