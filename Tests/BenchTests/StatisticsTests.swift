// Medians, spreads and ratios, and how a table has them.

import Testing

@testable import bench

struct StatisticsTests {
  @Test(
    arguments: [
      ([], nil), ([7], 7), ([3, 1, 2], 2), ([4, 1, 3, 2], 2.5), ([1, 1, 100], 1),
    ] as [([Double], Double?)])
  func `the median is the middle one`(_ values: [Double], _ median: Double?) {
    #expect(Figures(values).median == median)
  }

  @Test func `the spread is from the lowest to the highest`() {
    #expect(Figures([3, 1, 2]).spread == 1...3)
    #expect(Figures([]).spread == nil)
  }

  @Test func `a ratio is to the reference's median`() {
    #expect(Figures([20, 30]).relative(to: Figures([5, 10, 80])) == Figures([2, 3]))
    #expect(Figures([20]).relative(to: Figures([])) == nil)
    #expect(Figures([20]).relative(to: Figures([0])) == nil)
  }

  private static func finding(_ unit: Unit, _ rows: [[Double]]) -> Finding {
    let plan = Plan(
      scenario: .get64, about: "small GETs", measures: [Measure("CPU", unit)], rounds: 2,
      subjects: rows.indices.map { index in
        Subject("s\(index)") { _ throws(Failure) in Observation(figures: []) }
      })
    var finding = Finding(plan)
    for (row, values) in rows.enumerated() {
      for value in values { finding.add(Observation(figures: [value]), of: row) }
    }
    return finding
  }

  @Test func `a cell begins with the ratio and shows the spread`() {
    let finding = Self.finding(.microseconds, [[10, 8, 12], [21, 20, 30]])
    #expect(finding.cell(0, 0) == "1.00 (0.80..1.20) 10.0 µs")
    #expect(finding.cell(1, 0) == "2.10 (2.00..3.00) 21.0 µs")
  }

  @Test func `a cell of nothing is a dash, one of a single round has no spread`() {
    let finding = Self.finding(.bytes, [[100], [], [250]])
    #expect(finding.cell(1, 0) == "-")
    #expect(finding.cell(2, 0) == "2.50 250 B")
  }

  @Test func `where the reference is nothing there is no ratio`() {
    #expect(Self.finding(.bytes, [[0], [250]]).cell(1, 0) == "- 250 B")
  }

  @Test func `a share is no ratio to another row`() {
    #expect(Self.finding(.share, [[0.5], [0.25, 0.35, 0.3]]).cell(1, 0) == "30 % (25 %..35 %)")
    #expect(Self.finding(.share, [[0.0123]]).cell(0, 0) == "1.2 %")
    #expect(Self.finding(.multiple, [[1.934]]).cell(0, 0) == "1.93")
  }

  @Test func `one bad answer, error or failure is not clean`() {
    var finding = Self.finding(.bytes, [[1], [2]])
    #expect(finding.isClean)
    finding.add(Observation(figures: [2], bad: 1), of: 1)
    #expect(!finding.isClean)
    finding.rows[1].bad = 0
    finding.rows[0].errors = 1
    #expect(!finding.isClean)
    finding.rows[0].errors = 0
    finding.faults = ["nginx ended"]
    #expect(!finding.isClean)
  }

  @Test func `a table has columns of one width, and says what went wrong`() {
    var finding = Self.finding(.bytes, [[100], [250]])
    finding.rows[1].bad = 3
    finding.faults = ["s1, round 2: nginx ended:\nno memory"]
    #expect(
      Markdown.section(finding) == """
        ## get-64

        Small GETs.

        |     | CPU        | bad   | errors |
        | --- | ---------- | ----- | ------ |
        | s0  | 1.00 100 B | 0     | 0      |
        | s1  | 2.50 250 B | **3** | 0      |

        1.00 is s0.

        - **failed**: s1, round 2: nginx ended: / no memory

        """)
  }
}
