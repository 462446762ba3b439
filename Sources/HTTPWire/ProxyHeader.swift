// The PROXY protocol, versions 1 and 2: what a proxy below HTTP says of the connection that it
// passes on, before its first byte (haproxy.org/download/3.0/doc/proxy-protocol.txt). No request
// begins like either version, so what is at hand tells by itself whether one is there.

/// What the front of a connection holds.
package enum ProxyHeaderOutcome: Equatable {
  /// No header: the bytes are the client's own.
  case absent
  /// More bytes are needed to tell.
  case incomplete
  case malformed
  /// It ends before `length`; who the client is follows.
  case complete(length: Int, ProxySource)
}

/// The client that a header names.
package enum ProxySource: Equatable {
  /// The proxy itself asks.
  case proxy
  /// Someone, of whom nothing is said.
  case unknown
  /// An address in text (version 1), and the one it came to: both are of the same family.
  case text(Range<Int>, to: Range<Int>, port: UInt16)
  /// An address in 4 or 16 bytes (version 2).
  case binary(Range<Int>, port: UInt16)
}

/// The reader of PROXY headers.
package enum ProxyHeader {
  /// `\r\n\r\n\0\r\nQUIT\n` (§2.2).
  static var signature: [12 of UInt8] { [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10] }
  /// `PROXY ` (§2.1).
  private static var word: [6 of UInt8] { [0x50, 0x52, 0x4F, 0x58, 0x59, 0x20] }
  /// The longest line of version 1, its end included.
  private static var lineLimit: Int { 107 }
  /// The longest rest of version 2 that is read: addresses and what is appended to them.
  package static var blockLimit: Int { 4096 }

  /// Parses the header at the start of `bytes`.
  package static func parse(_ bytes: Span<UInt8>) -> ProxyHeaderOutcome {
    guard bytes.count > 0 else { return .incomplete }
    return bytes[0] == 13 ? parseBlock(bytes) : parseLine(bytes)
  }

  // MARK: Version 1

  private static func parseLine(_ bytes: Span<UInt8>) -> ProxyHeaderOutcome {
    for index in word.indices {
      guard index < bytes.count else { return .incomplete }
      guard bytes[index] == word[index] else { return .absent }
    }
    // A proxy sends the line whole and in one piece (§2.1), yet it may arrive in several.
    var end = word.count
    while end < bytes.count && bytes[end] != ByteClass.lf && end < lineLimit { end += 1 }
    guard end < lineLimit else { return .malformed }
    guard end < bytes.count else { return .incomplete }
    guard bytes[end - 1] == ByteClass.cr else { return .malformed }
    let text = word.count..<end - 1
    let isUnknown =
      Text.equals(bytes, text, "UNKNOWN")
      || text.count > 8 && Text.equals(bytes, text.lowerBound..<text.lowerBound + 8, "UNKNOWN ")
    if isUnknown { return .complete(length: end + 1, .unknown) }
    guard let source = source(bytes, text) else { return .malformed }
    return .complete(length: end + 1, source)
  }

  /// `TCP4 source destination port port`, one space between two. Whether a text is an address of
  /// its family, its reader sees.
  private static func source(_ bytes: Span<UInt8>, _ range: Range<Int>) -> ProxySource? {
    var words = InlineArray<5, Range<Int>>(repeating: 0..<0)
    var (count, start) = (0, range.lowerBound)
    for index in range.lowerBound...range.upperBound {
      guard index == range.upperBound || bytes[index] == ByteClass.space else { continue }
      guard count < 5 else { return nil }
      words[count] = start..<index
      count += 1
      start = index + 1
    }
    guard count == 5, let port = number(bytes, words[3]), number(bytes, words[4]) != nil else {
      return nil
    }
    let isIPv6 = Text.equals(bytes, words[0], "TCP6")
    guard isIPv6 || Text.equals(bytes, words[0], "TCP4") else { return nil }
    for index in 1...2 where !isAddress(bytes, words[index], isIPv6) { return nil }
    return .text(words[1], to: words[2], port: port)
  }

  private static func isAddress(_ bytes: Span<UInt8>, _ range: Range<Int>, _ isIPv6: Bool) -> Bool {
    var colons = 0
    for index in range {
      if bytes[index] == ByteClass.colon {
        colons += 1
      } else {
        guard bytes[index] == 0x2E || ByteClass.hexValue(bytes[index]) != nil else { return false }
      }
    }
    return isIPv6 ? colons >= 2 : colons == 0 && !range.isEmpty
  }

  private static func number(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt16? {
    guard !range.isEmpty, range.count == 1 || bytes[range.lowerBound] != 0x30, range.count <= 5
    else { return nil }
    var value = 0
    for index in range {
      guard ByteClass.isDigit(bytes[index]) else { return nil }
      value = value * 10 + Int(bytes[index] - 0x30)
    }
    return UInt16(exactly: value)
  }

  // MARK: Version 2

  private static func parseBlock(_ bytes: Span<UInt8>) -> ProxyHeaderOutcome {
    for index in signature.indices {
      guard index < bytes.count else { return .incomplete }
      guard bytes[index] == signature[index] else { return .absent }
    }
    guard bytes.count >= 16 else { return .incomplete }
    let length = Int(bytes[14]) << 8 | Int(bytes[15])
    guard bytes[12] >> 4 == 2 && bytes[12] & 15 <= 1 && length <= blockLimit else {
      return .malformed
    }
    guard bytes.count >= 16 + length else { return .incomplete }
    // LOCAL: the proxy's own connection, whatever addresses stand there (§2.2).
    guard bytes[12] & 15 == 1 else { return .complete(length: 16 + length, .proxy) }
    switch bytes[13] {
    case 0x11: return source(bytes, length, of: 4)
    case 0x21: return source(bytes, length, of: 16)
    // Unspecified, datagrams, Unix sockets: accepted without an address (§2.2).
    case 0x00, 0x12, 0x22, 0x31, 0x32: return .complete(length: 16 + length, .unknown)
    default: return .malformed
    }
  }

  private static func source(
    _ bytes: Span<UInt8>, _ length: Int, of size: Int
  ) -> ProxyHeaderOutcome {
    guard length >= 2 * size + 4 else { return .malformed }
    let portOffset = 16 + 2 * size
    let port = UInt16(bytes[portOffset]) << 8 | UInt16(bytes[portOffset + 1])
    return .complete(length: 16 + length, .binary(16..<16 + size, port: port))
  }
}
