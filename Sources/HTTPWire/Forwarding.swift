// What a replica is told of the client behind lbd. A client could write the same fields itself, so
// its own go; those of a trusted proxy are believed, and lbd's word is added to them.

/// What lbd knows of a request's client before the head is written.
package struct ForwardedFacts: ~Copyable, ~Escapable {
  /// The client's address in text; `unix` where it has none.
  package let client: Span<UInt8>
  /// `http` as long as lbd speaks no TLS.
  package let scheme: StaticString
  /// A number that no other request has.
  package let requestID: (UInt64, UInt64)
  /// The client is one of the conf's trusted proxies.
  package let isTrusted: Bool

  @_lifetime(copy client)
  package init(
    client: Span<UInt8>, scheme: StaticString, requestID: (UInt64, UInt64), isTrusted: Bool = false
  ) {
    self.client = client
    self.scheme = scheme
    self.requestID = requestID
    self.isTrusted = isTrusted
  }
}

/// What holds for every request that goes on.
package struct ForwardRules: Sendable, Equatable {
  /// By which this lbd knows itself.
  package let mark: UInt64
  /// `Forwarded` is stated too (RFC 7239).
  package let statesForwarded: Bool
  /// Fields of a request that go no further, nor as its trailers.
  package let dropped: DroppedFields
  /// What stands between the value of X-Forwarded-Host, or Forwarded, and that of X-Request-Id: Via where
  /// it is stated (RFC 9110 §7.6.3).
  private let via: [UInt8]
  private let via10: [UInt8]

  package init(
    mark: UInt64, statesVia: Bool, statesForwarded: Bool, dropped: DroppedFields
  ) {
    self.mark = mark
    self.statesForwarded = statesForwarded
    self.dropped = dropped
    via = ForwardRules.lines(statesVia ? mark : nil, isVersion10: false)
    via10 = ForwardRules.lines(statesVia ? mark : nil, isVersion10: true)
  }

  private static func lines(_ mark: UInt64?, isVersion10: Bool) -> [UInt8] {
    var writer = ByteWriter(capacity: 64)
    writer.append("\r\n")
    if let mark { Hops.writeVia(mark, isVersion10: isVersion10, to: &writer) }
    writer.append("X-Request-Id: ")
    return writer.bytes.indices.map { writer.bytes[$0] }
  }

  @inline(__always)
  fileprivate func writeVia(isVersion10: Bool, to writer: inout ByteWriter) {
    writer.append(isVersion10 ? via10.span : via.span)
  }
}

/// The writer of `X-Forwarded-*`, `Forwarded`, `Via` and `X-Request-Id`.
enum Forwarding {
  /// Whether a field of the client's passes as it is; what is written in here never does.
  static func passes(
    _ name: FieldName, _ facts: borrowing ForwardedFacts, _ rules: borrowing ForwardRules
  ) -> Bool {
    switch name {
    case .forwardedFor, .forwardedHost, .forwardedProto, .requestID, .testToken, .proxy:
      false
    case .forwarded: facts.isTrusted && !rules.statesForwarded
    case .forwardedOther: facts.isTrusted
    default: true
    }
  }

  /// Writes the field lines.
  /// - Parameter host: where the request's host lies.
  static func write(
    _ head: borrowing RequestHead, _ bytes: Span<UInt8>, host: Range<Int>,
    _ facts: borrowing ForwardedFacts, _ rules: borrowing ForwardRules,
    to writer: inout ByteWriter
  ) {
    writer.append("X-Forwarded-For: ")
    if facts.isTrusted { extend(.forwardedFor, head.fields, bytes, to: &writer) }
    writer.append(facts.client)
    writer.append("\r\nX-Forwarded-Proto: ")
    let proto = facts.isTrusted ? sole(.forwardedProto, head.fields) : 0..<0
    if isScheme(bytes, proto) {
      writer.append(bytes.extracting(proto))
    } else {
      writer.append(facts.scheme)
    }
    writer.append("\r\nX-Forwarded-Host: ")
    let original = facts.isTrusted ? sole(.forwardedHost, head.fields) : 0..<0
    let isHost = !original.isEmpty && Authority.isWellFormed(bytes, original)
    writer.append(bytes.extracting(isHost ? original : host))
    if rules.statesForwarded { writeForwarded(head.fields, bytes, host, facts, to: &writer) }
    rules.writeVia(isVersion10: head.isVersion10, to: &writer)
    writeRequestID(head.fields, bytes, facts, to: &writer)
  }

