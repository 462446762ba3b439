import Testing

@testable import Proxy

@Suite struct StandstillBatchTests {
  @Test func `all events that wait come before deadlines, for a while`() {
    var standstill = Standstill()
    let atOnce = standstill.mayExpire(hasMoreEvents: true)
    #expect(atOnce)
    standstill.batches = Standstill.mostBatches
    for _ in 0..<10 {
      let mayExpire = standstill.mayExpire(hasMoreEvents: true)
      #expect(!mayExpire)
    }
    let afterAll = standstill.mayExpire(hasMoreEvents: false)
    #expect(afterAll)
    standstill.batches = Standstill.mostBatches
    var count = 0
    while !standstill.mayExpire(hasMoreEvents: true) { count += 1 }
    #expect(count == Standstill.mostBatches - 1)
  }
}
