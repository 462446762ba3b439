/// The forms of numbers, with and without a unit. A unit is never guessed.

extension Form where Value: FixedWidthInteger & Sendable {
  static func number(_ bounds: ClosedRange<Value>) -> Form {
    let range = "\(bounds.lowerBound) to \(bounds.upperBound)"
    return Form(
      help: "a number, \(range)",
      read: { text in
        guard let number = wholeNumber(text) else {
          return .refused("\(quoted(text)) is not a whole number, write \(range)")
        }
        guard let value = Value(exactly: number), bounds.contains(value) else {
          return .refused("\(number) is out of bounds, write \(range)")
        }
        return .value(value)
      },
      write: { "\($0)" })
  }
}

extension Form<Int> {
  static func percent(_ bounds: ClosedRange<Int>) -> Form {
    let range = "\(bounds.lowerBound)% to \(bounds.upperBound)%"
    return Form(
      help: "a percentage, \(range)",
      read: { text in
        guard text.hasSuffix("%"), let number = wholeNumber(text.dropLast()) else {
          return .refused("\(quoted(text)) is not a percentage, write 10%")
        }
        guard bounds.contains(number) else {
          return .refused("\(number)% is out of bounds, write \(range)")
        }
        return .value(number)
      },
      write: { "\($0)%" })
  }

  /// Bytes; `k`, `m`, `g` and `t` are powers of 1024, a bare number is bytes.
  static func size(_ bounds: ClosedRange<Int>) -> Form {
    let units = [("t", 1 << 40), ("g", 1 << 30), ("m", 1 << 20), ("k", 1 << 10), ("", 1)]
    let write = { @Sendable (value: Int) in inLargest(value, of: units) }
    let range = "\(write(bounds.lowerBound)) to \(write(bounds.upperBound))"
    return Form(
      help: "a size in bytes, \(range)",
      read: { text in
        let (number, unit) = split(text.lowercased())
        guard let number, let factor = units.first(where: { $0.0 == unit })?.1 else {
          return .refused("\(quoted(text)) is not a size, write 16k or 1m")
        }
        let (bytes, isOver) = number.multipliedReportingOverflow(by: factor)
        guard !isOver, bounds.contains(bytes) else {
          return .refused("\(clipped(text)) is out of bounds, write \(range)")
        }
        return .value(bytes)
      },
      write: write)
  }
}

extension Form<Duration> {
  /// A whole number and its unit: `ms`, `s`, `m` or `h`.
  static func duration(_ shortest: Duration, _ longest: Duration) -> Form {
    let range = "\(written(shortest)) to \(written(longest))"
    return Form(
      help: "a duration, \(range)",
      read: { text in
        let (number, unit) = split(text)
        guard let number else {
          return .refused("\(quoted(text)) is not a duration, write 5s or 250ms")
        }
        guard let factor = durationUnits.first(where: { $0.0 == unit })?.1 else {
          let fault = unit.isEmpty ? "has no unit" : "is not in ms, s, m or h"
          return .refused("\(clipped(text)) \(fault), write 5s or 250ms")
        }
        let (milliseconds, isOver) = number.multipliedReportingOverflow(by: factor)
        guard !isOver, shortest <= .milliseconds(milliseconds),
          .milliseconds(milliseconds) <= longest
        else { return .refused("\(clipped(text)) is out of bounds, write \(range)") }
        return .value(.milliseconds(milliseconds))
      },
      write: written)
  }

  @Sendable private static func written(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    let milliseconds = Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
    // One minute reads best as the 60s that everyone writes.
    let units = durationUnits.filter { $0.0 != "m" || milliseconds > 60_000 }
    return inLargest(milliseconds, of: units)
  }
}

/// Largest first, in milliseconds.
private let durationUnits = [("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)]

/// In the largest unit that leaves a whole number.
private func inLargest(_ value: Int, of units: [(String, Int)]) -> String {
  let unit = units.first { value >= $0.1 && value % $0.1 == 0 } ?? units[units.count - 1]
  return "\(value / unit.1)\(unit.0)"
}

/// The leading digits as a number, and what follows; nil where there are none or too many.
private func split(_ text: String) -> (Int?, String) {
  let digits = text.prefix { $0.isASCII && $0.isNumber }
  return (wholeNumber(digits), trimmed(text[digits.endIndex...]))
}
