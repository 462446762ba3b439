// What the metrics count for one replica beside its traffic, and how counts outlive its stay in the
// pool: one that leaves and comes back under its name goes on where it left off, so that no counter
// ever goes back.

import ControlProtocol
import Ledger

/// One replica's counts under its name. The control thread owns it.
package struct ReplicaCounts {
  /// What spoke against a replica that was taken out.
  package enum Ejection: Int, CaseIterable {
    case probe, refused, timeout, other
    /// Requests that it failed in a row, though it could be reached.
    case status

    /// The reason in what a worker says of a replica that it could not reach.
    package init(unreachable cause: String) {
      self =
        cause == "Connection refused"
        ? .refused
        : cause == "connect timeout" || cause == "Connection timed out" ? .timeout : .other
    }
  }

  /// By reason.
  private(set) var ejections = Ejection.allCases.map { _ in 0 }
  private(set) var passed = 0
  private(set) var failed = 0
  private(set) var notMade = 0
  /// What the last probe took.
  private(set) var probeNanoseconds: UInt64?
  /// What others had counted in the replica's slot before it came.
  private var base = TrafficCounts()
  /// What it had counted itself before it left, when it was in the pool earlier.
  private var earlier = TrafficCounts()

  mutating func count(_ ejection: Ejection) {
    ejections[ejection.rawValue] += 1
  }

  mutating func count(_ probe: ProbeReport.Verdict, nanoseconds: UInt64) {
    switch probe {
    case .passed: passed += 1
    case .failed: failed += 1
    case .notMade: notMade += 1
    }
    probeNanoseconds = nanoseconds
  }

  /// Its traffic since it came into its slot.
  func trafficOfStay(slot: Int, tallies: [Tally]) -> TrafficCounts {
    TrafficCounts(slot: slot, tallies: tallies) - base
  }

  /// Its traffic in all its stays.
  func traffic(slot: Int, tallies: [Tally]) -> TrafficCounts {
    trafficOfStay(slot: slot, tallies: tallies) + earlier
  }

  /// The replica is in this slot from now on; what an earlier one counted there is not its own.
  fileprivate mutating func begin(slot: Int, tallies: [Tally]) {
    base = TrafficCounts(slot: slot, tallies: tallies)
  }

  /// It leaves the slot. What is still in flight is no longer counted for it.
  fileprivate mutating func end(slot: Int, tallies: [Tally]) {
    earlier = traffic(slot: slot, tallies: tallies)
    probeNanoseconds = nil
  }
}

/// The counts of replicas that are in the pool no more, of the last thousand.
struct FormerReplicas {
  private static let most = 1024
  private var counts: [(name: String, counts: ReplicaCounts)] = []

  /// Counts for a replica that comes into a slot: its former ones where there are any.
  mutating func take(_ name: String, slot: Int, tallies: [Tally]) -> ReplicaCounts {
    let index = counts.lastIndex { $0.name == name }
    var found = index.map { counts.remove(at: $0).counts } ?? ReplicaCounts()
    found.begin(slot: slot, tallies: tallies)
    return found
  }

  /// Keeps the counts of a replica that leaves.
  mutating func keep(_ name: String, _ left: ReplicaCounts, slot: Int, tallies: [Tally]) {
    var left = left
    left.end(slot: slot, tallies: tallies)
    if counts.count == FormerReplicas.most { counts.removeFirst() }
    counts.append((name, left))
  }
}
