// Ids for X-Request-Id: 128 bits that no other request has and that nobody can foretell, whatever ids
// they have seen. They are the key stream of ChaCha8 under a key of the kernel's. An id is no secret
// once it is used, so that the fewest rounds which nobody has broken will do.

import LinuxIO

/// A generator of request ids. One worker owns it. No call allocates; one in four makes a block, for
/// some 200 instructions.
struct RequestIDs: ~Copyable {
  private let key: ChaCha.Key
  private var counter: UInt64 = 0
  /// The latest block.
  private let block = ZeroedArray<UInt64>(count: 8)
  /// Where in it the next id begins.
  private var place = 8

  init() {
    var random = SystemRandomNumberGenerator()
    key = ChaCha.Key(random.next(), random.next(), random.next(), random.next())
  }

  /// The next id.
  mutating func next() -> (UInt64, UInt64) {
    if place == 8 { refill() }
    place += 2
    return (block[place - 2], block[place - 1])
  }

  @inline(never)
  private mutating func refill() {
    let rows = ChaCha.block(key, ChaCha.Row(counter, 0), doubleRounds: 4)
    counter &+= 1
    (block[0], block[1]) = rows.0.pairs
    (block[2], block[3]) = rows.1.pairs
    (block[4], block[5]) = rows.2.pairs
    (block[6], block[7]) = rows.3.pairs
    place = 0
  }
}
