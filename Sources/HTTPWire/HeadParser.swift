// Turns the bytes of a head into ranges, strictly: what two servers could read in two ways is
// refused (RFC 9112 §11.2). It copies nothing, looks at each byte about once, and never reads
// past what is there.

/// What parsing came to.
package enum ParseOutcome: Equatable {
  /// The head ends before this offset.
  case complete(Int)
  /// More bytes are needed; what is there is well-formed so far.
  case incomplete
  case malformed(Refusal)
}

/// The parser of request and response heads. Cost: about a nanosecond for three bytes.
package struct HeadParser: ~Copyable, ~Escapable {
  private let bytes: Span<UInt8>
  private let fieldLimit: Int
  private let isResponse: Bool
  private var position = 0

  private enum Step: Equatable {
    case done
    case incomplete
    case malformed(Refusal)
  }

  @_lifetime(copy bytes)
  private init(_ bytes: Span<UInt8>, fieldLimit: Int, isResponse: Bool) {
    self.bytes = bytes
    self.fieldLimit = fieldLimit
    self.isResponse = isResponse
  }

  /// Parses a request head at the start of `bytes`. A few empty lines before it are skipped
  /// (RFC 9112 §2.2). `head` means something only after `.complete`.
  /// - Parameter isOwn: lbd wrote it, so that it may have more fields than a client's.
  package static func parse(
    request bytes: Span<UInt8>, isOwn: Bool = false, into head: inout RequestHead
  ) -> ParseOutcome {
    let limit = isOwn ? Int.max : head.fields.limit
    var parser = HeadParser(bytes, fieldLimit: limit, isResponse: false)
    head.fields.removeAll()
    switch parser.requestLine(&head) {
    case .done: break
    case .incomplete: return .incomplete
    case .malformed(let refusal): return .malformed(refusal)
    }
    return parser.fieldLines(&head.fields)
  }

  /// Parses a response head at the start of `bytes`. `head` means something only after `.complete`,
  /// and its status after `.unknownStatus`.
  package static func parse(
    response bytes: Span<UInt8>, into head: inout ResponseHead
  ) -> ParseOutcome {
    var parser = HeadParser(bytes, fieldLimit: head.fields.limit, isResponse: true)
    head.fields.removeAll()
    switch parser.statusLine(&head) {
    case .done: break
    case .incomplete: return .incomplete
    case .malformed(let refusal): return .malformed(refusal)
    }
    return parser.fieldLines(&head.fields)
  }

  // MARK: Request line (RFC 9112 §3)

  private mutating func requestLine(_ head: inout RequestHead) -> Step {
    switch emptyLines() {
    case .done: break
    case let other: return other
    }
    let start = position
    position = ByteScan.tokenEnd(bytes, from: start)
    guard position < bytes.count else { return .incomplete }
    guard position > start && bytes[position] == ByteClass.space else {
      return .malformed(.malformedRequestLine)
    }
    head.methodRange = start..<position
    head.method = Method.recognise(bytes.extracting(start..<position))
    position += 1
    switch target(&head) {
    case .done: break
    case let other: return other
    }
    switch version(&head.isVersion10, .malformedRequestLine) {
    case .done: return targetForm(&head)
    case let other: return other
    }
  }

  /// Skips at most four empty lines.
  private mutating func emptyLines() -> Step {
    while position < bytes.count && bytes[position] == ByteClass.cr {
      guard position + 1 < bytes.count else { return .incomplete }
      guard bytes[position + 1] == ByteClass.lf && position < 8 else {
        return .malformed(.malformedRequestLine)
      }
      position += 2
    }
    return .done
  }

  private mutating func target(_ head: inout RequestHead) -> Step {
    let start = position
    position = ByteScan.targetEnd(bytes, from: start)
    guard position < bytes.count else { return .incomplete }
    guard position > start && bytes[position] == ByteClass.space else {
      return .malformed(.malformedTarget)
    }
    head.targetRange = start..<position
    head.authorityRange = start..<start
    head.pathRange = start..<position
    position += 1
    return .done
  }

  /// Which form the target has is asked last: another version may have others.
  private func targetForm(_ head: inout RequestHead) -> Step {
    let start = head.targetRange.lowerBound
    if head.method == .connect { return .malformed(.connectNotSupported) }
    if bytes[start] == 0x2F {
      head.form = .origin
    } else if bytes[start] == 0x2A && head.targetRange.count == 1 && head.method == .options {
      head.form = .asterisk
    } else {
      return absoluteTarget(&head)
    }
    return .done
  }

  /// `http://authority/path` (RFC 9112 §3.2.2).
  private func absoluteTarget(_ head: inout RequestHead) -> Step {
    let range = head.targetRange
    var start = range.lowerBound
    if range.count > 7 && Text.matches(bytes, start..<start + 7, "http://") {
      start += 7
    } else if range.count > 8 && Text.matches(bytes, start..<start + 8, "https://") {
      start += 8
    } else {
      return .malformed(.malformedTarget)
    }
    var end = start
    while end < range.upperBound && bytes[end] != 0x2F && bytes[end] != 0x3F { end += 1 }
    guard end > start && Authority.isWellFormed(bytes, start..<end) else {
      return .malformed(.malformedTarget)
    }
    head.form = .absolute
    head.authorityRange = start..<end
    head.pathRange = end..<range.upperBound
    return .done
  }

  /// `HTTP/1.` and a digit, then the line's end. What is above 1.1 is read as 1.1 (RFC 9110 §2.5).
  private mutating func version(_ isVersion10: inout Bool, _ refusal: Refusal) -> Step {
    switch versionNumber(&isVersion10, refusal) {
    case .done: return lineEnd(refusal)
    case let other: return other
    }
  }

  private mutating func versionNumber(_ isVersion10: inout Bool, _ refusal: Refusal) -> Step {
    let start = position
    if ByteScan.word(bytes, start) == 0x312E_312F_5054_5448 {
      isVersion10 = false
      position += 8
      return .done
    }
    let name: [5 of UInt8] = [0x48, 0x54, 0x54, 0x50, 0x2F]
    for index in name.indices {
      guard position < bytes.count else { return .incomplete }
      guard bytes[position] == name[index] else { return .malformed(refusal) }
      position += 1
    }
    guard start + 8 <= bytes.count else { return .incomplete }
    let (major, dot, minor) = (bytes[position], bytes[position + 1], bytes[position + 2])
    let digits: ClosedRange<UInt8> = 0x30...0x39
    guard digits.contains(major) && dot == 0x2E && digits.contains(minor) else {
      return .malformed(refusal)
    }
    guard major == 0x31 else { return .malformed(.unsupportedVersion) }
    isVersion10 = minor == 0x30
    position += 3
    return .done
  }

  // MARK: Status line (RFC 9112 §4)

  private mutating func statusLine(_ head: inout ResponseHead) -> Step {
    switch versionNumber(&head.isVersion10, .malformedRequestLine) {
    case .done: break
    case let other: return other
    }
    guard position < bytes.count else { return .incomplete }
    guard bytes[position] == ByteClass.space else { return .malformed(.malformedRequestLine) }
    var status = 0
    for index in position + 1..<position + 4 {
      guard index < bytes.count else { return .incomplete }
      guard ByteClass.isDigit(bytes[index]) else { return .malformed(.malformedRequestLine) }
      status = status * 10 + Int(bytes[index] - 0x30)
    }
    guard position + 4 < bytes.count else { return .incomplete }
    head.status = status
    position += 4
    // The space before an empty reason may be missing (§4), but no fourth digit or letter follows.
    if bytes[position] == ByteClass.space {
      position += 1
    } else if bytes[position] != ByteClass.cr {
      return .malformed(.malformedRequestLine)
    }
    guard status >= 100 && status < 600 else { return .malformed(.unknownStatus) }
    let start = position
    position = ByteScan.valueEnd(bytes, from: start)
    head.reasonRange = start..<position
    return lineEnd(.malformedRequestLine)
  }

  // MARK: Field lines (RFC 9112 §5)

  /// Parses one whole field line, its end included. False when it is none.
  package static func parse(
    fieldLine bytes: Span<UInt8>, ofResponse isResponse: Bool, into field: inout Field
  ) -> Bool {
    var parser = HeadParser(bytes, fieldLimit: 1, isResponse: isResponse)
    return parser.fieldLine(&field) == .done && parser.position == bytes.count
  }

  private mutating func fieldLines(_ fields: inout HeaderFields) -> ParseOutcome {
    while true {
      guard position < bytes.count else { return .incomplete }
      if bytes[position] == ByteClass.cr {
        switch lineEnd(.malformedField) {
        case .done: return .complete(position)
        case .incomplete: return .incomplete
        case .malformed(let refusal): return .malformed(refusal)
        }
      }
      var field = Field()
      switch fieldLine(&field) {
      case .done: break
      case .incomplete: return .incomplete
      case .malformed(let refusal): return .malformed(refusal)
      }
      guard fields.append(field, atMost: fieldLimit) else { return .malformed(.tooManyFields) }
    }
  }

  /// `name ":" OWS value OWS CRLF`. Continued lines are refused (§5.2), and so is white space before
  /// the colon, which a response's name is without (§5.1): neither byte is a token.
  private mutating func fieldLine(_ field: inout Field) -> Step {
    let start = position
    position = ByteScan.tokenEnd(bytes, from: start)
    let nameEnd = position
    guard position < bytes.count else { return .incomplete }
    if bytes[position] != ByteClass.colon && isResponse {
      skipBlanks()
      guard position < bytes.count else { return .incomplete }
    }
    guard nameEnd > start && bytes[position] == ByteClass.colon && position < 65535 else {
      return .malformed(.malformedField)
    }
    field.nameStart = UInt16(start)
    field.nameEnd = UInt16(nameEnd)
    field.name = FieldName.recognise(bytes, start, nameEnd - start)
    position += 1
    let valueStart = position
    position = ByteScan.valueEnd(bytes, from: valueStart)
    guard position < bytes.count else { return .incomplete }
    guard position < 65535 else { return .malformed(.headTooLarge) }
    let value = Text.trim(bytes, valueStart..<position)
    field.valueStart = UInt16(value.lowerBound)
    field.valueEnd = UInt16(value.upperBound)
    return lineEnd(.malformedField)
  }

  @inline(never)
  private mutating func skipBlanks() {
    while position < bytes.count && ByteClass.isBlank(bytes[position]) { position += 1 }
  }

  /// CRLF and nothing else: a bare CR or LF is read in two ways by others (§2.2).
  @inline(__always)
  private mutating func lineEnd(_ refusal: Refusal) -> Step {
    guard position < bytes.count else { return .incomplete }
    guard bytes[position] == ByteClass.cr else { return .malformed(refusal) }
    guard position + 1 < bytes.count else { return .incomplete }
    guard bytes[position + 1] == ByteClass.lf else { return .malformed(refusal) }
    position += 2
    return .done
  }
}