  /// One element of RFC 7239 §4 behind those of a trusted proxy.
  private static func writeForwarded(
    _ fields: borrowing HeaderFields, _ bytes: Span<UInt8>, _ host: Range<Int>,
    _ facts: borrowing ForwardedFacts, to writer: inout ByteWriter
  ) {
    writer.append("\r\nForwarded: ")
    if facts.isTrusted { extend(.forwarded, fields, bytes, to: &writer) }
    // §6: an IPv6 address stands in brackets and quotes; what has no address is unknown.
    if Text.contains(facts.client, ByteClass.colon) {
      writer.append("for=\"[")
      writer.append(facts.client)
      writer.append("]\"")
    } else if Text.contains(facts.client, 0x2E) {
      writer.append("for=")
      writer.append(facts.client)
    } else {
      writer.append("for=unknown")
    }
    if !host.isEmpty {
      writer.append(";host=\"")
      writer.append(bytes.extracting(host))
      writer.append("\"")
    }
    writer.append(";proto=")
    writer.append(facts.scheme)
  }

  private static func writeRequestID(
    _ fields: borrowing HeaderFields, _ bytes: Span<UInt8>, _ facts: borrowing ForwardedFacts,
    to writer: inout ByteWriter
  ) {
    let given = facts.isTrusted ? sole(.requestID, fields) : 0..<0
    if isID(bytes, given) {
      writer.append(bytes.extracting(given))
    } else {
      writer.append(hex: facts.requestID.0)
      writer.append(hex: facts.requestID.1)
    }
    writer.append("\r\n")
  }

  /// Writes the values of a list that came over one or several lines, ready for one more.
  private static func extend(
    _ name: FieldName, _ fields: borrowing HeaderFields, _ bytes: Span<UInt8>,
    to writer: inout ByteWriter
  ) {
    for index in 0..<fields.count where fields[index].name == name {
      let value = fields[index].valueRange
      guard !value.isEmpty, name != .forwarded || endsUnquoted(bytes, value) else { continue }
      writer.append(bytes.extracting(value))
      writer.append(", ")
    }
  }

  /// Whether a value leaves no quote open, in which lbd's own element would be swallowed.
  private static func endsUnquoted(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    var isQuoted = false
    var isEscaped = false
    for index in range {
      if isEscaped {
        isEscaped = false
      } else if bytes[index] == 0x22 {
        isQuoted.toggle()
      } else {
        isEscaped = isQuoted && bytes[index] == 0x5C
      }
    }
    return !isQuoted
  }

  /// The value of the one field of a name; empty where there is none, or are several.
  static func sole(_ name: FieldName, _ fields: borrowing HeaderFields) -> Range<Int> {
    let found = fields.find(name)
    return found.count == 1 ? found.first?.valueRange ?? 0..<0 : 0..<0
  }

  /// A WebSocket's schemes too, which some proxies state with its handshake.
  private static func isScheme(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    Text.matches(bytes, range, "https") || Text.matches(bytes, range, "http")
      || Text.matches(bytes, range, "wss") || Text.matches(bytes, range, "ws")
  }

  /// What passes as a request id: it goes into logs and into other fields.
  static func isID(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    guard !range.isEmpty && range.count <= 128 else { return false }
    for index in range {
      let byte = bytes[index]
      // Visible, and neither a quote, a backslash, a comma nor a semicolon.
      guard
        byte > 0x20 && byte < 0x7F && byte != 0x22 && byte != 0x5C && byte != 0x2C
          && byte != 0x3B
      else { return false }
    }
    return true
  }
}
