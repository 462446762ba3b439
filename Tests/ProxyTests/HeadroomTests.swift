// What one module promises and another relies on.

import HTTPWire
import LinuxIO
import Testing

struct HeadroomTests {
  @Test func `a head may grow by no more than a buffer has room for before it`() throws {
    var pool = BufferPool(blocks: 1, blockSize: 8192)
    var buffer = Buffer()
    let isHeld = buffer.borrow(from: &pool)
    let headroom = buffer.start
    buffer.giveBack()
    #expect(isHeld && HeadWriter.growth <= headroom)
  }
}
