// What the rounds of one scenario came to.

/// The figures of a plan, a row for each subject.
struct Finding {
  let scenario: Scenario
  let about: String
  let notes: [String]
  let measures: [Measure]
  var rows: [Row]
  /// What went wrong, in words.
  var faults: [String] = []

  /// One subject's.
  struct Row {
    let name: String
    /// For each measure, a value for each round.
    var figures: [Figures]
    var bad = 0
    var errors = 0
  }

  init(_ plan: Plan) {
    scenario = plan.scenario
    about = plan.about
    notes = plan.notes
    measures = plan.measures
    rows = plan.subjects.map {
      Row(name: $0.name, figures: plan.measures.map { _ in Figures([]) })
    }
  }

  mutating func add(_ observation: Observation, of row: Int) {
    for (measure, value) in observation.figures.enumerated() {
      rows[row].figures[measure].values.append(value)
    }
    rows[row].bad += observation.bad
    rows[row].errors += observation.errors
  }

  /// A row's measure as multiples of the first row's median.
  func ratios(_ row: Int, _ measure: Int) -> Figures? {
    rows[row].figures[measure].relative(to: rows[0].figures[measure])
  }

  var isClean: Bool {
    faults.isEmpty && rows.allSatisfy { $0.bad == 0 && $0.errors == 0 }
  }
}
