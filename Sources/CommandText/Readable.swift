// Numbers and texts as people read them in a table or a message. Nothing here traps, whatever an answer held.

import ControlProtocol

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

  /// A time as somebody gave it, in full: `250ms`, `30s`, `2m`.
  package static func exact(milliseconds: Int) -> String {
    if milliseconds % 60_000 == 0 { return "\(milliseconds / 60_000)m" }
    return milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds)ms"
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

  /// A text in lines of at most `width` characters, broken at spaces where there are some; at least one
  /// line.
  package static func broken(_ text: String, at width: Int) -> [String] {
    let width = max(1, width)
    var lines: [String] = []
    var rest = text[...]
    while rest.count > width {
      let whole = rest.prefix(width + 1)
      if let space = whole.lastIndex(of: " "), space > rest.startIndex {
        lines.append(String(rest[..<space]))
        rest = rest[rest.index(after: space)...]
      } else {
        lines.append(String(rest.prefix(width)))
        rest = rest.dropFirst(width)
      }
    }
    return rest.isEmpty && !lines.isEmpty ? lines : lines + [String(rest)]
  }

  /// A text from elsewhere as a terminal shows it in one line and obeys nothing of it: what would
  /// control it, or turn the order of its letters round, is written out, as in `\u001b`. What was
  /// cleaned once stays as it is.
  /// - Parameters:
  ///   - keepsLines: line ends and tabs stay.
  ///   - kept: texts with control characters that are the command's own and stay, such as colours.
  package static func clean(
    _ text: String, keepsLines: Bool = false, kept: [String] = []
  ) -> String {
    guard text.unicodeScalars.contains(where: HiddenText.holds) else { return text }
    var cleaned = String.UnicodeScalarView()
    var rest = text.unicodeScalars[...]
    while let scalar = rest.first {
      if !HiddenText.holds(scalar) || keepsLines && (scalar == "\n" || scalar == "\t") {
        cleaned.append(rest.removeFirst())
      } else if let own = kept.first(where: { rest.starts(with: $0.unicodeScalars) }) {
        cleaned.append(contentsOf: own.unicodeScalars)
        rest = rest.dropFirst(own.unicodeScalars.count)
      } else {
        cleaned.append(contentsOf: written(rest.removeFirst()).unicodeScalars)
      }
    }
    return String(cleaned)
  }

  private static func written(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "\n": "\\n"
    case "\r": "\\r"
    case "\t": "\\t"
    default: HiddenText.escape(scalar)
    }
  }

  /// JSON with the same characters escaped: a terminal obeys none of it, and it reads as before.
  package static func clean(json: [UInt8]) -> [UInt8] {
    guard json.contains(where: { $0 < 0x20 || $0 > 0x7E }) else { return json }
    // Outside of strings these are white space only.
    let text = String(decoding: json.map { $0 == 0x0D ? 0x20 : $0 }, as: UTF8.self)
    return Array(clean(text, keepsLines: true).utf8)
  }
}
