// The order of reloads, and what becomes of one whose conf cannot be read in time.

import Testing

@testable import lbd

@Suite struct ReloadQueueTests {
  private func order(_ connection: UInt64, isRehearsal: Bool = false) -> ReloadOrder {
    ReloadOrder(user: 0, connection: connection, isRehearsal: isRehearsal)
  }

  private func next(_ queue: inout ReloadQueue, now: UInt64) throws -> ReloadQueue.Reading {
    let reading = queue.next(now: now)
    return try #require(reading)
  }

  @Test func `one conf is read at a time, in the order of the orders`() throws {
    var queue = ReloadQueue()
    #expect(queue.due == .max)
    for connection in 1...3 { queue.add(order(UInt64(connection))) }
    for connection in 1...3 {
      let reading = try next(&queue, now: 7)
      #expect(reading.order.connection == UInt64(connection))
      #expect(queue.due == 7 + ReloadQueue.patience)
      let another = queue.next(now: 8)
      #expect(another == nil)
      let ended = queue.ended(reading.number)
      #expect(ended == reading.order && queue.due == .max)
    }
    let none = queue.next(now: 9)
    #expect(none == nil)
  }

  @Test func `a hang-up that waits already is the same one`() throws {
    var queue = ReloadQueue()
    for _ in 0..<1000 { queue.add(.hangUp) }
    let first = try next(&queue, now: 0)
    // The file may have changed since that one began.
    for _ in 0..<1000 { queue.add(.hangUp) }
    _ = queue.ended(first.number)
    let second = try next(&queue, now: 0)
    _ = queue.ended(second.number)
    let third = queue.next(now: 0)
    #expect(third == nil)
  }

  @Test func `one that is late is given up, and what comes of it later is nobody's`() throws {
    var queue = ReloadQueue()
    queue.add(order(1))
    queue.add(order(2))
    let late = try next(&queue, now: 0)
    let early = queue.expired(now: ReloadQueue.patience - 1)
    #expect(early == nil)
    let given = queue.expired(now: ReloadQueue.patience)
    #expect(given?.order == order(1))
    let next = try next(&queue, now: ReloadQueue.patience)
    #expect(next.order == order(2))
    let stale = queue.ended(late.number)
    #expect(stale == nil && queue.active?.number == next.number)
    let ended = queue.ended(next.number)
    #expect(ended == order(2))
  }

  @Test func `few threads may hang, and one that comes back makes room`() throws {
    var queue = ReloadQueue()
    var numbers: [Int] = []
    for connection in 0..<ReloadQueue.mostStuck {
      #expect(!queue.isClogged)
      queue.add(order(UInt64(connection)))
      let reading = try next(&queue, now: 0)
      numbers.append(reading.number)
      _ = queue.expired(now: .max - 1)
    }
    #expect(queue.isClogged)
    _ = queue.ended(numbers[0])
    #expect(!queue.isClogged)
  }
}
