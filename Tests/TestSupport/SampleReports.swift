// Reports as lbd would make them, for tests of who writes and who reads them.

package import ControlProtocol

extension ReplicaReport {
  /// A replica at the port that is its name.
  package static func sample(
    _ name: String, _ state: ReplicaState = .up, order: ReplicaOrder = .ready,
    seconds: Double = 7470, figures: [ReplicaFigure.Name: FigureValue] = [:],
    check: Check = Check(result: "200", latencyMilliseconds: 0.9)
  ) -> ReplicaReport {
    ReplicaReport(
      name: name, address: "127.0.0.1:\(name)", config: Config(weight: 100), order: order,
      observed: .up, state: state, stateSeconds: seconds, figures: figures, check: check)
  }
}

extension [ReplicaFigure.Name: FigureValue] {
  /// Figures of a replica with requests of late.
  package static var busy: Self {
    [
      .active: 12, .requests: 2031, .rate: .measure(203.1), .p50: .measure(1.2),
      .p99: .measure(9.8),
    ]
  }
}

extension PoolStatus {
  /// A pool of these replicas.
  package static func sample(
    _ replicas: [ReplicaReport], name: String = "default"
  ) -> PoolStatus {
    PoolStatus(name: name, algorithm: "round_robin", replicas: replicas)
  }
}
