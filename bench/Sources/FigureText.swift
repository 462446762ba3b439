// Figures as people read them: the ratio first, the spread behind it, the absolute last. Pure.

import CommandText

extension Unit {
  /// A value with its unit.
  func text(_ value: Double) -> String {
    switch self {
    case .microseconds: "\(significant(value)) µs"
    case .milliseconds: "\(significant(value)) ms"
    case .secondsPerGibibyte: "\(significant(value)) s/GiB"
    case .perSecond: "\(significant(value))/s"
    case .gibibytesPerSecond: "\(significant(value)) GiB/s"
    case .bytes: "\(significant(value)) B"
    case .mebibytes: "\(significant(value / 1_048_576)) MiB"
    case .multiple: Readable.fixed(value, digits: 2)
    case .share: "\(Readable.fixed(value * 100, digits: abs(value) < 0.0995 ? 1 : 0)) %"
    }
  }

  /// Whether it is compared with another row's.
  var isCompared: Bool { self != .multiple && self != .share }
}

/// A number with about three digits.
func significant(_ value: Double) -> String {
  switch abs(value) {
  case ..<9.995: Readable.fixed(value, digits: 2)
  case ..<99.95: Readable.fixed(value, digits: 1)
  default: Readable.fixed(value, digits: 0)
  }
}

extension Finding {
  /// `1.45 (1.40..1.52) 21.3 µs`; `-` where nothing was measured.
  func cell(_ row: Int, _ measure: Int) -> String {
    let unit = measures[measure].unit
    let figures = rows[row].figures[measure]
    guard let median = figures.median, let spread = figures.spread else { return "-" }
    guard unit.isCompared else {
      let (low, high) = (unit.text(spread.lowerBound), unit.text(spread.upperBound))
      return low == high ? low : "\(unit.text(median)) (\(low)..\(high))"
    }
    let ratios = ratios(row, measure)
    guard let ratio = ratios?.median, let range = ratios?.spread else {
      return "- \(unit.text(median))"
    }
    let (low, high) = (significant(range.lowerBound), significant(range.upperBound))
    let width = low == high ? "" : " (\(low)..\(high))"
    return "\(significant(ratio))\(width) \(unit.text(median))"
  }
}
