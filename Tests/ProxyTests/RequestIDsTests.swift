// That an id tells nothing of another one, and that the cipher behind them is the one of the RFC.

import Testing

@testable import Proxy

@Suite struct RequestIDsTests {
  @Test func `a block is the one of RFC 8439 §2.3.2`() {
    let key = ChaCha.Key(
      first: ChaCha.Row(0x0302_0100, 0x0706_0504, 0x0B0A_0908, 0x0F0E_0D0C),
      second: ChaCha.Row(0x1312_1110, 0x1716_1514, 0x1B1A_1918, 0x1F1E_1D1C))
    let input = ChaCha.Row(1, 0x0900_0000, 0x4A00_0000, 0)
    let block = ChaCha.block(key, input, doubleRounds: 10)
    #expect(block.0 == ChaCha.Row(0xE4E7_F110, 0x1559_3BD1, 0x1FDD_0F50, 0xC471_20A3))
    #expect(block.1 == ChaCha.Row(0xC7F4_D1C7, 0x0368_C033, 0x9AAA_2204, 0x4E6C_D4C3))
    #expect(block.2 == ChaCha.Row(0x4664_82D2, 0x09AA_9F07, 0x05D7_C214, 0xA202_8BD9))
    #expect(block.3 == ChaCha.Row(0xD19C_12B5, 0xB94E_16DE, 0xE883_D0CB, 0x4E3C_50A2))
    #expect(block.0.low == 0x1559_3BD1_E4E7_F110 && block.0.high == 0xC471_20A3_1FDD_0F50)
  }

  @Test func `no id comes twice, and no half of one, from one generator or two`() {
    var first = RequestIDs()
    var second = RequestIDs()
    var halves: Set<UInt64> = []
    for _ in 0..<5000 {
      for id in [first.next(), second.next()] {
        halves.insert(id.0)
        halves.insert(id.1)
      }
    }
    #expect(halves.count == 20_000)
  }

  @Test func `the next id does not follow from those before`() {
    var ids = RequestIDs()
    let (one, next) = (ids.next(), ids.next())
    #expect(one.0 != next.0)
    #expect(FormerIDs.following(one.1) != next.1)
  }
}

/// The generator that ids must not come from: its state can be had from one number of it.
enum FormerIDs {
  /// The number behind one.
  static func following(_ number: UInt64) -> UInt64 {
    mixed(state(number) &+ 0x9E37_79B9_7F4A_7C15)
  }

  private static func mixed(_ state: UInt64) -> UInt64 {
    var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }

  private static func state(_ number: UInt64) -> UInt64 {
    var mixed = unshifted(number, 31) &* inverse(0x94D0_49BB_1331_11EB)
    mixed = unshifted(mixed, 27) &* inverse(0xBF58_476D_1CE4_E5B9)
    return unshifted(mixed, 30)
  }

  /// What `word ^ word >> shift` came from.
  private static func unshifted(_ word: UInt64, _ shift: UInt64) -> UInt64 {
    var result = word
    for _ in 0..<3 { result = word ^ result >> shift }
    return result
  }

  /// Of an odd number, modulo 2⁶⁴.
  private static func inverse(_ number: UInt64) -> UInt64 {
    var inverse = number
    for _ in 0..<6 { inverse = inverse &* (2 &- number &* inverse) }
    return inverse
  }
}
