// What the workers have counted for one replica, added up, with the histogram folded to the edges that
// the metrics show. Counts can be added and taken away, so that a replica's go on where it left off.

import Balancing
import Ledger

/// One replica's counters over all workers.
struct TrafficCounts {
  /// The upper edges of the histogram, in microseconds, each an edge of the tally's buckets too, so
  /// that folding loses nothing.
  static let edges: [UInt64] = [
    128, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768, 131_072, 524_288, 2_097_152, 8_388_608,
    33_554_432,
  ]
  /// The place among the edges of each of the tally's buckets; behind the last edge, their number.
  private static let places = (0..<Tally.buckets).map { bucket in
    edges.firstIndex { bucket < Tally.bucket($0) } ?? edges.count
  }
  /// Twice the middle of each of the tally's buckets, in microseconds: whole numbers.
  private static let doubledMiddles = (0..<Tally.buckets).map {
    Int(Tally.microseconds(bucket: $0) * 2)
  }

  private(set) var attempts = 0
  private(set) var retriesUnsent = 0
  private(set) var retriesSent = 0
  /// Failed attempts by class, in the order of `FailureClass`.
  private(set) var failures = FailureClass.allCases.map { _ in 0 }
  /// From 1xx to 5xx.
  private(set) var classes = [0, 0, 0, 0, 0]
  /// Responses up to each edge and above the one before, then those above the last.
  private(set) var histogram = [Int](repeating: 0, count: edges.count + 1)
  /// Half microseconds.
  private var time = 0

  /// Of every status.
  var responses: Int { classes.reduce(0, +) }
  var status5xx: Int { classes[4] }
  /// Failed attempts that another replica took over.
  var retries: Int { retriesUnsent + retriesSent }
  /// What the responses took, as far as their buckets tell.
  var seconds: Double { Double(time) / 2e6 }

  init() {}

  /// What stands in a slot now.
  init(slot: Int, tallies: [Tally]) {
    for tally in tallies { add(tally, slot) }
  }

  private mutating func add(_ tally: Tally, _ slot: Int) {
    attempts += tally.value(.attempts, slot)
    retriesUnsent += tally.value(.retriesUnsent, slot)
    retriesSent += tally.value(.retriesSent, slot)
    for (index, failure) in FailureClass.allCases.enumerated() {
      failures[index] += tally.value(.init(failure), slot)
    }
    var responses = 0
    for (index, counter) in Tally.Counter.classes.enumerated() {
      let count = tally.value(counter, slot)
      classes[index] += count
      responses += count
    }
    guard responses > 0 else { return }
    let (places, middles) = (TrafficCounts.places, TrafficCounts.doubledMiddles)
    for bucket in 0..<Tally.buckets {
      let count = tally.responses(slot, bucket: bucket)
      guard count != 0 else { continue }
      histogram[places[bucket]] += count
      time += count * middles[bucket]
    }
  }

  static func + (left: TrafficCounts, right: TrafficCounts) -> TrafficCounts {
    left.combined(with: right, by: +)
  }

  static func - (left: TrafficCounts, right: TrafficCounts) -> TrafficCounts {
    left.combined(with: right, by: -)
  }

  private func combined(with other: TrafficCounts, by rule: (Int, Int) -> Int) -> TrafficCounts {
    var result = TrafficCounts()
    result.attempts = rule(attempts, other.attempts)
    result.retriesUnsent = rule(retriesUnsent, other.retriesUnsent)
    result.retriesSent = rule(retriesSent, other.retriesSent)
    result.failures = zip(failures, other.failures).map(rule)
    result.classes = zip(classes, other.classes).map(rule)
    result.histogram = zip(histogram, other.histogram).map(rule)
    result.time = rule(time, other.time)
    return result
  }
}
