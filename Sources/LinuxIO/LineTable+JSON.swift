// Text of others inside of a JSON string: valid JSON (RFC 8259 §7) and valid UTF-8 (RFC 3629) whatever
// the bytes are. Nearly all of them need no change, which eight at a time tell.

extension LineTable {
  /// Writes bytes as they stand inside of a JSON string. Bytes that are no UTF-8 become U+FFFD each.
  /// - Parameter limit: how many bytes may be written.
  /// - Returns: false when the text was cut there, at a character's end.
  @inline(__always)
  package mutating func append(json bytes: Span<UInt8>, atMost limit: Int) -> Bool {
    bytes.count <= min(limit, room) && appendPlain(bytes) || appendEscaped(bytes, atMost: limit)
  }

  /// Copies text that needs no change, eight bytes at a time; there is room for it. False, and nothing
  /// appended, where it does need some.
  private mutating func appendPlain(_ bytes: Span<UInt8>) -> Bool {
    // Safe: each load lies inside of the span and each store in the room for as many bytes.
    unsafe bytes.withUnsafeBytes { source in
      guard let base = source.baseAddress, source.count >= 8 else {
        for index in bytes.indices where !JSONText.isPlain(bytes[index]) { return false }
        append(bytes)
        return true
      }
      var marks: UInt64 = 0
      var offset = 0
      let last = source.count &- 8
      while offset < last {
        let word = unsafe (base + offset).loadUnaligned(as: UInt64.self)
        unsafe (next + offset).storeBytes(of: word, as: UInt64.self)
        marks |= JSONText.marks(word)
        offset &+= 8
      }
      // The last eight, some of which may have been copied already.
      let word = unsafe (base + last).loadUnaligned(as: UInt64.self)
      unsafe (next + last).storeBytes(of: word, as: UInt64.self)
      guard (marks | JSONText.marks(word)) & 0x8080_8080_8080_8080 == 0 else { return false }
      unsafe next += source.count
      return true
    }
  }

  @inline(never)
  private mutating func appendEscaped(_ bytes: Span<UInt8>, atMost limit: Int) -> Bool {
    let end = count + limit
    var index = 0
    while index < bytes.count {
      let length = JSONText.length(bytes, index)
      let byte = bytes[index]
      let hidden = JSONText.hidden(bytes, index, length)
      let isQuoted = byte == 0x22 || byte == 0x5C
      let space = hidden != nil ? 6 : isQuoted ? 2 : length == 0 ? 3 : length
      guard count + space <= end else { return false }
      if let hidden {
        escape(hidden)
      } else if isQuoted {
        append(0x5C)
        append(byte)
      } else if length == 0 {
        append("\u{FFFD}")
      } else {
        append(bytes.extracting(index..<index + length))
      }
      index += max(1, length)
    }
    return true
  }

  private mutating func escape(_ character: UInt16) {
    append("\\u")
    for shift: UInt16 in [12, 8, 4, 0] {
      let digit = UInt8(character >> shift & 15)
      append(digit < 10 ? 0x30 + digit : 0x57 + digit)
    }
  }
}

/// Questions about bytes that are to stand in a JSON string.
enum JSONText {
  /// Whether a byte is visible ASCII, or a space, and stands for itself.
  @inline(__always)
  static func isPlain(_ byte: UInt8) -> Bool {
    byte &- 0x20 <= 0x5E && byte != 0x22 && byte != 0x5C
  }

  /// Sets the highest bit of each byte of eight that is not plain: of a quote, a backslash, a control
  /// or DEL one of the differences and sums here sets it, the others have it. A plain byte above one of
  /// these may be marked too.
  @inline(__always)
  static func marks(_ word: UInt64) -> UInt64 {
    let quote = (word ^ 0x2222_2222_2222_2222) &- 0x0101_0101_0101_0101
    let backslash = (word ^ 0x5C5C_5C5C_5C5C_5C5C) &- 0x0101_0101_0101_0101
    let control = word &- 0x2020_2020_2020_2020
    let delete = word &+ 0x0101_0101_0101_0101
    return word | quote | backslash | control | delete
  }

  /// The character at an index, which has so many bytes, where it is one that steers whoever shows it:
  /// a control (C0, DEL, C1), a line's or paragraph's separator, or one of those that turn the
  /// direction of the text around them. Else nil.
  static func hidden(_ bytes: Span<UInt8>, _ index: Int, _ length: Int) -> UInt16? {
    let first = UInt16(bytes[index])
    switch length {
    case 1: return first < 0x20 || first == 0x7F ? first : nil
    case 2:
      let character = (first & 0x1F) << 6 | UInt16(bytes[index + 1] & 0x3F)
      return 0x80...0x9F ~= character || character == 0x61C ? character : nil
    case 3:
      let next = UInt16(bytes[index + 1] & 0x3F)
      let character = (first & 0x0F) << 12 | next << 6 | UInt16(bytes[index + 2] & 0x3F)
      switch character {
      case 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: return character
      default: return nil
      }
    default: return nil
    }
  }

  /// How many bytes the character at an index has; 0 where it is not well-formed (Unicode, table 3-7).
  static func length(_ bytes: Span<UInt8>, _ index: Int) -> Int {
    let first = bytes[index]
    let (length, second): (Int, ClosedRange<UInt8>) =
      switch first {
      case 0..<0x80: (1, 0...0)
      case 0xC2...0xDF: (2, 0x80...0xBF)
      case 0xE0: (3, 0xA0...0xBF)
      case 0xED: (3, 0x80...0x9F)
      case 0xE1...0xEF: (3, 0x80...0xBF)
      case 0xF0: (4, 0x90...0xBF)
      case 0xF1...0xF3: (4, 0x80...0xBF)
      case 0xF4: (4, 0x80...0x8F)
      default: (0, 0...0)
      }
    guard length > 1 else { return length }
    guard index + length <= bytes.count, second.contains(bytes[index + 1]) else { return 0 }
    for follower in index + 2..<index + length where bytes[follower] & 0xC0 != 0x80 { return 0 }
    return length
  }
}
