// Characters that nobody sees but that steer whoever shows a text: a terminal obeys controls, and what
// turns the direction of writing makes a line read as another one.

/// The rule of what is escaped wherever text of others is written for people.
package enum HiddenText {
  /// Whether a character is a control (C0, DEL, C1), a separator of lines or paragraphs, or a mark,
  /// embedding, override or isolate of a direction.
  package static func holds(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F...0x9F, 0x61C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }

  /// `\u` and four digits, as in JSON, for a character that is held.
  package static func escape(_ scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16)
    return "\\u" + String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
  }

  /// A text for people, which may have several lines: all else that is hidden is escaped.
  package static func shown(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { 0x20...0x7E ~= $0 }
    if isPlain { return text }
    var shown = ""
    for scalar in text.unicodeScalars {
      if scalar == "\n" || scalar == "\t" || !holds(scalar) {
        shown.unicodeScalars.append(scalar)
      } else {
        shown += escape(scalar)
      }
    }
    return shown
  }
}
