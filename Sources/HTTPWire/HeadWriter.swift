// Writes the head that goes on: request line or status line, the fields that may pass, and what a
// balancer adds. Each line is written from what the parser understood of it; neighbours that came in
// the very form that is written are copied at one go.

/// The writer of heads.
package enum HeadWriter {
  /// Bytes by which a written request head may be longer than the received one.
  package static var growth: Int { 1024 }

  /// Writes the request that a replica gets.
  /// - Parameters:
  ///   - head, bytes, framing: the client's request as it was understood.
  ///   - facts, rules: what is said of the client; see `Forwarding`.
  package static func write(
    request head: borrowing RequestHead, _ bytes: Span<UInt8>, _ framing: RequestFraming,
    _ facts: borrowing ForwardedFacts, _ rules: borrowing ForwardRules,
    to writer: inout ByteWriter
  ) {
    writer.append(bytes.extracting(head.methodRange))
    writer.append(ByteClass.space)
    writeTarget(head, bytes, to: &writer)
    writer.append(" HTTP/1.1\r\nHost: ")
    let host = head.form == .absolute ? head.authorityRange : framing.host?.valueRange ?? 0..<0
    writer.append(bytes.extracting(host))
    // HTTP/1.1 needs a Host (RFC 9112 §3.2), which an HTTP/1.0 client may have left out.
    if framing.host == nil && host.isEmpty { writer.append("localhost") }
    writer.append("\r\n")
    let hasTrailers = framing.body == .chunked && !framing.listsFields
    var run = LineRun()
    for index in 0..<head.fields.count {
      let field = head.fields[index]
      guard Forwarding.passes(field.name, facts, rules),
        field.name != .maxForwards || framing.hopsLeft == .max,
        passes(field, of: head.fields, bytes, framing.listsFields, hasTrailers),
        !rules.dropped.contains(bytes, field.nameRange)
      else { continue }
      run.add(field, bytes, to: &writer)
    }
    run.end(bytes, to: &writer)
    if framing.hopsLeft < Int.max {
      writer.append("Max-Forwards: ")
      writer.append(decimal: max(0, framing.hopsLeft - 1))
      writer.append("\r\n")
    }
    write(framing.body, to: &writer)
    if framing.expectsContinue { writer.append("Expect: 100-continue\r\n") }
    if framing.wantsUpgrade { writeUpgrade(head.fields, bytes, to: &writer) }
    Forwarding.write(head, bytes, host: host, facts, rules, to: &writer)
    writer.append("\r\n")
  }

  private static func writeTarget(
    _ head: borrowing RequestHead, _ bytes: Span<UInt8>, to writer: inout ByteWriter
  ) {
    // RFC 9112 §3.2.1, §3.2.4: an absolute-form target becomes origin-form or asterisk-form.
    let path = head.pathRange
    if path.isEmpty {
      writer.append(head.method == .options ? "*" : "/")
    } else {
      if bytes[path.lowerBound] == 0x3F { writer.append("/") }
      writer.append(bytes.extracting(path))
    }
  }

  /// Writes the response that the client gets.
  /// - Parameters:
  ///   - body: how the body is framed towards the client.
  ///   - connection: what to say of the client's connection.
  ///   - replica: named in the answer to a test request, else empty.
  ///   - date: seconds since 1970, stated where the replica stated none (RFC 9110 §6.6.1); 0 for
  ///     nothing.
  ///   - isRetried: it is a failure, and others were asked before; that is said (RFC 9209).
  package static func write(
    response head: borrowing ResponseHead, _ bytes: Span<UInt8>, _ framing: ResponseFraming,
    body: BodyFraming, connection: ConnectionOption, replica: Span<UInt8>, date: Int,
    isRetried: Bool = false, to writer: inout ByteWriter
  ) {
    writer.append("HTTP/1.1 ")
    writer.append(decimal: head.status)
    writer.append(ByteClass.space)
    writer.append(bytes.extracting(head.reasonRange))
    writer.append("\r\n")
    writeFields(of: head, bytes, framing, body, to: &writer)
    if date > 0 { DateField.write(date, to: &writer) }
    write(body, to: &writer)
    switch connection {
    case .unsaid: break
    case .close: writer.append("Connection: close\r\n")
    case .keepAlive: writer.append("Connection: keep-alive\r\n")
    case .upgrade: break
    }
    // RFC 9110 §15.5.22: a 426 names the protocol that it asks for.
    if connection == .upgrade || head.status == 426 {
      writeUpgrade(head.fields, bytes, to: &writer)
    }
    if isRetried {
      writer.append("Proxy-Status: ")
      writer.append(ProxyError.retried)
      writer.append(decimal: head.status)
      writer.append("\r\n")
    }
    if !replica.isEmpty {
      writer.append("X-Lbd-Replica: ")
      writer.append(replica)
      writer.append("\r\n")
    }
    writer.append("\r\n")
  }

  private static func writeFields(
    of head: borrowing ResponseHead, _ bytes: Span<UInt8>, _ framing: ResponseFraming,
    _ body: BodyFraming, to writer: inout ByteWriter
  ) {
    // The length that HEAD or 304 states is the one that GET would have had; it passes.
    let passesLength = body == .none && head.status >= 200 && head.status != 204
    let hasTrailers = framing.body == .chunked && body == .chunked && !framing.listsFields
    var run = LineRun()
    for index in 0..<head.fields.count {
      let field = head.fields[index]
      guard
        passesLength && field.name == .contentLength
          || passes(field, of: head.fields, bytes, framing.listsFields, hasTrailers)
      else { continue }
      run.add(field, bytes, to: &writer)
    }
    run.end(bytes, to: &writer)
  }

  /// Writes the field line that says where a body ends; none for a body that ends with its connection.
  package static func write(_ body: BodyFraming, to writer: inout ByteWriter) {
    switch body {
    case .none, .untilClose: break
    case .chunked: writer.append("Transfer-Encoding: chunked\r\n")
    case .length(let length):
      writer.append("Content-Length: ")
      writer.append(decimal: length)
      writer.append("\r\n")
    }
  }

  private static func writeUpgrade(
    _ fields: borrowing HeaderFields, _ bytes: Span<UInt8>, to writer: inout ByteWriter
  ) {
    writer.append("Connection: upgrade\r\n")
    for index in 0..<fields.count where fields[index].name == .upgrade {
      LineRun.write(fields[index], bytes, to: &writer)
    }
  }

  /// Whether a field goes on to the next hop as it is. What concerns one connection only does not
  /// (RFC 9110 §7.6.1), what is written from the framing does not, what `Connection` lists does not. The
  /// name that a test learns is lbd's own to state.
  /// Which trailers will come is said where some can.
  private static func passes(
    _ field: Field, of fields: borrowing HeaderFields, _ bytes: Span<UInt8>, _ listsFields: Bool,
    _ hasTrailers: Bool
  ) -> Bool {
    switch field.name {
    case .connection, .keepAlive, .proxyConnection, .te, .transferEncoding, .upgrade, .expect,
      .contentLength, .host, .http2Settings, .replicaName, .lookalike:
      false
    case .trailer: hasTrailers
    case .via, .date: true
    default: listsFields ? !Framing.lists(fields, bytes, field.nameRange) : true
    }
  }
}

