// What the threads share about requests that wait, places and retries.

import Ledger
import LinuxIO
import Synchronization
import Testing

@Suite struct WaitingTests {
  private static let second: UInt64 = 1_000_000_000

  @Test func `a pool knows since when nobody in it is usable`() {
    let pool = SharedPool(now: 5)
    #expect(pool.emptySince(1) == 5)
    pool.setUsable(1, in: 1, true, now: 6)
    pool.setUsable(2, in: 1, true, now: 7)
    pool.setUsable(2, in: 1, true, now: 8)
    #expect(pool.markDown(1, in: 1, now: 9) && !pool.markDown(1, in: 1, now: 10))
    #expect(pool.emptySince(1) == 5)
    pool.setUsable(2, in: 1, false, now: 11)
    pool.setUsable(2, in: 1, false, now: 12)
    #expect(pool.emptySince(1) == 11)
  }

  @Test func `no more wait than may`() {
    let pool = SharedPool()
    #expect((0..<5).map { _ in pool.beginHold(1, limit: 3) } == [true, true, true, false, false])
    pool.endHold(1)
    #expect(pool.held(1) == 2 && pool.beginHold(1, limit: 3))
  }

  @Test func `who waits is woken by a replica that becomes usable`() throws {
    let mailbox = try Mailbox<Order>(limit: 4)
    let pool = SharedPool(workers: [mailbox])
    pool.setUsable(3, in: 1, true)
    #expect(mailbox.take().isEmpty)
    _ = pool.beginHold(1, limit: 1)
    pool.setUsable(3, in: 1, false)
    #expect(mailbox.take().isEmpty)
    pool.setUsable(3, in: 1, true)
    let orders = mailbox.take()
    #expect(orders.count == 1)
    if case .serveHeld(pool: 1)? = orders.first {} else { Issue.record("\(orders)") }
  }

  @Test func `threads together never have more requests in flight than may be`() throws {
    let pool = SharedPool()
    let counts = Counts()
    try withThreads(4) {
      for _ in 0..<20_000 where pool.beginRequest(7, limit: 2) {
        counts.enter()
        counts.leave()
        pool.endRequest(7)
      }
    }
    #expect(counts.most.load(ordering: .relaxed) <= 2)
    #expect(counts.taken.load(ordering: .relaxed) > 1000)
    #expect(
      pool.beginRequest(7, limit: 2) && pool.beginRequest(7, limit: 2)
        && !pool.beginRequest(7, limit: 2))
  }

  private final class Counts: Sendable {
    let active = Atomic(0)
    let most = Atomic(0)
    let taken = Atomic(0)

    func enter() {
      let now = active.add(1, ordering: .sequentiallyConsistent).newValue
      most.max(now, ordering: .sequentiallyConsistent)
      taken.add(1, ordering: .relaxed)
    }

    func leave() { active.subtract(1, ordering: .sequentiallyConsistent) }
  }

  private func withThreads(_ count: Int, _ body: @escaping @Sendable () -> Void) throws {
    let threads = try (0..<count).map { _ in try LinuxIO.Thread.start("places", body) }
    for thread in threads { thread.join() }
  }

  @Test func `the budget is a fifth of the last ten seconds' requests`() {
    let pool = SharedPool()
    var allowed: [Int] = []
    // 100 requests a second for 12 seconds, then none.
    for second in 1...30 {
      pool.beginSecond(second, of: 1)
      if second <= 12 { for _ in 0..<100 { _ = pool.drawTicket(1) } }
      guard [1, 12, 21, 30].contains(second) else { continue }
      let now = UInt64(second) * Self.second
      var count = 0
      while count < 1000 && pool.takeRetry(1, percent: 20, now: now) { count += 1 }
      allowed.append(count)
    }
    // Those of the first second are among the last ten of none of the others.
    #expect(allowed[0] == 20)
    #expect(allowed[1] >= 160 && allowed[1] <= 200)
    #expect(allowed[2] == 0 && allowed[3] == 3)
  }
}
