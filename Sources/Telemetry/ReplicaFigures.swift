// Each replica's part of the metrics: read once, then written family by family, as the format wants it.

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
    text.begin(.info)
    for row in rows { text.sample(row.labels, and: row.info, 1) }
    write(.replicaUp, rows, to: &text) { $0.state.isServing ? 1 : 0 }
    write(.replicaSlow, rows, to: &text) { $0.state == .slow ? 1 : 0 }
    write(.weight, rows, to: &text, \.weight)
    write(.inFlight, rows, to: &text, \.inFlight)
    write(.attempts, rows, to: &text, \.traffic.attempts)
    writeClasses(rows, to: &text)
    writeProbes(rows, to: &text)
    writeTimes(rows, to: &text)
  }

  private static func write(
    _ family: MetricFamily, _ rows: [ReplicaFigures], to text: inout MetricsText,
    _ value: (ReplicaFigures) -> Int
  ) {
    text.begin(family)
    for row in rows { text.sample(row.labels, value(row)) }
  }

  private static func writeClasses(_ rows: [ReplicaFigures], to text: inout MetricsText) {
    let (unsent, sent) = (MetricLabels(["phase": "unsent"]), MetricLabels(["phase": "sent"]))
    text.begin(.retries)
    for row in rows {
      text.sample(row.labels, and: unsent, row.traffic.retriesUnsent)
      text.sample(row.labels, and: sent, row.traffic.retriesSent)
    }
    let failures = FailureClass.allCases.map { MetricLabels(["class": "\($0)"]) }
    text.begin(.failures)
    for row in rows {
      for (index, label) in failures.enumerated() {
        text.sample(row.labels, and: label, row.traffic.failures[index])
      }
    }
    text.begin(.responses)
    for row in rows {
      for (index, code) in codes.enumerated() {
        text.sample(row.labels, and: code, row.traffic.classes[index])
      }
    }
  }

  private static func writeProbes(_ rows: [ReplicaFigures], to text: inout MetricsText) {
    let reasons = ReplicaCounts.Ejection.allCases.map { ($0, MetricLabels(["reason": "\($0)"])) }
    text.begin(.ejections)
    for row in rows {
      for (reason, label) in reasons {
        text.sample(row.labels, and: label, row.counts.ejections[reason.rawValue])
      }
    }
    let results = ["passed", "failed", "not_made"].map { MetricLabels(["result": $0]) }
    text.begin(.probes)
    for row in rows {
      text.sample(row.labels, and: results[0], row.counts.passed)
      text.sample(row.labels, and: results[1], row.counts.failed)
      text.sample(row.labels, and: results[2], row.counts.notMade)
    }
    text.begin(.probeDuration)
    for row in rows {
      guard let nanoseconds = row.counts.probeNanoseconds else { continue }
      text.sample(row.labels, seconds: Double(nanoseconds / 1000) / 1e6)
    }
  }

  private static func writeTimes(_ rows: [ReplicaFigures], to text: inout MetricsText) {
    let (bucket, sum, total) = (Array("_bucket".utf8), Array("_sum".utf8), Array("_count".utf8))
    text.begin(.responseTime)
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
