// The order of those that wait.

import Balancing
import Testing

@Suite struct HoldQueueTests {
  @Test func `the oldest comes first, however many come and go`() {
    var queue = HoldQueue()
    var (next, expected) = (UInt64(0), UInt64(0))
    for round in 0..<500 {
      for _ in 0...(round % 7) {
        queue.append(next)
        next += 1
      }
      for _ in 0..<(round % 8) {
        guard let oldest = queue.oldest else { break }
        #expect(oldest == expected)
        queue.removeOldest()
        expected += 1
      }
    }
    while queue.oldest != nil {
      #expect(queue.oldest == expected)
      queue.removeOldest()
      expected += 1
    }
    #expect(expected == next)
    queue.removeOldest()
    #expect(queue.oldest == nil)
  }
}
