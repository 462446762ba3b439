// Numbers and texts as people read them in a table or a message. Nothing here traps, whatever an answer held.

/// Short forms of durations, latencies, rates and texts from elsewhere.
package enum Readable {
  /// How long something lasts, like systemd says it: `3.1s`, `42s`, `4m`, `2h4m`, `3d2h`. Parts
  /// that did not pass in full do not count.
  package static func duration(seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0 else { return "-" }
    if seconds < 10 { return "\(fixed((seconds * 10).rounded(.down) / 10))s" }
    let whole = Int(min(seconds, 1e12))
    switch whole {
    case ..<60: return "\(whole)s"
    case ..<3600: return "\(whole / 60)m"
    case ..<86400: return pair(whole / 3600, "h", whole / 60 % 60, "m")
    default: return pair(whole / 86400, "d", whole / 3600 % 24, "h")
    }
  }

  private static func pair(_ large: Int, _ unit: String, _ small: Int, _ part: String) -> String {
    small == 0 ? "\(large)\(unit)" : "\(large)\(unit)\(small)\(part)"
  }

  /// A latency: `0.04ms`, `0.9ms`, `12.3ms`, `250ms`, `1.2s`; `-` where there is none.
  package static func latency(milliseconds: Double?) -> String {
    guard let milliseconds, milliseconds.isFinite, milliseconds >= 0 else { return "-" }
    switch milliseconds {
    case ..<0.095: return "\(fixed(milliseconds, digits: 2))ms"
    case ..<99.95: return "\(fixed(milliseconds))ms"
    case ..<999.5: return "\(fixed(milliseconds, digits: 0))ms"
    case ..<60_000: return "\(fixed(milliseconds / 1000))s"
    default: return duration(seconds: milliseconds / 1000)
    }
  }

  /// A rate: `0.4`, `203.1`, `12345`; `-` where there is none.
  package static func rate(_ rate: Double?) -> String {
    guard let rate, rate.isFinite, rate >= 0 else { return "-" }
    return fixed(rate, digits: rate < 999.95 ? 1 : 0)
  }

  /// A number with so many digits behind its point, at most 3.
  package static func fixed(_ number: Double, digits: Int = 1) -> String {
    guard number.isFinite else { return "-" }
    let scale = [1, 10, 100, 1000][min(max(digits, 0), 3)]
    let scaled = Int((min(max(number, -1e12), 1e12) * Double(scale)).rounded())
    let sign = scaled < 0 ? "-" : ""
    guard scale > 1 else { return "\(scaled)" }
    let part = String(scaled.magnitude % UInt(scale))
    let zeros = String(repeating: "0", count: max(0, digits - part.count))
    return "\(sign)\(scaled.magnitude / UInt(scale)).\(zeros)\(part)"
  }

  /// A text from elsewhere without what would control a terminal.
  package static func clean(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    var cleaned = String.UnicodeScalarView()
    for scalar in text.unicodeScalars { cleaned.append(isControl(scalar) ? "\u{FFFD}" : scalar) }
    return String(cleaned)
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || 0x7F..<0xA0 ~= scalar.value
  }
}
