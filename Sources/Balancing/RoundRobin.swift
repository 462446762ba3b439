// Strict round robin over any number of workers. The turn is a number that all workers draw from one
// counter. The order is a table that each worker derives alike from the same facts. So the n-th request
// goes to the n-th replica, whichever worker serves it, and a dead replica's share is spread evenly,
// since the replica is not in the table.

/// The replicas that an exchange has already tried, so that a retry goes to another.
package struct TriedReplicas: Sendable {
  private var slots = InlineArray<12, UInt16>(repeating: 0)
  package private(set) var count = 0

  package init() {}

  /// Adds a replica; after twelve the oldest stay.
  package mutating func insert(_ slot: Int) {
    guard count < slots.count && !contains(slot) else { return }
    slots[count] = UInt16(slot)
    count += 1
  }

  /// Forgets the replica that was added last, if it is this one.
  package mutating func forget(_ slot: Int) {
    if count > 0 && slots[count - 1] == UInt16(slot) { count -= 1 }
  }

  /// The replicas' slots, in the order of the attempts.
  package var list: [Int] { (0..<count).map { Int(slots[$0]) } }

  package func contains(_ slot: Int) -> Bool {
    for index in 0..<count where slots[index] == slot { return true }
    return false
  }
}

/// The picker: a table of replicas' slots in the order of turns. One worker owns the table. Picking
/// allocates nothing and takes a few nanoseconds.
package struct RoundRobin: ~Copyable {
  /// The most turns of one round: weights are reduced to fit.
  package static var longestRound: Int { 8192 }

  private var turns: [UInt16] = []

  package init() {}

  /// Whether no replica is usable.
  package var isEmpty: Bool { turns.isEmpty }

  /// Builds the table anew.
  /// - Parameter replicas: the usable ones in the pool's order; weights are 1 or more. Over one
  ///   round each has turns in proportion to its weight, spread evenly; equal weights give the
  ///   pool's order. Costs a sort of the round; called when health, weights or replicas change.
  package mutating func rebuild(_ replicas: [(slot: Int, weight: Int)]) {
    turns.removeAll(keepingCapacity: true)
    let shares = RoundRobin.reduce(replicas.map(\.weight))
    if shares.allSatisfy({ $0 == 1 }) {
      for replica in replicas { turns.append(UInt16(replica.slot)) }
      return
    }
    var order: [(time: Double, index: Int)] = []
    for (index, share) in shares.enumerated() {
      for turn in 0..<share { order.append(((Double(turn) + 0.5) / Double(share), index)) }
    }
    order.sort { ($0.time, $0.index) < ($1.time, $1.index) }
    for turn in order { turns.append(UInt16(replicas[turn.index].slot)) }
  }

  /// The replica whose turn a ticket is, or the next one that was not tried; nil when there is none.
  package func pick(ticket: Int, excluding tried: TriedReplicas) -> Int? {
    guard !turns.isEmpty else { return nil }
    var position = Int(UInt(bitPattern: ticket) % UInt(turns.count))
    for _ in 0..<turns.count {
      let slot = Int(turns[position])
      if !tried.contains(slot) { return slot }
      position = position + 1 == turns.count ? 0 : position + 1
    }
    return nil
  }

  /// Turns of one round.
  package var count: Int { turns.count }

  /// The replica whose turn a ticket is. The table must not be empty.
  package func slot(ticket: Int) -> Int {
    Int(turns[Int(UInt(bitPattern: ticket) % UInt(turns.count))])
  }

  /// Whether some replica was not tried. Costs at most a round.
  package func hasOther(than tried: TriedReplicas) -> Bool {
    pick(ticket: 0, excluding: tried) != nil
  }

  /// Weights as the smallest whole numbers in the same proportion whose sum fits one round.
  private static func reduce(_ weights: [Int]) -> [Int] {
    let divisor = max(1, weights.reduce(0, greatestCommonDivisor))
    let shares = weights.map { $0 / divisor }
    let sum = shares.reduce(0, +)
    guard sum > longestRound else { return shares }
    return shares.map { max(1, $0 * longestRound / sum) }
  }

  private static func greatestCommonDivisor(_ one: Int, _ other: Int) -> Int {
    var (one, other) = (one, other)
    while other != 0 { (one, other) = (other, one % other) }
    return one
  }
}
