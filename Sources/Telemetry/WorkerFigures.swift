// Each worker's part of the metrics.

package import Ledger

/// The workers' figures at one moment.
package enum WorkerFigures {
  /// One worker's sums over all slots that were ever in use, and lbd's own answers.
  private struct Sums {
    var requests = 0
    var inUse = 0

    init(_ tally: Tally, slots: Int) {
      for slot in 0..<slots { add(tally, slot) }
      add(tally, Tally.ownSlot)
    }

    private mutating func add(_ tally: Tally, _ slot: Int) {
      requests += tally.responses(slot)
      inUse += tally.active(slot)
    }
  }

  /// - Parameter slots: the first that was never handed out.
  package static func write(
    tallies: [Tally], counts: WorkerCounts, slots: Int, to text: inout MetricsText
  ) {
    let workers = tallies.indices.map { ($0, MetricLabels(["worker": "\($0)"])) }
    let sums = tallies.map { Sums($0, slots: slots) }
    text.begin(.clients)
    for (worker, label) in workers { text.sample(label, counts.value(.clients, worker)) }
    text.begin(.accepted)
    for (worker, label) in workers { text.sample(label, counts.value(.accepted, worker)) }
    text.begin(.limitMet)
    for (worker, label) in workers { text.sample(label, counts.value(.limitMet, worker)) }
    text.begin(.requests)
    for (worker, label) in workers { text.sample(label, sums[worker].requests) }
    text.begin(.upstreams)
    for (worker, label) in workers { text.sample(label, counts.value(.upstreams, worker)) }
    text.begin(.idleUpstreams)
    for (worker, label) in workers {
      let idle = counts.value(.upstreams, worker) - sums[worker].inUse
      text.sample(label, max(0, idle))
    }
  }
}
