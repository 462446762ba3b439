// Random choices that can be had again: each case draws from numbers of its own, so that what one came to
// moves no other.

/// The same numbers for the same words, in every run (SplitMix64).
struct Seeded: RandomNumberGenerator {
  private var state: UInt64 = 0

  /// - Parameter words: the run's seed, and what tells this use of it from others.
  init(_ words: UInt64...) {
    for word in words { state = (state ^ word) &* 0xD129_0296_3A8B_7B15 &+ next() }
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
    return word ^ word >> 31
  }

  /// A number of the range, which is not empty.
  mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

  /// True so many times of a hundred.
  mutating func chance(_ percent: Int) -> Bool { number(0...99) < percent }

  /// One of these, of which there is at least one.
  mutating func pick<Choice>(_ choices: [Choice]) -> Choice {
    choices[number(0...choices.count - 1)]
  }

  /// Any bytes, at most so many.
  mutating func noise(_ limit: Int) -> [UInt8] {
    (0..<number(0...limit)).map { _ in UInt8.random(in: 0...255, using: &self) }
  }

  /// Lengths at which things change: around nothing, a line, a packet, a buffer.
  mutating func length(atMost limit: Int) -> Int {
    let edge = pick([0, 1, 15, 16, 255, 1024, 1448, 4096, 16384, 32768, 65536])
    return min(limit, max(0, chance(60) ? number(0...300) : edge + number(-2...2)))
  }
}
