/// What one line of an INI file says.
///
/// Made from a `SourceLine`, whatever its bytes are; costs a few passes over the line.
enum LineContent {
  case blank
  case section(kind: Word, name: Word?)
  case setting(key: Word, value: Word)
  case malformed(why: String, offset: Int)

  init(_ line: SourceLine) {
    if let fault = LineContent.fault(in: line) {
      self = fault
      return
    }
    let body = line.bytes.withoutComment.trimmed
    switch body.first {
    case nil: self = .blank
    case .openBracket: self = .section(body, in: line)
    default: self = .setting(body, in: line)
    }
  }

  /// Bytes that no conf may hold, comments included: what an editor shows must be what is read.
  private static func fault(in line: SourceLine) -> LineContent? {
    if let index = line.bytes.firstIndex(where: \.isControl) {
      return .malformed(
        why: "a control character (byte \(line.bytes[index])), delete it",
        offset: index - line.bytes.startIndex)
    }
    // Nearly all lines are ASCII.
    guard line.bytes.contains(where: { $0 >= 0x80 }) else { return nil }
    guard String(validating: line.bytes, as: UTF8.self) == nil else {
      let text = line.text.unicodeScalars
      guard let mark = text.firstIndex(where: { $0.isControl && $0 != "\t" }) else { return nil }
      let number = String(text[mark].value, radix: 16, uppercase: true)
      return .malformed(
        why: "an invisible character (U+\(number)) that controls a text, delete it",
        offset: line.text.utf8.distance(from: text.startIndex, to: mark))
    }
    let text = line.text
    let bad = text.unicodeScalars.firstIndex(of: "\u{FFFD}") ?? text.startIndex
    return .malformed(
      why: "bytes that are not UTF-8, save the file as UTF-8",
      offset: text.utf8.distance(from: text.startIndex, to: bad))
  }

  private static func section(_ body: ArraySlice<UInt8>, in line: SourceLine) -> LineContent {
    guard let close = body.firstIndex(of: .closeBracket) else {
      return .malformed(
        why: "a section without its closing bracket, write [name]",
        offset: line.offset(of: body.endIndex))
    }
    let rest = body[(close + 1)...].trimmed
    if body.dropFirst().first == .openBracket {
      return .malformed(
        why: "there are no double brackets, write [replica r1], and another name for each",
        offset: line.offset(of: body.startIndex))
    }
    guard rest.isEmpty else {
      return .malformed(
        why: "text behind a section, put it on a line of its own",
        offset: line.offset(of: rest.startIndex))
    }
    let words = body[(body.startIndex + 1)..<close].split(whereSeparator: \.isBlank)
    guard (1...2).contains(words.count) else {
      return .malformed(
        why: "a section has one or two words, write [health] or [replica r4]",
        offset: line.offset(of: body.startIndex))
    }
    return .section(
      kind: line.word(words[0]), name: words.count == 2 ? line.word(words[1]) : nil)
  }

  private static func setting(_ body: ArraySlice<UInt8>, in line: SourceLine) -> LineContent {
    guard let equals = body.firstIndex(of: .equals) else {
      let text = line.word(body).text
      let what = "\(quoted(text)) is neither a [section] nor a key"
      return .malformed(
        why: "\(what), \(Slips.hint(line: text) ?? "write key = value")",
        offset: line.offset(of: body.startIndex))
    }
    let key = body[..<equals].trimmed
    guard !key.isEmpty else {
      return .malformed(
        why: "a value without a key, write key = value", offset: line.offset(of: equals))
    }
    return .setting(key: line.word(key), value: line.word(body[(equals + 1)...].trimmed))
  }
}

extension SourceLine {
  fileprivate func offset(of index: Int) -> Int { index - bytes.startIndex }

  fileprivate func word(_ slice: ArraySlice<UInt8>) -> Word {
    Word(text: String(decoding: slice, as: UTF8.self), offset: offset(of: slice.startIndex))
  }
}

extension ArraySlice<UInt8> {
  /// Up to a `#` or `;` that begins the line or follows white space.
  fileprivate var withoutComment: ArraySlice<UInt8> {
    let mark = indices.first { index in
      (self[index] == .hash || self[index] == .semicolon)
        && (index == startIndex || self[index - 1].isBlank)
    }
    return self[..<(mark ?? endIndex)]
  }

  fileprivate var trimmed: ArraySlice<UInt8> {
    guard let first = firstIndex(where: { !$0.isBlank }),
      let last = lastIndex(where: { !$0.isBlank })
    else { return self[endIndex...] }
    return self[first...last]
  }
}
