// The block function of ChaCha (RFC 8439 §2.3). Its words stand in variables of their own: Swift 6.3.1
// takes rows of SIMD apart to rotate them, which costs more than it wins.

enum ChaCha {
  /// A quarter of the state, or of a block.
  struct Row: Equatable {
    var a: UInt32
    var b: UInt32
    var c: UInt32
    var d: UInt32

    init(_ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: UInt32) {
      (self.a, self.b, self.c, self.d) = (a, b, c, d)
    }

    init(_ low: UInt64, _ high: UInt64) {
      self.init(
        UInt32(truncatingIfNeeded: low), UInt32(truncatingIfNeeded: low >> 32),
        UInt32(truncatingIfNeeded: high), UInt32(truncatingIfNeeded: high >> 32))
    }

    /// Its words in pairs, the first of each lowest.
    var low: UInt64 { UInt64(b) << 32 | UInt64(a) }
    var high: UInt64 { UInt64(d) << 32 | UInt64(c) }

    static func &+ (one: Row, other: Row) -> Row {
      Row(one.a &+ other.a, one.b &+ other.b, one.c &+ other.c, one.d &+ other.d)
    }
  }

  /// 256 bits.
  struct Key {
    let first: Row
    let second: Row
  }

  /// One block of the key stream.
  /// - Parameters:
  ///   - input: the last row of the state: counter and nonce, never the same twice under one key.
  ///   - doubleRounds: 10 for ChaCha20, 4 for ChaCha8.
  @inline(__always)
  static func block(_ key: Key, _ input: Row, doubleRounds: Int) -> (Row, Row, Row, Row) {
    // "expand 32-byte k".
    let constants = Row(0x6170_7865, 0x3320_646E, 0x7962_2D32, 0x6B20_6574)
    var (p, q, r, s) = (constants, key.first, key.second, input)
    for _ in 0..<doubleRounds {
      mix(&p.a, &q.a, &r.a, &s.a)
      mix(&p.b, &q.b, &r.b, &s.b)
      mix(&p.c, &q.c, &r.c, &s.c)
      mix(&p.d, &q.d, &r.d, &s.d)
      mix(&p.a, &q.b, &r.c, &s.d)
      mix(&p.b, &q.c, &r.d, &s.a)
      mix(&p.c, &q.d, &r.a, &s.b)
      mix(&p.d, &q.a, &r.b, &s.c)
    }
    return (p &+ constants, q &+ key.first, r &+ key.second, s &+ input)
  }

  /// A quarter round (§2.1).
  @inline(__always)
  private static func mix(
    _ a: inout UInt32, _ b: inout UInt32, _ c: inout UInt32, _ d: inout UInt32
  ) {
    a &+= b
    d = rotated(d ^ a, 16)
    c &+= d
    b = rotated(b ^ c, 12)
    a &+= b
    d = rotated(d ^ a, 8)
    c &+= d
    b = rotated(b ^ c, 7)
  }

  @inline(__always)
  private static func rotated(_ word: UInt32, _ count: UInt32) -> UInt32 {
    word &<< count | word &>> (32 &- count)
  }
}
