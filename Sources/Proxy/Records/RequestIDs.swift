// Ids for X-Request-Id: 128 bits that no other request has and that nobody can foretell, whatever ids
// they have seen. They are the key stream of ChaCha8 under a key of the kernel's. An id is no secret
// once it is used, so that the fewest rounds which nobody has broken will do.

import LinuxIO

/// A generator of request ids. One worker owns it. No call allocates; one in four makes a block, so
/// that an id costs some 150 instructions.
struct RequestIDs: ~Copyable {
  typealias ID = (UInt64, UInt64)

  private let key: ChaCha.Key
  private var counter: UInt64 = 0
  /// The rest of the latest block: the first three ids after the one that was handed out.
  private var rest: (ID, ID, ID) = ((0, 0), (0, 0), (0, 0))
  private var left = 0

  init() {
    var random = SystemRandomNumberGenerator()
    key = ChaCha.Key(
      first: ChaCha.Row(random.next(), random.next()),
      second: ChaCha.Row(random.next(), random.next()))
  }

  /// The next id.
  mutating func next() -> ID {
    left &-= 1
    switch left {
    case 2: return rest.0
    case 1: return rest.1
    case 0: return rest.2
    default: return refill()
    }
  }

  @inline(never)
  private mutating func refill() -> ID {
    let block = ChaCha.block(key, ChaCha.Row(counter, 0), doubleRounds: 4)
    counter &+= 1
    rest = ((block.1.low, block.1.high), (block.2.low, block.2.high), (block.3.low, block.3.high))
    left = 3
    return (block.0.low, block.0.high)
  }
}
