// What the workers have counted for each replica and what probes came to, for `lbctl` and the metrics.

import Configuration
package import ControlProtocol
package import Ledger
import LinuxIO
package import Roster

/// The meters and counts of the replicas that are in the pool, by slot, and the counts of those that
/// have left. The control thread owns it.
package struct ReplicaMeters {
  private struct Row {
    var meter: Meter
    var counts: ReplicaCounts
  }

  /// Meters that are rolled at a time.
  private static let share = 64

  private let tallies: [Tally]
  private var rows: [Row?] = []
  private var former = FormerReplicas()
  /// When `roll` has something to do.
  package private(set) var nextRoll: UInt64 = 0
  /// How many meters were rolled in this round.
  private var rolled = 0

  package init(_ tallies: [Tally]) {
    self.tallies = tallies
  }

  /// A replica comes into a slot. It goes on with the counts that it had under its name.
  package mutating func add(_ slot: Int, name: String, now: UInt64) {
    while rows.count <= slot { rows.append(nil) }
    rows[slot] = Row(
      meter: Meter(slot: slot, tallies: tallies, now: now),
      counts: former.take(name, slot: slot, tallies: tallies))
  }

  /// The replica of a slot was removed. Its counts are kept under its name.
  package mutating func remove(_ slot: Int, name: String) {
    guard slot < rows.count, let row = rows[slot] else { return }
    former.keep(name, row.counts, slot: slot, tallies: tallies)
    rows[slot] = nil
  }

  // MARK: Counting

  /// The replica in a slot was taken out.
  package mutating func count(_ ejection: ReplicaCounts.Ejection, _ slot: Int) {
    rows[slot]?.counts.count(ejection)
  }

  /// A probe of the replica in a slot has ended.
  package mutating func count(_ probe: ProbeReport.Verdict, nanoseconds: UInt64, _ slot: Int) {
    rows[slot]?.counts.count(probe, nanoseconds: nanoseconds)
  }

  /// Rolls each meter once a period, of many some at a time. True once all were in this round.
  /// - Parameter slots: of the replicas that are in the pool.
  package mutating func roll(_ slots: [Int], now: UInt64) -> Bool {
    guard now >= nextRoll else { return false }
    let share = ReplicaMeters.share
    let end = min(rolled + share, slots.count)
    for slot in slots[min(rolled, end)..<end] { rows[slot]?.meter.roll(now: now) }
    rolled = end < slots.count ? end : 0
    nextRoll = now + Meter.period / UInt64(max(1, (slots.count + share - 1) / share))
    return rolled == 0
  }

  // MARK: Reading

  /// Responses a second over the last 5 to 10 s; nil without any.
  package func rate(_ slot: Int, now: UInt64) -> Double? { rows[slot]?.meter.rate(now: now) }

  /// What the metrics count beside the traffic.
  func counts(_ slot: Int) -> ReplicaCounts { rows[slot]?.counts ?? ReplicaCounts() }

  /// The traffic in all stays of a slot's replica.
  func traffic(_ slot: Int) -> TrafficCounts { counts(slot).traffic(slot: slot, tallies: tallies) }

  /// Failed attempts by class, in the order of `FailureClass`.
  package func failures(_ slot: Int) -> [Int] { traffic(slot).failures }

  /// The row of `lbctl pool`.
  /// - Parameter nextProbe: when it is due; nil while one is under way.
  package func report(_ replica: ReplicaRecord, now: UInt64, nextProbe: UInt64?) -> ReplicaReport {
    let slot = replica.slot
    let next = max(nextProbe ?? now, now) - now
    return ReplicaReport(
      name: replica.name, address: replica.configuration.address.description,
      resolved: replica.hostName == nil ? nil : replica.address?.description,
      lookup: replica.lookupFailure,
      config: .init(weight: replica.configuration.weight), weight: replica.weight,
      order: replica.adminState.order, observed: replica.observed, state: replica.state,
      stateSeconds: Double(now - replica.since) / 1e9, figures: figures(slot, now: now),
      check: .init(
        result: replica.checkResult, latencyMilliseconds: replica.checkMilliseconds,
        nextInMilliseconds: Double(next) / 1e6))
  }

  /// The report's figures: what the workers counted in this stay, and what follows from it.
  private func figures(_ slot: Int, now: UInt64) -> [ReplicaFigure.Name: FigureValue] {
    let reading = rows[slot]?.meter.read(now: now) ?? Meter.Reading()
    var figures = counts(slot).trafficOfStay(slot: slot, tallies: tallies).figures
    figures[.active] = .count(tallies.active(slot))
    figures[.rate] = .measure(reading.rate)
    figures[.p50] = .measure(reading.p50Milliseconds)
    figures[.p99] = .measure(reading.p99Milliseconds)
    return figures
  }
}
