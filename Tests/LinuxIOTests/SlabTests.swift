// Records stay what their tokens say: a token of a record that is gone never finds its successor.

import LinuxIO
import Synchronization
import Testing

/// A record that tells of its end.
private struct Record: ~Copyable {
  let number: Int
  private let ended: SharedCells?

  init(_ number: Int, telling ended: SharedCells? = nil) {
    self.number = number
    self.ended = ended
  }

  deinit {
    ended?.add(0, 1)
  }
}

struct SlabTests {
  @Test func `a record is reached by its slot and changed in place`() {
    var slab = Slab<Int>(capacity: 4)
    let (first, second) = (slab.insert(1), slab.insert(2))
    slab[first] += 10
    let values = [slab[first], slab[second], slab.count]
    #expect(values == [11, 2, 2])
    let removed = slab.remove(first)
    let count = slab.count
    #expect(removed == 11 && count == 1)
  }

  @Test func `a token finds its own record and never the next one in its slot`() {
    var slab = Slab<Int>(capacity: 1)
    var old: [UInt64] = []
    for round in 0..<100 {
      let slot = slab.insert(round)
      let token = slab.token(slot)
      let found = slab.slot(of: token)
      #expect(found == slot && slot == 0)
      let stale = old.filter { slab.slot(of: $0) != nil }
      #expect(stale.isEmpty)
      old.append(token)
      _ = slab.remove(slot)
      let isGone = slab.slot(of: token) == nil
      #expect(isGone)
    }
    #expect(Set(old).count == 100)
  }

  @Test(arguments: [0, 1, 0xFFFF_FFFF, .max, 0x1_0000_0000, 0x7_0000_0003] as [UInt64])
  func `a number that was never given out as a token finds nothing`(_ token: UInt64) {
    var slab = Slab<Int>(capacity: 4)
    let isEmpty = slab.slot(of: token) == nil
    #expect(isEmpty)
    let slot = slab.insert(1)
    _ = slab.insert(2)
    _ = slab.remove(slot)
    let isStillNothing = slab.slot(of: token) == nil
    #expect(isStillNothing)
  }

  @Test func `a freed slot is used again before a new one is touched`() {
    var slab = Slab<Int>(capacity: 3)
    let slots = [slab.insert(0), slab.insert(1), slab.insert(2)]
    #expect(slots == [0, 1, 2])
    _ = slab.remove(1)
    _ = slab.remove(0)
    let again = [slab.insert(3), slab.insert(4)]
    #expect(again == [0, 1])
  }

  @Test func `the walk meets each record once and no gap`() {
    var slab = Slab<Int>(capacity: 8)
    for number in 0..<6 { _ = slab.insert(number) }
    for slot in [0, 3, 5] as [UInt32] { _ = slab.remove(slot) }
    var met: [UInt32] = []
    var next: UInt32 = 0
    while let slot = slab.next(from: next) {
      met.append(slot)
      next = slot + 1
    }
    #expect(met == [1, 2, 4])
  }

  @Test func `records that are left end with their table`() {
    let ended = SharedCells(count: 1)
    do {
      var slab = Slab<Record>(capacity: 4)
      for number in 0..<3 { _ = slab.insert(Record(number, telling: ended)) }
      let number = slab[1].number
      #expect(number == 1)
      _ = slab.remove(1)
      #expect(ended.load(0) == 1)
    }
    #expect(ended.load(0) == 3)
  }

  @Test func `giving pages back leaves tokens as stale as they were`() {
    var slab = Slab<Int>(capacity: 5000)
    let token = slab.token(slab.insert(1))
    slab.trim()
    let value = slab[0]
    #expect(value == 1)
    _ = slab.remove(0)
    slab.trim()
    let isGone = slab.slot(of: token) == nil
    #expect(isGone)
    let other = slab.token(slab.insert(2))
    #expect(other != token)
  }

  @Test func `records that stay keep their values while the pages of others go`() {
    var slab = Slab<InlineArray<8, Int>>(capacity: 20_000)
    var tokens: [UInt64] = []
    for number in 0..<10_000 {
      tokens.append(slab.token(slab.insert(InlineArray(repeating: number))))
    }
    let isFull = slab.hasSpare
    #expect(!isFull)
    for number in 0..<10_000 where number % 999 != 5 { _ = slab.remove(UInt32(number)) }
    let isSparse = slab.hasSpare
    #expect(isSparse)
    slab.trim()
    let isTrimmed = !slab.hasSpare
    #expect(isTrimmed)
    for (number, token) in tokens.enumerated() {
      guard let slot = slab.slot(of: token) else { continue }
      let value = slab[slot][7]
      #expect(number % 999 == 5 && value == number)
    }
    for number in 0..<9_000 {
      #expect(slab[slab.insert(InlineArray(repeating: number))][0] == number)
    }
  }
}
