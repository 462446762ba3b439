// Writes JSON (RFC 8259) into bytes, in the order of the calls and on one line. Used for control
// answers and for logs, so never on the request path; it allocates as it grows.

/// What can be written as one JSON value.
package protocol JSONWritable {
  /// Writes exactly one value.
  func write(to writer: inout JSONWriter)
}

extension JSONWritable {
  /// The value alone, as the body of an answer.
  package var json: [UInt8] {
    var writer = JSONWriter()
    write(to: &writer)
    return writer.bytes
  }
}

/// A text of JSON under construction. Commas come by themselves; that keys stand in objects only,
/// and values behind keys, is up to the caller and given by `object`, `array` and `field`.
package struct JSONWriter: Sendable {
  /// What was written so far.
  package private(set) var bytes: [UInt8] = []
  private var isBehindValue = false

  package init() {}

  // MARK: Values

  /// Writes a string, escaped as JSON demands.
  package mutating func value(_ text: String) {
    begin()
    quote(text)
  }

  /// Writes a whole number.
  package mutating func value(_ number: Int) {
    begin()
    bytes.append(contentsOf: String(number).utf8)
  }

  /// Writes the shortest text that reads back as the same number; `null` for what JSON has no
  /// number for (infinities and NaN).
  package mutating func value(_ number: Double) {
    guard number.isFinite else { return null() }
    begin()
    bytes.append(contentsOf: number.description.utf8)
  }

  /// Writes `true` or `false`.
  package mutating func value(_ truth: Bool) {
    begin()
    bytes.append(contentsOf: (truth ? "true" : "false").utf8)
  }

  /// Writes `null`.
  package mutating func null() {
    begin()
    bytes.append(contentsOf: "null".utf8)
  }

  /// Writes the value that the part makes of itself.
  package mutating func value(_ part: some JSONWritable) {
    part.write(to: &self)
  }

  /// Writes `{ … }` with the fields that `body` writes.
  package mutating func object(_ body: (inout JSONWriter) -> Void) {
    begin()
    enclose(0x7B, 0x7D, body)
  }

  /// Writes `[ … ]` with the values that `body` writes.
  package mutating func array(_ body: (inout JSONWriter) -> Void) {
    begin()
    enclose(0x5B, 0x5D, body)
  }

  // MARK: Fields of an object

  /// Writes a field's name; exactly one value follows.
  package mutating func key(_ name: String) {
    begin()
    quote(name)
    bytes.append(0x3A)
    isBehindValue = false
  }

  /// Writes a field whose value is a string.
  package mutating func field(_ name: String, _ text: String) {
    key(name)
    value(text)
  }

  /// Writes a field whose value is a whole number.
  package mutating func field(_ name: String, _ number: Int) {
    key(name)
    value(number)
  }

  /// Writes a field whose value is a number; `null` for infinities and NaN.
  package mutating func field(_ name: String, _ number: Double) {
    key(name)
    value(number)
  }

  /// Writes a field whose value is `true` or `false`.
  package mutating func field(_ name: String, _ truth: Bool) {
    key(name)
    value(truth)
  }

  /// Writes the text, or `null`.
  package mutating func field(_ name: String, optional text: String?) {
    key(name)
    if let text { value(text) } else { null() }
  }

  /// Writes the number, or `null`.
  package mutating func field(_ name: String, optional number: Double?) {
    key(name)
    if let number { value(number) } else { null() }
  }

  /// Writes a field whose value the part makes of itself.
  package mutating func field(_ name: String, _ part: some JSONWritable) {
    key(name)
    value(part)
  }

  /// Writes a field whose value is `[ … ]` of the parts, in their order.
  package mutating func field(_ name: String, _ parts: [some JSONWritable]) {
    key(name)
    array { writer in for part in parts { writer.value(part) } }
  }

  /// Writes a field whose value is `{ … }`.
  package mutating func object(_ name: String, _ body: (inout JSONWriter) -> Void) {
    key(name)
    object(body)
  }

  /// Writes a field whose value is `[ … ]`.
  package mutating func array(_ name: String, _ body: (inout JSONWriter) -> Void) {
    key(name)
    array(body)
  }

  // MARK: Bytes

  private mutating func begin() {
    if isBehindValue { bytes.append(0x2C) }
    isBehindValue = true
  }

  private mutating func enclose(
    _ open: UInt8, _ close: UInt8, _ body: (inout JSONWriter) -> Void
  ) {
    bytes.append(open)
    isBehindValue = false
    body(&self)
    bytes.append(close)
    isBehindValue = true
  }

  /// RFC 8259 §7. What is hidden is escaped as well: it would reach a terminal.
  private mutating func quote(_ text: String) {
    bytes.append(0x22)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": bytes.append(contentsOf: [0x5C, 0x22])
      case "\\": bytes.append(contentsOf: [0x5C, 0x5C])
      case "\n": bytes.append(contentsOf: [0x5C, 0x6E])
      case "\r": bytes.append(contentsOf: [0x5C, 0x72])
      case "\t": bytes.append(contentsOf: [0x5C, 0x74])
      case " "..."~": bytes.append(UInt8(truncatingIfNeeded: scalar.value))
      case _ where HiddenText.holds(scalar):
        bytes.append(contentsOf: HiddenText.escape(scalar).utf8)
      default: if let encoded = UTF8.encode(scalar) { bytes.append(contentsOf: encoded) }
      }
    }
    bytes.append(0x22)
  }
}
