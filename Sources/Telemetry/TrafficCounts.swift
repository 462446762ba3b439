// What the workers have counted for one replica, added up, with the histogram folded to the edges that
// the metrics show. Counts can be added and taken away, so that a replica's go on where it left off.

import Balancing
import Ledger

/// One replica's counters over all workers. `ReplicaFigure` says what becomes of each.
struct TrafficCounts {
  /// The upper edges of the histogram, in microseconds, each an edge of the tally's buckets too, so
  /// that folding loses nothing.
  static let edges: [UInt64] = [
    128, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768, 131_072, 524_288, 2_097_152, 8_388_608,
    33_554_432,
  ]
  /// The index in `histogram` of each of the tally's buckets.
  private static let histogramIndices = (0..<Tally.buckets).map { bucket in
    edges.firstIndex { bucket < Tally.bucket($0) } ?? edges.count
  }
  /// Twice the middle of each of the tally's buckets, in microseconds: whole numbers.
  private static let doubledMiddles = (0..<Tally.buckets).map {
    Int(Tally.microseconds(bucket: $0) * 2)
  }

  /// In the order of the tally's counters.
  private var counts = Tally.Counter.allCases.map { _ in 0 }
  /// Responses up to each edge and above the one before, then those above the last.
  private(set) var histogram = [Int](repeating: 0, count: edges.count + 1)
  /// Half microseconds.
  private var time = 0

  /// Failed attempts by class, in the order of `FailureClass`.
  var failures: [Int] { FailureClass.allCases.map { self[Tally.Counter($0)] } }
  /// What the responses took, as far as their buckets tell.
  var seconds: Double { Double(time) / 2e6 }

  init() {}

  subscript(counter: Tally.Counter) -> Int { counts[counter.rawValue] }

  /// What stands in a slot now.
  init(slot: Int, tallies: [Tally]) {
    for tally in tallies { add(tally, slot) }
  }

  private mutating func add(_ tally: Tally, _ slot: Int) {
    for counter in Tally.Counter.allCases {
      counts[counter.rawValue] += tally.value(counter, slot)
    }
    guard tally.responses(slot) > 0 else { return }
    let (indices, middles) = (TrafficCounts.histogramIndices, TrafficCounts.doubledMiddles)
    for bucket in 0..<Tally.buckets {
      let count = tally.responses(slot, bucket: bucket)
      guard count != 0 else { continue }
      histogram[indices[bucket]] += count
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
    result.counts = zip(counts, other.counts).map(rule)
    result.histogram = zip(histogram, other.histogram).map(rule)
    result.time = rule(time, other.time)
    return result
  }
}
