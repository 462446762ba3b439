// The host and port that a request is for, as the Host field or an absolute-form target states them.

/// The rule of `uri-host [ ":" port ]` (RFC 9110 §7.2, RFC 3986 §3.2). No user information passes.
package enum Authority {
  /// The longest accepted, in bytes: a domain name has at most 253, a port 6 with its colon.
  static var limit: Int { 260 }

  /// Whether the bytes in `range`, at least one, are a host with or without a port.
  package static func isWellFormed(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    guard range.count <= limit, let end = hostEnd(bytes, range), end > range.lowerBound else {
      return false
    }
    guard end < range.upperBound else { return true }
    guard bytes[end] == ByteClass.colon else { return false }
    for index in end + 1..<range.upperBound where !ByteClass.isDigit(bytes[index]) { return false }
    return true
  }

  /// Whether the bytes in `range` name the loopback of the machine that reads them, with or without a
  /// port: `localhost`, 127.0.0.0/8 or `[::1]`.
  package static func isLoopback(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    guard !range.isEmpty, isWellFormed(bytes, range), let end = hostEnd(bytes, range) else {
      return false
    }
    let host = range.lowerBound..<end
    if Text.matches(bytes, host, "localhost") || Text.equals(bytes, host, "[::1]") { return true }
    return isIPv4(bytes, host) && Text.equals(bytes, host.prefix(4), "127.")
  }

  /// Where the host ends; nil when it is none.
  private static func hostEnd(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
    guard bytes[range.lowerBound] == 0x5B else { return nameEnd(bytes, range) }
    var end = range.lowerBound + 1
    while end < range.upperBound && bytes[end] != 0x5D { end += 1 }
    guard end < range.upperBound, isIPv6(bytes, range.lowerBound + 1..<end) else { return nil }
    return end + 1
  }

  /// `IPv6address` without a zone (RFC 3986 §3.2.2): eight groups, or fewer and one `::` in their
  /// place; the last two may be an IPv4 address.
  private static func isIPv6(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    var (groups, digits, gaps, index) = (0, 0, 0, range.lowerBound)
    while index < range.upperBound && bytes[index] != 0x2E {
      if bytes[index] == ByteClass.colon {
        let isGap = index + 1 < range.upperBound && bytes[index + 1] == ByteClass.colon
        guard isGap || digits > 0 && index + 1 < range.upperBound else { return false }
        gaps += isGap ? 1 : 0
        index += isGap ? 1 : 0
        digits = 0
      } else {
        guard ByteClass.hexValue(bytes[index]) != nil, digits < 4 else { return false }
        groups += digits == 0 ? 1 : 0
        digits += 1
      }
      index += 1
    }
    if index < range.upperBound {
      guard isIPv4(bytes, index - digits..<range.upperBound) else { return false }
      groups += 1
    }
    return gaps == 0 ? groups == 8 : gaps == 1 && groups <= 7
  }

  /// Four numbers up to 255 without leading zeros.
  private static func isIPv4(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    var (numbers, digits, value) = (1, 0, 0)
    for index in range {
      if bytes[index] == 0x2E {
        guard digits > 0 else { return false }
        (numbers, digits, value) = (numbers + 1, 0, 0)
      } else {
        guard ByteClass.isDigit(bytes[index]), digits == 0 || value > 0 else { return false }
        value = value * 10 + Int(bytes[index] - 0x30)
        digits += 1
        guard value <= 255 else { return false }
      }
    }
    return numbers == 4 && digits > 0
  }

  /// `reg-name` or `IPv4address`: ends before a colon.
  private static func nameEnd(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
    var index = range.lowerBound
    while index < range.upperBound && bytes[index] != ByteClass.colon {
      if bytes[index] == 0x25 {
        guard index + 2 < range.upperBound, ByteClass.hexValue(bytes[index + 1]) != nil,
          ByteClass.hexValue(bytes[index + 2]) != nil
        else { return nil }
      } else {
        guard ByteClass.isName(bytes[index]) else { return nil }
      }
      index += 1
    }
    return index
  }
}
