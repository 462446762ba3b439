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

  /// Where the host ends; nil when it is none.
  private static func hostEnd(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
    guard bytes[range.lowerBound] == 0x5B else { return nameEnd(bytes, range) }
    // What an IPv6 address is made of, without a zone (RFC 3986 §3.2.2); nobody has IPvFuture.
    var index = range.lowerBound + 1
    var colons = 0
    while index < range.upperBound && bytes[index] != 0x5D {
      if bytes[index] == ByteClass.colon {
        colons += 1
      } else {
        guard bytes[index] == 0x2E || ByteClass.hexValue(bytes[index]) != nil else { return nil }
      }
      index += 1
    }
    return index < range.upperBound && colons >= 2 ? index + 1 : nil
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
