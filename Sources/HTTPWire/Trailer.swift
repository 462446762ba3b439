// Which fields may stand behind a chunked body. A recipient that adds them to the head's own would
// let a body change what the head had settled, so what bears on that goes (RFC 9110 §6.5.1).

/// The rule of trailer fields.
enum Trailer {
  /// Whether the field line in `range` goes on as a trailer; nil when it is no field line. `field`
  /// counts from the line's first byte.
  static func judge(
    _ bytes: Span<UInt8>, _ range: Range<Int>, ofResponse isResponse: Bool,
    _ dropped: borrowing DroppedFields, _ field: inout Field
  ) -> Bool? {
    let line = bytes.extracting(range)
    guard HeadParser.parse(fieldLine: line, ofResponse: isResponse, into: &field) else {
      return nil
    }
    return passes(field, line) && !dropped.contains(line, field.nameRange)
  }

  /// What lbd itself acts on does not pass: framing, routing, what concerns the connection, what it
  /// states of a client.
  private static func passes(_ field: Field, _ bytes: Span<UInt8>) -> Bool {
    guard field.name == .other else { return false }
    let name = field.nameRange
    for index in families.indices {
      let length = families[index].utf8CodeUnitCount
      let start = name.lowerBound..<min(name.lowerBound + length, name.upperBound)
      if Text.matches(bytes, start, families[index]) { return false }
    }
    for index in headOnly.indices where Text.matches(bytes, name, headOnly[index]) { return false }
    return true
  }

  /// How names of conditions, of negotiation, and of what only browsers or proxies may state begin.
  private static let families: [StaticString] = [
    "if-", "accept", "sec-", "access-control-", "proxy-", "cookie", "set-cookie",
  ]

  /// Request modifiers, authentication, response control data, and how the content is to be read.
  private static let headOnly: [StaticString] = [
    "authorization", "www-authenticate", "authentication-info", "cache-control", "pragma", "range",
    "content-encoding", "content-type", "content-range", "content-location", "content-language",
    "content-disposition", "age", "expires", "location", "retry-after", "vary", "warning", "allow",
    "origin", "referer", "user-agent", "server", "strict-transport-security",
    "x-http-method-override", "x-accel-redirect",
  ]
}
