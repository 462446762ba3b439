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
    var old: [SlabToken<Int>] = []
    for round in 0..<100 {
      let slot = slab.insert(round)
      let token = slab.token(slot)
      let found = slab.slot(of: token)
      #expect(found == slot && slot.number == 0)
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
  func `a number that was never given out as a token finds nothing`(_ number: UInt64) {
    let token = SlabToken<Int>(rawValue: number)
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
    #expect(slots.map(\.number) == [0, 1, 2])
    _ = slab.remove(slots[1])
    _ = slab.remove(slots[0])
    let again = [slab.insert(3), slab.insert(4)]
    #expect(again == [slots[0], slots[1]])
  }

  @Test func `the walk meets each record once and no gap`() {
    var slab = Slab<Int>(capacity: 8)
    let slots = (0..<6).map { slab.insert($0) }
    for index in [0, 3, 5] { _ = slab.remove(slots[index]) }
    var met: [SlabSlot<Int>] = []
    var next = slab.first
    while let slot = next {
      met.append(slot)
      next = slab.next(after: slot)
    }
    #expect(met == [slots[1], slots[2], slots[4]])
  }

  @Test func `a slot holds a record until that is removed, and the absent one never does`() {
    var slab = Slab<Int>(capacity: 2)
    let slot = slab.insert(1)
    let (has, hasAbsent) = (slab.contains(slot), slab.contains(.absent))
    #expect(has && !hasAbsent)
    _ = slab.remove(slot)
    let hasStill = slab.contains(slot)
    #expect(!hasStill)
  }

  @Test func `a link of zeros is absent, and any other gives the slot that it was made of`() {
    let links = ZeroedArray<SlabLink<Int>>(count: 1)
    #expect(links[0].slot == .absent)
    for number in [0, 7, 1 << 31] as [UInt32] {
      links[0] = SlabLink(SlabSlot(number: number))
      #expect(links[0].slot.number == number)
    }
    links[0] = SlabLink(.absent)
    #expect(links[0].slot == .absent)
  }

  @Test func `records that are left end with their table`() {
    let ended = SharedCells(count: 1)
    do {
      var slab = Slab<Record>(capacity: 4)
      let slots = (0..<3).map { slab.insert(Record($0, telling: ended)) }
      let number = slab[slots[1]].number
      #expect(number == 1)
      _ = slab.remove(slots[1])
      #expect(ended.load(0) == 1)
    }
    #expect(ended.load(0) == 3)
  }

  @Test func `giving pages back leaves tokens as stale as they were`() {
    var slab = Slab<Int>(capacity: 5000)
    let slot = slab.insert(1)
    let token = slab.token(slot)
    slab.trim()
    let value = slab[slot]
    #expect(value == 1)
    _ = slab.remove(slot)
    slab.trim()
    let isGone = slab.slot(of: token) == nil
    #expect(isGone)
    let other = slab.token(slab.insert(2))
    #expect(other != token)
  }

  @Test func `records that stay keep their values while the pages of others go`() {
    var slab = Slab<InlineArray<8, Int>>(capacity: 20_000)
    var tokens: [SlabToken<InlineArray<8, Int>>] = []
    for number in 0..<10_000 {
      tokens.append(slab.token(slab.insert(InlineArray(repeating: number))))
    }
    let isFull = slab.hasSpare
    #expect(!isFull)
    for number in 0..<10_000 where number % 999 != 5 {
      _ = slab.remove(SlabSlot(number: UInt32(number)))
    }
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
