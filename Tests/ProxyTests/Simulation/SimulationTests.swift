// Millions of steps of a pool in trouble: whatever the order of things, what must hold does.

import Foundation
import Testing

@Suite struct SimulationTests {
  private static let isSoak = ProcessInfo.processInfo.environment["SOAK"] != nil
  /// Another seed begins another story: SEED=… tells it again.
  private static let seed =
    ProcessInfo.processInfo.environment["SEED"].flatMap { UInt64($0) }
    ?? UInt64.random(in: 1...1 << 40)

  /// How many replicas, how many requests each may have at once, how often in ten all is well.
  @Test(arguments: [
    (1, 0, 7), (2, 0, 7), (5, 0, 7), (3, 4, 7), (1, 2, 7), (20, 0, 7), (5, 0, 1), (5, 9, 1),
  ])
  func `no order of faults breaks what must hold`(_ count: Int, _ limit: Int, _ well: Int) {
    let (runs, steps) = Self.isSoak ? (40, 50_000) : (4, 10_000)
    for run in 0..<UInt64(runs) {
      let seed = Self.seed &+ run
      var simulation = Simulation(seed: seed, replicas: count, limit: limit, wellInTen: well)
      simulation.run(steps: steps)
      #expect(simulation.requests.count > steps / 100)
      #expect(
        simulation.faults.isEmpty,
        "SEED=\(seed), \(count) replicas, \(limit) each, \(well) in ten: \(simulation.faults)")
      guard simulation.faults.isEmpty else { return }
    }
  }
}
