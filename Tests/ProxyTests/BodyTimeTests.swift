import Testing

@testable import Proxy

@Suite struct BodyTimeTests {
  private static let second: UInt64 = 1_000_000_000
  /// 500 bytes a second.
  private static let byteTime: UInt64 = 2_000_000

  /// Whether a body is taken whose pieces of `size` bytes come every `pause` nanoseconds, for so long.
  private func isTaken(_ size: Int, every pause: UInt64, for time: UInt64) -> Bool {
    var body = BodyTime()
    var now = Self.second
    while now < time {
      let end = body.wait(now: now)
      now += pause
      if now > end { return false }
      guard body.take(size, byteTime: Self.byteTime, now: now) else { return false }
    }
    return true
  }

  @Test(arguments: [1_000_000, 10_000_000, 100_000_000, 1_000_000_000] as [UInt64])
  func `a body at its least rate goes on for hours, one below it ends after the grace`(
    _ pause: UInt64
  ) {
    let size = Int(pause / Self.byteTime) + 1
    #expect(isTaken(size, every: pause, for: 7200 * Self.second))
    #expect(isTaken(size / 2, every: pause, for: 15 * Self.second))
    #expect(!isTaken(size / 3, every: pause, for: 61 * Self.second))
  }

  @Test func `time in which lbd stood still counts against nobody`() {
    var body = BodyTime()
    _ = body.wait(now: Self.second)
    body.forgive(30 * Self.second)
    let isTaken = body.take(1, byteTime: Self.byteTime, now: 45 * Self.second)
    #expect(isTaken)
    body.forgive(30 * Self.second)
    let end = body.wait(now: 46 * Self.second)
    #expect(end <= 46 * Self.second + BodyTime.grace)
  }

  @Test func `what a replica takes counts against nobody`() {
    var body = BodyTime()
    var now = Self.second
    for _ in 0..<1000 {
      _ = body.wait(now: now)
      now += 1_000_000
      let isTaken = body.take(1, byteTime: Self.byteTime, now: now)
      #expect(isTaken)
      // lbd waits for the replica here.
      now += 3600 * Self.second
    }
  }

  @Test func `one pause may be as long as the grace and what came before has earned`() {
    var body = BodyTime()
    // It goes on, whoever asks again.
    let ends = [body.wait(now: 5), body.wait(now: 9)]
    let isTaken = body.take(500, byteTime: Self.byteTime, now: 5 + 10 * Self.second)
    let next = body.wait(now: 100 * Self.second)
    let isLateTaken = body.take(1, byteTime: Self.byteTime, now: 112 * Self.second)
    #expect(ends == [5 + 20 * Self.second, 5 + 20 * Self.second] && isTaken)
    #expect(next == 111 * Self.second && !isLateTaken)
  }

  @Test func `a long body overflows nothing`() {
    var body = BodyTime()
    for _ in 0..<100_000 {
      _ = body.wait(now: 1)
      let isTaken = body.take(256 << 10, byteTime: 1_000_000_000, now: 2)
      #expect(isTaken)
    }
  }
}
