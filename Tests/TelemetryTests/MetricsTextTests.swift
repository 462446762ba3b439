// How metrics are written, and that folding the histogram loses nothing.

import Balancing
import ControlProtocol
import Foundation
import Ledger
import Testing

@testable import Telemetry

@Suite struct MetricsTextTests {
  @Test func `what a label may not hold is escaped`() {
    var text = MetricsText()
    text.begin(.replicas)
    text.sample(MetricLabels(["pool": "a\"b\\c\nd", "replica": "é{},"]), 1)
    let line = String(decoding: text.bytes, as: UTF8.self).split(separator: "\n").last
    #expect(line == #"lbd_replicas{pool="a\"b\\c\nd",replica="é{},"} 1"#)
  }

  @Test func `numbers are written whole`() {
    for value in [0, 9, 10, 1234, -5, Int.max] {
      var text = MetricsText()
      text.only(.workers, value)
      #expect(String(decoding: text.bytes, as: UTF8.self).hasSuffix("\nlbd_workers \(value)\n"))
    }
  }

  @Test func `no help holds what would have to be escaped`() {
    for family in MetricFamily.all {
      #expect(!family.help.contains("\\") && !family.help.contains("\n"))
      #expect(family.help.hasSuffix("."))
    }
  }

  @Test func `each of the tally's counters is shown as a figure of a replica`() {
    let shown = Set(ReplicaFigure.counted.flatMap(\.counters))
    // What ended is what is in flight no more.
    for counter in Tally.Counter.allCases where counter != .ended {
      #expect(shown.contains(counter), "\(counter) is in no entry of ReplicaFigure.all")
    }
    for (figure, counters) in ReplicaFigure.counted where figure.metric != nil {
      #expect(figure.values.count == (counters.count == 1 ? 0 : counters.count), "\(figure.name)")
    }
    let failures = ReplicaFigure.all.first { $0.name == .failures }
    #expect(failures?.values == FailureClass.allCases.map { "\($0)" })
  }

  @Test func `the document lists every family as it is, in the order of the text`() throws {
    let document = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../docs/metrics.md")
    let lines = try String(contentsOf: document, encoding: .utf8).split(separator: "\n")
    let rows = lines.filter { $0.hasPrefix("| `lbd_") }.map { String($0) }
    let families = MetricFamily.all.map { family in
      let labels = family.labels.map { "`\($0)`" }.joined(separator: ", ")
      return "| `\(family.name)` | \(family.kind) | \(labels) | \(family.help) |"
    }
    for row in families where !rows.contains(row) { Issue.record("missing: \(row)") }
    for row in rows where !families.contains(row) { Issue.record("no such family: \(row)") }
    #expect(rows == families)
  }

  @Test func `each edge of the histogram is an edge of the tally's buckets`() {
    for edge in TrafficCounts.edges {
      #expect(Tally.bucket(edge) == Tally.bucket(edge - 1) + 1)
      let tally = Tally()
      tally.count(status: 200, at: 0)
      tally.record(0, nanoseconds: edge * 1000 - 1)
      tally.count(status: 200, at: 0)
      tally.record(0, nanoseconds: edge * 1000)
      let place = TrafficCounts.edges.firstIndex(of: edge)!
      let counts = TrafficCounts(slot: 0, tallies: [tally])
      #expect(counts.histogram[place] == 1 && counts.histogram[place + 1] == 1)
    }
  }

  @Test func `the estimated sum is within a fifth of the true one`() {
    let tally = Tally()
    var sum = 0.0
    for step in 1...200 {
      let microseconds = UInt64(step * step * 37)
      tally.count(status: 200, at: 5)
      tally.record(5, nanoseconds: microseconds * 1000)
      sum += Double(microseconds) / 1e6
    }
    let counts = TrafficCounts(slot: 5, tallies: [tally])
    #expect(abs(counts.seconds - sum) < sum / 5)
    #expect(counts.histogram.reduce(0, +) == 200)
  }

  @Test func `counts come back as they were to a replica of the same name in another slot`() {
    let tally = Tally()
    for _ in 0..<3 { tally.count(.attempts, 1) }
    tally.count(.failedStale, 0, by: 9)
    tally.count(.attempts, 2)
    var former = FormerReplicas()
    let first = former.take("a", slot: 0, tallies: [tally])
    for _ in 0..<5 { tally.count(.attempts, 0) }
    tally.count(.failedStale, 0)
    #expect(first.traffic(slot: 0, tallies: [tally])[.attempts] == 5)
    former.keep("a", first, slot: 0, tallies: [tally])
    // What others counted in a slot is not this replica's.
    let other = former.take("b", slot: 2, tallies: [tally])
    #expect(other.traffic(slot: 2, tallies: [tally])[.attempts] == 0)
    let again = former.take("a", slot: 1, tallies: [tally])
    tally.count(.attempts, 1)
    #expect(again.traffic(slot: 1, tallies: [tally])[.attempts] == 6)
    #expect(again.traffic(slot: 1, tallies: [tally]).failures == [0, 1, 0, 0, 0, 0])
  }
}
