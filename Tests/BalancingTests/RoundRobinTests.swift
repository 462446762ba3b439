// Whose turn it is: equal and weighted shares, retries, and pools with nobody in them.

import Balancing
import Testing

@Suite struct RoundRobinTests {
  private func turns(_ weights: [Int], _ count: Int) -> [Int] {
    var picker = RoundRobin()
    picker.rebuild(weights.enumerated().map { ($0.offset, $0.element) })
    return (0..<count).compactMap { picker.pick(ticket: $0, excluding: TriedReplicas()) }
  }

  @Test func `equal weights take turns in the pool's order`() {
    #expect(turns([100, 100, 100], 7) == [0, 1, 2, 0, 1, 2, 0])
  }

  @Test func `a dead replica's share is spread evenly`() {
    var picker = RoundRobin()
    picker.rebuild([(0, 100), (2, 100), (3, 100)])
    var counts = [0, 0, 0, 0]
    for ticket in 0..<300 { counts[picker.pick(ticket: ticket, excluding: TriedReplicas())!] += 1 }
    #expect(counts == [100, 0, 100, 100])
  }

  @Test func `weights give turns in proportion, spread over the round`() {
    let round = turns([300, 100], 8)
    #expect(round.count { $0 == 0 } == 6)
    #expect(round.count { $0 == 1 } == 2)
    #expect(!zip(round, round.dropFirst()).contains { $0 == 1 && $1 == 1 })
  }

  @Test func `a retry goes to the next in turn that was not tried`() {
    var picker = RoundRobin()
    picker.rebuild([(5, 1), (6, 1), (7, 1)])
    var tried = TriedReplicas()
    tried.insert(6)
    #expect(picker.pick(ticket: 1, excluding: tried) == 7)
    tried.insert(7)
    #expect(picker.pick(ticket: 1, excluding: tried) == 5)
    tried.insert(5)
    #expect(picker.pick(ticket: 1, excluding: tried) == nil)
  }

  @Test func `an empty pool gives nothing`() {
    #expect(turns([], 3) == [])
    let isEmpty = RoundRobin().isEmpty
    #expect(isEmpty)
  }

  @Test func `weights of any size make a round that is bounded`() {
    var picker = RoundRobin()
    picker.rebuild((0..<1000).map { ($0, $0 % 256 + 1) })
    var seen = Set<Int>()
    for ticket in 0..<RoundRobin.longestRound * 2 {
      seen.insert(picker.pick(ticket: ticket, excluding: TriedReplicas())!)
    }
    #expect(seen.count == 1000)
  }

  @Test func `tickets may pass the largest number`() {
    var picker = RoundRobin()
    picker.rebuild([(0, 1), (1, 1)])
    #expect(picker.pick(ticket: Int.max, excluding: TriedReplicas()) != nil)
    #expect(picker.pick(ticket: Int.min, excluding: TriedReplicas()) != nil)
  }
}
