// The list of a replica's figures is whole, and names nothing twice.

import ControlProtocol
import TestSupport
import Testing

struct ReplicaFigureTests {
  @Test func `each figure has one entry, and each key and family one figure`() {
    let figures = ReplicaFigure.all
    #expect(Set(figures.map(\.name)) == Set(ReplicaFigure.Name.allCases))
    for names in [
      figures.map { "\($0.name)" }, figures.compactMap(\.key), figures.compactMap(\.metric?.name),
      figures.compactMap(\.column?.heading),
      figures.compactMap { $0.column.map { "\($0.importance)" } },
    ] {
      #expect(Set(names).count == names.count, "\(names)")
    }
  }

  @Test func `what has a column has a key to take it from`() {
    #expect(ReplicaFigure.all.allSatisfy { $0.column == nil || $0.key != nil })
  }

  @Test func `a figure that lbd says nothing of is nought, or nothing to tell from`() {
    let report = ReplicaReport.sample("8081", figures: [:])
    #expect(report[.requests] == 0 && report[.rate] == .measure(nil))
  }
}
