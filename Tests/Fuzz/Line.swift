// Field lines by value, and what every head that goes on has in common.

/// One field line.
struct Line: Equatable, CustomStringConvertible {
  let name: FieldName
  /// The name in small letters.
  let key: [UInt8]
  let value: [UInt8]

  var description: String { "\(text(key)): \(text(value))" }

  static func all(_ fields: borrowing HeaderFields, _ span: Span<UInt8>) -> [Line] {
    var lines: [Line] = []
    for index in 0..<fields.count {
      let field = fields[index]
      lines.append(
        Line(
          name: field.name, key: small(bytes(span, field.nameRange)),
          value: bytes(span, field.valueRange)))
    }
    return lines
  }
}

extension [Line] {
  func values(_ name: FieldName) -> [[UInt8]] { filter { $0.name == name }.map(\.value) }

  /// The names that `Connection` lists, read anew (RFC 9110 §7.6.1).
  var listed: Set<[UInt8]> {
    let members = values(.connection).flatMap { $0.split(separator: 0x2C) }
    return Set(members.map { small(trimmed($0)) }.filter { !$0.isEmpty })
  }

  /// What is none of a balancer's business and goes on as it is.
  var endToEnd: [Line] { filter { $0.name == .other } }
}

/// The most fields that leave room in a parsed head for all that lbd adds.
var ownRoom: Int { HeaderFields.usualLimit - 10 }

/// Checks a head as text, by no rule of the parser's: lines with CRLF behind each, the last one empty,
/// and none of the bytes in them that end a line somewhere.
func requireLines(_ head: [UInt8], count: Int) {
  require(head.suffix(4) == [13, 10, 13, 10], "no end")
  require(!head.contains(0), "NUL")
  var ends = 0
  for index in head.indices {
    if head[index] == 10 {
      require(index > 0 && head[index - 1] == 13, "a bare LF at \(index)")
      ends += 1
    } else if head[index] == 13 {
      require(index + 1 < head.count && head[index + 1] == 10, "a bare CR at \(index)")
    }
  }
  require(ends == count, "\(ends) lines, \(count) wanted")
}

func small(_ bytes: [UInt8]) -> [UInt8] {
  bytes.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
}

private func trimmed(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
  let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 9 }
  let start = bytes.drop(while: isBlank)
  return Array(start.reversed().drop(while: isBlank).reversed())
}