/// Neighbouring field lines that came as they are written, `name: value`, to be copied at one go.
private struct LineRun {
  private var lines = 0..<0

  /// Writes a field's line, now or at the end of the run that it belongs to.
  @inline(__always)
  mutating func add(_ field: Field, _ bytes: Span<UInt8>, to writer: inout ByteWriter) {
    let range = field.nameRange
    let end = Int(field.valueEnd) + 2
    guard isNormal(field, bytes) else {
      self.end(bytes, to: &writer)
      return LineRun.write(field, bytes, to: &writer)
    }
    if range.lowerBound == lines.upperBound {
      lines = lines.lowerBound..<end
    } else {
      self.end(bytes, to: &writer)
      lines = range.lowerBound..<end
    }
  }

  /// Writes what was not written yet.
  @inline(__always)
  mutating func end(_ bytes: Span<UInt8>, to writer: inout ByteWriter) {
    writer.append(bytes.extracting(lines))
    lines = 0..<0
  }

  /// One space before the value, and the line's end right behind it.
  @inline(__always)
  private func isNormal(_ field: Field, _ bytes: Span<UInt8>) -> Bool {
    Int(field.valueStart) == Int(field.nameEnd) + 2
      && bytes[Int(field.nameEnd) + 1] == ByteClass.space
      && bytes[Int(field.valueEnd)] == ByteClass.cr
  }

  static func write(_ field: Field, _ bytes: Span<UInt8>, to writer: inout ByteWriter) {
    writer.append(bytes.extracting(field.nameRange))
    writer.append(": ")
    writer.append(bytes.extracting(field.valueRange))
    writer.append("\r\n")
  }
}

/// What a response says of the connection that it goes out on.
package enum ConnectionOption: Sendable {
  /// Nothing: it goes on, as HTTP/1.1 does by itself.
  case unsaid
  case close
  /// It goes on, said because the client speaks HTTP/1.0.
  case keepAlive
  /// It changes its protocol.
  case upgrade
}
