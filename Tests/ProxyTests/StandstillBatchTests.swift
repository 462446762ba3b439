import Testing

@testable import Proxy

@Suite struct StandstillBatchTests {
  @Test func `all events that wait come before deadlines, for a while`() {
    var standstill = Standstill()
    #expect(standstill.mayExpire(hasMoreEvents: true))
    standstill.batches = Standstill.mostBatches
    for _ in 0..<10 { #expect(!standstill.mayExpire(hasMoreEvents: true)) }
    #expect(standstill.mayExpire(hasMoreEvents: false))
    standstill.batches = Standstill.mostBatches
    var count = 0
    while !standstill.mayExpire(hasMoreEvents: true) { count += 1 }
    #expect(count == Standstill.mostBatches - 1)
  }
}
