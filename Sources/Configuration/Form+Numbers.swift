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
    let units = sizeUnits
    let write = { @Sendable (value: Int) in inLargest(value, of: units) }
    let range = "\(write(bounds.lowerBound)) to \(write(bounds.upperBound))"
    return Form(
      help: "a size in bytes, \(range)",
      read: { text in
        let (number, unit) = split(text.lowercased())
        guard let number, let factor = units.first(where: { $0.0 == unit })?.1 else {
          let meant = Quantity(text)?.value(sizeWords, of: units, within: bounds)
          return .refused("\(quoted(text)) is not a size, write \(meant ?? "16k or 1m")")
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
        let bounds = milliseconds(shortest)...milliseconds(longest)
        guard let number, let factor = durationUnits.first(where: { $0.0 == unit })?.1 else {
          if unit.isEmpty, let number {
            guard number > 0 || shortest == .zero else {
              return .refused("0 is out of bounds, write \(range)")
            }
            return .refused("\(number) has no unit, write \(number)s or \(number)ms")
          }
          let meant = Quantity(text)?.value(durationWords, of: durationUnits, within: bounds)
          let fault = number == nil ? "is not a duration" : "is not in ms, s, m or h"
          return .refused("\(quoted(text)) \(fault), write \(meant ?? "5s or 250ms")")
        }
        let (milliseconds, isOver) = number.multipliedReportingOverflow(by: factor)
        guard !isOver, shortest <= .milliseconds(milliseconds),
          .milliseconds(milliseconds) <= longest
        else { return .refused("\(clipped(text)) is out of bounds, write \(range)") }
        return .value(.milliseconds(milliseconds))
      },
      write: written)
  }

  private static func milliseconds(_ duration: Duration) -> Int {
    let (seconds, attoseconds) = duration.components
    return Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
  }

  @Sendable private static func written(_ duration: Duration) -> String {
    let milliseconds = milliseconds(duration)
    // One minute reads best as the 60s that everyone writes.
    let units = durationUnits.filter { $0.0 != "m" || milliseconds > 60_000 }
    return inLargest(milliseconds, of: units)
  }
}

/// Largest first, in milliseconds.
private let durationUnits = [("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)]

private let sizeUnits = [("t", 1 << 40), ("g", 1 << 30), ("m", 1 << 20), ("k", 1 << 10), ("", 1)]

/// A duration or a size in the units of others, as the conf writes it: both where it may be either.
func inOwnUnits(_ text: String) -> [String] {
  guard let quantity = Quantity(text) else { return [] }
  return [
    quantity.value(durationWords, of: durationUnits, within: 0...Int.max),
    quantity.value(sizeWords, of: sizeUnits, within: 0...Int.max),
  ].compactMap { $0 }
}

/// What others call the units.
private let durationWords: [(words: String, factor: Int)] = [
  ("d day days", 86_400_000), ("h hr hrs hour hours", 3_600_000),
  ("m min mins minute minutes", 60_000),
  ("s sec secs second seconds", 1000), ("ms msec msecs millis millisecond milliseconds", 1),
]
private let sizeWords: [(words: String, factor: Int)] = [
  ("t tb tib", 1 << 40), ("g gb gib gbyte", 1 << 30), ("m mb mib mbyte", 1 << 20),
  ("k kb kib kbyte", 1 << 10), ("b byte bytes", 1),
]

/// A number and a unit as other formats write them: `10 MB`, `1.5s`, `1m30s`. Only for hints.
private struct Quantity {
  /// Thousandths of the unit, with the unit.
  private var parts: [(thousandths: Int, unit: String)] = []

  init?(_ text: String) {
    var rest = text.lowercased()[...]
    repeat {
      let whole = rest.prefix { $0.isASCII && $0.isNumber }
      rest = rest.dropFirst(whole.count)
      var part = rest.prefix(0)
      if rest.first == "." {
        part = rest.dropFirst().prefix { $0.isASCII && $0.isNumber }
        rest = rest.dropFirst(part.count + 1)
      }
      rest = rest.drop { $0 == " " }
      let unit = rest.prefix { $0.isASCII && $0.isLetter }
      rest = rest.dropFirst(unit.count).drop { $0 == " " }
      guard whole.utf8.count <= 9, part.utf8.count <= 3, !unit.isEmpty,
        let number = wholeNumber(whole + part + String(repeating: "0", count: 3 - part.utf8.count))
      else { return nil }
      parts.append((number, String(unit)))
    } while !rest.isEmpty && parts.count < 4
    guard rest.isEmpty else { return nil }
  }

  /// The same as the conf writes it; nil where a unit is none, or the value no whole number within
  /// the bounds.
  func value(
    _ words: [(words: String, factor: Int)], of units: [(String, Int)],
    within bounds: ClosedRange<Int>
  ) -> String? {
    var sum = 0
    for part in parts {
      let row = words.first { $0.words.split(separator: " ").contains { $0 == part.unit } }
      guard let row else { return nil }
      let (product, isOver) = part.thousandths.multipliedReportingOverflow(by: row.factor)
      let (total, isOverToo) = sum.addingReportingOverflow(product)
      guard !isOver, !isOverToo, product % 1000 == 0 else { return nil }
      sum = total
    }
    sum /= 1000
    return bounds.contains(sum) ? inLargest(sum, of: units) : nil
  }
}

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
