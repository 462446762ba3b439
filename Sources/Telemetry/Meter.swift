// Turns what the workers counted for a replica into what people ask for: requests a second and
// response times of late. Totals are `TrafficCounts`.

import Ledger

/// One replica's last seconds, over all workers. The control thread owns it.
struct Meter {
  /// What was counted up to one moment.
  private struct Sample {
    var time: UInt64
    var responses: Int
    /// Empty before the first response.
    var histogram: [UInt32] = []

    /// Counts anew, in place.
    mutating func take(_ slot: Int, _ tallies: [Tally], now: UInt64) {
      time = now
      responses = tallies.responses(slot)
      guard responses > 0 else { return }
      if histogram.isEmpty { histogram = [UInt32](repeating: 0, count: Tally.buckets) }
      for bucket in 0..<Tally.buckets {
        let count = tallies.sum { $0.responses(slot, bucket: bucket) }
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
    /// Responses a second over the last 5 to 10 s; nil without any.
    var rate: Double?
    var p50Milliseconds: Double?
    var p99Milliseconds: Double?
  }

  /// How often `roll` is to be called, in nanoseconds: the window of `rate` is one to two of these.
  static let period: UInt64 = 5_000_000_000

  private let slot: Int
  private let tallies: [Tally]
  private var older: Sample
  private var newer: Sample

  init(slot: Int, tallies: [Tally], now: UInt64) {
    self.slot = slot
    self.tallies = tallies
    newer = Sample(time: now, responses: 0)
    newer.take(slot, tallies, now: now)
    older = newer
  }

  /// Moves the window on.
  mutating func roll(now: UInt64) {
    swap(&older, &newer)
    newer.take(slot, tallies, now: now)
  }

  /// Responses a second over the last 5 to 10 s; nil without any.
  func rate(now: UInt64) -> Double? {
    let count = tallies.responses(slot) - older.responses
    let seconds = Double(now - older.time) / 1e9
    return count > 0 && seconds > 0 ? Double(count) / seconds : nil
  }

  func read(now: UInt64) -> Reading {
    guard let rate = rate(now: now) else { return Reading() }
    var current = Sample(time: now, responses: 0)
    current.take(slot, tallies, now: now)
    let window = current.window(since: older)
    return Reading(
      rate: rate, p50Milliseconds: Meter.percentile(0.5, of: window),
      p99Milliseconds: Meter.percentile(0.99, of: window))
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
