// What a measure came to over the rounds. Pure.

/// One figure for each round.
struct Figures: Equatable {
  var values: [Double]

  init(_ values: [Double]) {
    self.values = values
  }

  /// The middle one; the mean of the two where their number is even. Nil where there is none.
  var median: Double? {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return nil }
    let half = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
  }

  /// The lowest and the highest.
  var spread: ClosedRange<Double>? {
    guard let low = values.min(), let high = values.max() else { return nil }
    return low...high
  }

  /// Each as a multiple of another measure's median; nil where that is nothing to divide by.
  func relative(to reference: Figures) -> Figures? {
    guard let unit = reference.median, unit > 0 else { return nil }
    return Figures(values.map { $0 / unit })
  }
}
