// What the workers and the control thread share of each replica.

import Ledger
import Testing

@Suite struct SharedPoolTests {
  @Test func `failures count up for each replica alone and begin anew after a success`() {
    let pool = SharedPool()
    #expect((1...3).map { _ in pool.failed(7) } == [1, 2, 3])
    #expect(pool.failed(8) == 1)
    pool.succeeded(7)
    #expect(pool.failed(7) == 1 && pool.failed(8) == 2)
    pool.forgetFailures(8)
    #expect(pool.failed(8) == 1)
    #expect(pool.failed(SharedPool.controlSlot) == 1 && pool.failed(0) == 1)
  }

  @Test func `what comes back has failed nothing, what stays keeps its count`() {
    let pool = SharedPool()
    pool.setUsable(3, true)
    _ = pool.failed(3)
    pool.setUsable(3, true)
    #expect(pool.failed(3) == 2)
    #expect(pool.takeOut(3, now: 0) && pool.failed(3) == 3)
    pool.setUsable(3, true)
    #expect(pool.failed(3) == 1)
  }

  @Test func `failures change neither the turn, the epoch nor who is usable`() {
    let pool = SharedPool()
    let epoch = pool.epoch
    for slot in 0...SharedPool.controlSlot { _ = pool.failed(slot) }
    #expect(pool.drawTicket() == 0 && pool.epoch == epoch)
    #expect(!(0..<SharedPool.capacity).contains { pool.isUsable($0) })
  }
}
