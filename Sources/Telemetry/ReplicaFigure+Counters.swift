// Which of the workers' counters a figure of a replica adds up: what the list names, found in the tally.

import ControlProtocol
import Ledger

extension ReplicaFigure {
  /// A figure that workers count.
  typealias Counted = (figure: ReplicaFigure, counters: [Tally.Counter])

  /// Every figure that workers count. A test finds a name that is no counter's.
  static let counted: [Counted] = all.filter { !$0.counters.isEmpty }.map { figure in
    (figure, figure.counters.map(counter))
  }

  private static func counter(_ name: String) -> Tally.Counter {
    guard let counter = Tally.Counter.allCases.first(where: { "\($0)" == name }) else {
      fatalError("a figure of a replica adds up \(name), which no worker counts")
    }
    return counter
  }
}

extension TrafficCounts {
  /// The figures that workers count.
  var figures: [ReplicaFigure.Name: FigureValue] {
    let pairs = ReplicaFigure.counted.map { figure, counters in
      (figure.name, FigureValue.count(counters.reduce(0) { $0 + self[$1] }))
    }
    return Dictionary(uniqueKeysWithValues: pairs)
  }
}
