// Each replica's part of the metrics: read once, then written family by family, as the format wants it
// and in the order of `ReplicaFigure.all`.

import Balancing
import Configuration
package import ControlProtocol
package import Ledger
package import Roster

/// One replica's figures at one moment. A class, so that going through a thousand of them for each
/// family copies none.
package final class ReplicaFigures {
  /// There is one pool today.
  package static let pool = "default"
  /// The labels of the classes of statuses, from 1xx to 5xx.
  package static let codes = (1...5).map { MetricLabels(["code": "\($0)xx"]) }
  private static let edges =
    TrafficCounts.edges.map { MetricLabels(["le": (Double($0) / 1e6).description]) }
    + [MetricLabels(["le": "+Inf"])]

  package let state: ReplicaState
  private let labels: MetricLabels
  private let info: MetricLabels
  private let weight: Int
  private let inFlight: Int
  private let counts: ReplicaCounts
  private let traffic: TrafficCounts

  package init(_ replica: ReplicaRecord, _ meters: ReplicaMeters, tallies: [Tally]) {
    let slot = replica.slot
    state = replica.state
    labels = MetricLabels(["pool": ReplicaFigures.pool, "replica": replica.name])
    info = MetricLabels(["address": replica.configuration.address.description])
    weight = replica.weight
    inFlight = tallies.active(slot)
    counts = meters.counts(slot)
    traffic = meters.traffic(slot)
  }

  package static func write(_ rows: [ReplicaFigures], to text: inout MetricsText) {
    for figure in ReplicaFigure.all {
      guard let family = figure.metric else { continue }
      text.begin(family)
      switch figure.name {
      case .info: for row in rows { text.sample(row.labels, and: row.info, 1) }
      case .probeDuration: writeProbeDurations(rows, to: &text)
      case .responseTime: writeTimes(rows, to: &text)
      default: write(series(figure), rows, to: &text)
      }
    }
  }

  // MARK: Whole numbers

  /// One sample of a family for each replica: the label that tells it from the family's others, and what
  /// is counted.
  private struct Series {
    let label: MetricLabels
    let value: (ReplicaFigures) -> Int

    init(_ label: MetricLabels = .none, _ value: @escaping (ReplicaFigures) -> Int) {
      self.label = label
      self.value = value
    }
  }

  private static func write(
    _ series: [Series], _ rows: [ReplicaFigures], to text: inout MetricsText
  ) {
    for row in rows {
      for one in series { text.sample(row.labels, and: one.label, one.value(row)) }
    }
  }

  private static func series(_ figure: ReplicaFigure) -> [Series] {
    switch figure.name {
    case .up: [Series { $0.state.isServing ? 1 : 0 }]
    case .slow: [Series { $0.state == .slow ? 1 : 0 }]
    case .weight: [Series { $0.weight }]
    case .active: [Series { $0.inFlight }]
    case .ejections:
      ReplicaCounts.Ejection.allCases.map { reason in
        Series(MetricLabels(["reason": "\(reason)"])) { $0.counts.ejections[reason.rawValue] }
      }
    case .probes:
      [
        Series(MetricLabels(["result": "passed"])) { $0.counts.passed },
        Series(MetricLabels(["result": "failed"])) { $0.counts.failed },
        Series(MetricLabels(["result": "not_made"])) { $0.counts.notMade },
      ]
    default: counted(figure)
    }
  }

  /// A series for each of the figure's counters.
  private static func counted(_ figure: ReplicaFigure) -> [Series] {
    let label = figure.metric?.labels.last ?? ""
    let counters = ReplicaFigure.counted.first { $0.figure.name == figure.name }?.counters ?? []
    return counters.enumerated().map { index, counter in
      let labels = figure.values.isEmpty ? .none : MetricLabels([label: figure.values[index]])
      return Series(labels) { $0.traffic[counter] }
    }
  }

  // MARK: Times

  private static func writeProbeDurations(_ rows: [ReplicaFigures], to text: inout MetricsText) {
    for row in rows {
      guard let nanoseconds = row.counts.probeNanoseconds else { continue }
      text.sample(row.labels, seconds: Double(nanoseconds / 1000) / 1e6)
    }
  }

  private static func writeTimes(_ rows: [ReplicaFigures], to text: inout MetricsText) {
    let (bucket, sum, total) = (Array("_bucket".utf8), Array("_sum".utf8), Array("_count".utf8))
    for row in rows {
      var count = 0
      for (index, edge) in edges.enumerated() {
        count += row.traffic.histogram[index]
        text.sample(row.labels, and: edge, suffix: bucket, count)
      }
      text.sample(row.labels, suffix: sum, seconds: row.traffic.seconds)
      text.sample(row.labels, suffix: total, count)
    }
  }
}
