/// The few bytes and byte classes the syntax is made of, and text as a message may show it.

extension UInt8 {
  static let hash = UInt8(ascii: "#")
  static let semicolon = UInt8(ascii: ";")
  static let equals = UInt8(ascii: "=")
  static let colon = UInt8(ascii: ":")
  static let slash = UInt8(ascii: "/")
  static let openBracket = UInt8(ascii: "[")
  static let closeBracket = UInt8(ascii: "]")

  var isBlank: Bool { self == 0x20 || self == 0x09 }
  /// C0 but the tab, and DEL.
  var isControl: Bool { self < 0x20 && self != 0x09 || self == 0x7F }
  var isDigit: Bool { (0x30...0x39).contains(self) }
  var isLetter: Bool { (0x61...0x7A).contains(self | 0x20) }
  var isNameByte: Bool {
    isLetter || isDigit || self == UInt8(ascii: "-") || self == UInt8(ascii: "_")
      || self == UInt8(ascii: ".")
  }
}

extension Unicode.Scalar {
  /// What a terminal may obey, and what turns round the order in which letters are shown: C0, DEL, C1,
  /// marks, overrides and isolates of bidirectional text, ends of lines and paragraphs.
  var isControl: Bool {
    switch value {
    case 0..<0x20, 0x7F..<0xA0, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}

/// Digits only, at most 18 of them, so that nothing overflows.
func wholeNumber(_ text: some StringProtocol) -> Int? {
  let digits = text.utf8
  guard (1...18).contains(digits.count), digits.allSatisfy(\.isDigit) else { return nil }
  return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
}

/// `text` as a message quotes it: at most 64 scalars, nothing a terminal would obey. What has quotes of its
/// own gets no others.
func quoted(_ text: some StringProtocol) -> String {
  let hasQuotes = text.count > 1 && text.first == text.last && "\"'`".contains(text.last ?? " ")
  return hasQuotes ? clipped(text) : "\"\(clipped(text))\""
}

func clipped(_ text: some StringProtocol) -> String {
  // Nearly all text is short plain ASCII and stays as it is.
  if text.utf8.count <= 64 && text.utf8.allSatisfy({ 0x20..<0x7F ~= $0 }) { return String(text) }
  let scalars = text.unicodeScalars
  let head = printable(scalars.prefix(64))
  return scalars.dropFirst(64).isEmpty ? head : head + "…"
}

func printable(_ text: String) -> String { printable(text.unicodeScalars) }

func printable(_ scalars: some Sequence<Unicode.Scalar>) -> String {
  var text = String.UnicodeScalarView()
  for scalar in scalars {
    text.append(scalar == "\t" || !scalar.isControl ? scalar : "\u{FFFD}")
  }
  return String(text)
}

func trimmed(_ text: some StringProtocol) -> String {
  let bytes = Array(text.utf8)
  guard let first = bytes.firstIndex(where: { !$0.isBlank }),
    let last = bytes.lastIndex(where: { !$0.isBlank })
  else { return "" }
  return String(decoding: bytes[first...last], as: UTF8.self)
}
