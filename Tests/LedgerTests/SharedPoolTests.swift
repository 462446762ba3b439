// What the workers and the control thread share of each replica.

import Ledger
import LinuxIO
import Plan
import Testing

@Suite struct SharedPoolTests {
  @Test func `failures count up for each replica alone and begin anew after a success`() {
    let pool = SharedPool()
    #expect((1...3).map { _ in pool.recordFailure(7) } == [1, 2, 3])
    #expect(pool.recordFailure(8) == 1)
    pool.recordSuccess(7)
    #expect(pool.recordFailure(7) == 1 && pool.recordFailure(8) == 2)
    pool.forgetFailures(8)
    #expect(pool.recordFailure(8) == 1)
    #expect(pool.recordFailure(Numbering.slots - 1) == 1 && pool.recordFailure(0) == 1)
  }

  @Test func `what comes back has failed nothing, what stays keeps its count`() {
    let pool = SharedPool()
    pool.setUsable(3, in: 1, true)
    _ = pool.recordFailure(3)
    pool.setUsable(3, in: 1, true)
    #expect(pool.recordFailure(3) == 2)
    #expect(pool.markDown(3, in: 1, now: 0) && pool.recordFailure(3) == 3)
    pool.setUsable(3, in: 1, true)
    #expect(pool.recordFailure(3) == 1)
  }

  @Test func `failures change neither the turn, the epoch nor who is usable`() {
    let pool = SharedPool()
    let epoch = pool.epoch(1)
    for slot in 0..<Numbering.slots { _ = pool.recordFailure(slot) }
    #expect(pool.drawTicket(1) == 0 && pool.epoch(1) == epoch)
    #expect(!(1..<Numbering.slots).contains { pool.isUsable($0) })
  }

  @Test func `what happens in one pool is nothing to another`() throws {
    let pools = SharedPool(workers: [try Mailbox(limit: 4), try Mailbox(limit: 4)], now: 5)
    let epoch = pools.epoch(2)
    pools.setUsable(3, in: 1, true, now: 6)
    #expect(pools.drawTicket(1) == 0 && pools.drawTicket(1) == 1 && pools.drawTicket(2) == 0)
    #expect(pools.beginHold(1, limit: 1) && !pools.beginHold(1, limit: 1))
    #expect(pools.beginHold(2, limit: 1) && pools.held(1) == 1 && pools.held(2) == 1)
    pools.setWaiting(since: 7, for: 1, worker: 1)
    #expect(pools.longestWaiting(1) == 1 && pools.longestWaiting(2) == nil)
    #expect(pools.tell(1, of: 1) && !pools.tell(1, of: 1) && pools.tell(1, of: 2))
    pools.setUsable(3, in: 1, false, now: 8)
    #expect(pools.emptySince(1) == 8 && pools.emptySince(2) == 5 && pools.epoch(2) == epoch)
    for pool in [1, 2] { pools.beginSecond(1, of: pool) }
    let spent = (0..<4).map { _ in pools.takeRetry(1, percent: 20, now: 1_000_000_000) }
    #expect(spent == [true, true, true, false])
    #expect(pools.takeRetry(2, percent: 20, now: 1_000_000_000))
  }

  @Test func `the control socket can always be asked`() {
    let pools = SharedPool()
    #expect(pools.isUsable(Numbering.controlSlot))
  }
}
