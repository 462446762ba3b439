// Millions of steps of a pool in trouble: whatever the order of things, what must hold does.

import Balancing
import Foundation
import Testing

@Suite struct SimulationTests {
  private static let isSoak = ProcessInfo.processInfo.environment["SOAK"] != nil
  /// Another seed begins another story: SEED=… tells it again.
  private static let seed =
    ProcessInfo.processInfo.environment["SEED"].flatMap { UInt64($0) }
    ?? UInt64.random(in: 1...1 << 40)

  /// How many pools, how many replicas in each, how many requests each of these may have at once, how
  /// often in ten all is well.
  private static let stories = [
    (1, 1, 0, 7), (1, 2, 0, 7), (1, 5, 0, 7), (1, 3, 4, 7), (1, 1, 2, 7), (1, 20, 0, 7),
    (1, 5, 0, 1), (1, 5, 9, 1), (2, 3, 0, 5), (3, 2, 2, 5),
  ]

  @Test(arguments: stories, [DispatchRules.Algorithm.roundRobin])
  func `no order of faults breaks what must hold`(
    _ story: (Int, Int, Int, Int), _ algorithm: DispatchRules.Algorithm
  ) {
    let (pools, count, limit, well) = story
    let (runs, steps) = Self.isSoak ? (40, 50_000) : (4, 10_000)
    for run in 0..<UInt64(runs) {
      let seed = Self.seed &+ run
      var simulation = Simulation(
        seed: seed, algorithm: algorithm, pools: pools, replicas: count, limit: limit,
        wellInTen: well)
      simulation.run(steps: steps)
      #expect(simulation.requests.count > steps / 100)
      #expect(
        simulation.faults.isEmpty,
        "SEED=\(seed), \(algorithm), \(pools) pools of \(count) replicas, \(limit) each, \(well) in ten: \(simulation.faults)"
      )
      guard simulation.faults.isEmpty else { return }
    }
  }
}
