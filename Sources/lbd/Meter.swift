// Turns what the workers counted for a replica into what people ask for: requests a second and
// response times of late, and totals since the replica came.

import Proxy

/// One replica's figures over all workers. The control thread owns it.
struct Meter {
  /// What was counted up to one moment.
  private struct Sample {
    var time: UInt64
    var responses: Int
    var histogram: [UInt32]
  }

  /// The figures at one moment.
  struct Reading {
    var active = 0
    var responses = 0
    var status5xx = 0
    var retries = 0
    /// Responses a second over the last 5 to 10 s; nil without any.
    var rate: Double?
    var p50Milliseconds: Double?
    var p99Milliseconds: Double?
  }

  /// How often `roll` is to be called, in nanoseconds: the window of `rate` is one to two of these.
  static let period: UInt64 = 5_000_000_000

  private let slot: Int
  private let tallies: [Tally]
  /// What an earlier replica in the same slot had counted.
  private let base: (responses: Int, status5xx: Int, retries: Int)
  private var older: Sample
  private var newer: Sample

  init(slot: Int, tallies: [Tally], now: UInt64) {
    self.slot = slot
    self.tallies = tallies
    base = Meter.totals(slot, tallies)
    newer = Meter.sample(slot, tallies, now)
    older = newer
  }

  private static func sample(_ slot: Int, _ tallies: [Tally], _ now: UInt64) -> Sample {
    let histogram = (0..<Tally.buckets).map { bucket in
      UInt32(truncatingIfNeeded: tallies.reduce(0) { $0 + $1.responses(slot, bucket: bucket) })
    }
    let responses = tallies.reduce(0) { $0 + $1.responses(slot) }
    return Sample(time: now, responses: responses, histogram: histogram)
  }

  private static func totals(
    _ slot: Int, _ tallies: [Tally]
  ) -> (responses: Int, status5xx: Int, retries: Int) {
    func sum(_ counter: Tally.Counter) -> Int { tallies.reduce(0) { $0 + $1.value(counter, slot) } }
    return (
      tallies.reduce(0) { $0 + $1.responses(slot) }, sum(.status5xx),
      sum(.retriesUnsent) + sum(.retriesSent)
    )
  }

  /// Moves the window on.
  mutating func roll(now: UInt64) {
    older = newer
    newer = Meter.sample(slot, tallies, now)
  }

  func read(now: UInt64) -> Reading {
    let current = Meter.sample(slot, tallies, now)
    var reading = Reading()
    let totals = Meter.totals(slot, tallies)
    reading.active = max(0, tallies.reduce(0) { $0 + $1.active(slot) })
    reading.responses = current.responses - base.responses
    reading.status5xx = totals.status5xx - base.status5xx
    reading.retries = totals.retries - base.retries
    let count = current.responses - older.responses
    let seconds = Double(now - older.time) / 1e9
    guard count > 0 && seconds > 0 else { return reading }
    reading.rate = Double(count) / seconds
    let window = zip(current.histogram, older.histogram).map { Int($0 &- $1) }
    reading.p50Milliseconds = Meter.percentile(0.5, of: window)
    reading.p99Milliseconds = Meter.percentile(0.99, of: window)
    return reading
  }

  /// The response time that `share` of the responses did not exceed, in milliseconds.
  static func percentile(_ share: Double, of histogram: [Int]) -> Double? {
    let total = histogram.reduce(0, +)
    guard total > 0 else { return nil }
    var left = max(1, Int((Double(total) * share).rounded(.up)))
    for (bucket, count) in histogram.enumerated() {
      left -= count
      if left <= 0 { return Tally.microseconds(bucket: bucket) / 1000 }
    }
    return nil
  }
}
