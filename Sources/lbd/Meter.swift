// Turns what the workers counted for a replica into what people ask for: requests a second and
// response times of late, and totals since the replica came.

import Proxy

/// One replica's figures over all workers. The control thread owns it.
struct Meter {
  /// What was counted up to one moment.
  private struct Sample {
    var time: UInt64
    var responses: Int
    /// Empty before the first response.
    var histogram: [UInt32] = []

    /// Counts anew, in place.
    mutating func take(_ slot: Int, _ tallies: [Tally], _ now: UInt64) {
      time = now
      responses = tallies.reduce(0) { $0 + $1.responses(slot) }
      guard responses > 0 else { return }
      if histogram.isEmpty { histogram = [UInt32](repeating: 0, count: Tally.buckets) }
      for bucket in 0..<Tally.buckets {
        let count = tallies.reduce(0) { $0 + $1.responses(slot, bucket: bucket) }
        histogram[bucket] = UInt32(truncatingIfNeeded: count)
      }
    }

    /// What was counted since an earlier one.
    func window(since older: Sample) -> [Int] {
      guard !older.histogram.isEmpty else { return histogram.map { Int($0) } }
      return zip(histogram, older.histogram).map { Int($0 &- $1) }
    }
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
    newer = Sample(time: now, responses: 0)
    newer.take(slot, tallies, now)
    older = newer
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
    swap(&older, &newer)
    newer.take(slot, tallies, now)
  }

  /// Responses a second over the last 5 to 10 s; nil without any.
  func rate(now: UInt64) -> Double? {
    rate(tallies.reduce(0) { $0 + $1.responses(slot) }, now: now)
  }

  private func rate(_ responses: Int, now: UInt64) -> Double? {
    let count = responses - older.responses
    let seconds = Double(now - older.time) / 1e9
    return count > 0 && seconds > 0 ? Double(count) / seconds : nil
  }

  func read(now: UInt64) -> Reading {
    var reading = Reading()
    let totals = Meter.totals(slot, tallies)
    reading.active = max(0, tallies.reduce(0) { $0 + $1.active(slot) })
    reading.responses = totals.responses - base.responses
    reading.status5xx = totals.status5xx - base.status5xx
    reading.retries = totals.retries - base.retries
    reading.rate = rate(totals.responses, now: now)
    guard reading.rate != nil else { return reading }
    var current = Sample(time: now, responses: 0)
    current.take(slot, tallies, now)
    let window = current.window(since: older)
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
