// The body of an order, such as {"address":"127.0.0.1:8084"}: one object of texts. Anything else is
// refused, since an order that is half understood is worse than none.

/// The body of a POST to the control socket.
package enum OrderBody {
  package static let addressKey = "address"
  package static let replicaKey = "replica"
  package static let weightKey = "weight"
  /// The order that must be in force for another one to be carried out.
  package static let conditionKey = "if"
  /// Bytes that a body may have: names and addresses are far shorter.
  package static let limit = 4096

  /// Reads a body; nil when it is not exactly one object with exactly one text (RFC 8259).
  package static func parse(_ body: [UInt8]) -> (key: String, value: String)? {
    guard let fields = fields(body), fields.count == 1 else { return nil }
    return fields.first
  }

  /// Reads the values of these keys; nil when the body is not one object with each of them once and
  /// nothing else.
  package static func parse(_ body: [UInt8], _ keys: [String]) -> [String]? {
    guard let fields = fields(body), fields.count == keys.count else { return nil }
    let values = Dictionary(fields) { first, _ in first }
    let found = keys.compactMap { values[$0] }
    return found.count == keys.count ? found : nil
  }

  private static func fields(_ body: [UInt8]) -> [(key: String, value: String)]? {
    guard body.count <= limit else { return nil }
    var scanner = Scanner(body)
    guard scanner.take(0x7B) else { return nil }
    var fields: [(key: String, value: String)] = []
    repeat {
      guard let key = scanner.text(), scanner.take(0x3A), let value = scanner.text() else {
        return nil
      }
      fields.append((key, value))
    } while scanner.takeIfNext(0x2C)
    return scanner.take(0x7D) && scanner.isAtEnd ? fields : nil
  }

  /// Writes a body.
  package static func write(_ fields: KeyValuePairs<String, String>) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { for (key, value) in fields { $0.field(key, value) } }
    return writer.bytes
  }
}

/// A position in the body. Every step looks before it reads, so no input can trap.
private struct Scanner {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  private mutating func next() -> UInt8? {
    guard position < bytes.count else { return nil }
    position += 1
    return bytes[position - 1]
  }

  private mutating func skipSpace() {
    while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) {
      position += 1
    }
  }

  /// Nothing but white space is left.
  var isAtEnd: Bool {
    mutating get {
      skipSpace()
      return position == bytes.count
    }
  }

  /// Takes white space and then this byte.
  mutating func take(_ byte: UInt8) -> Bool {
    skipSpace()
    return next() == byte
  }

  /// The same, but any other byte stays.
  mutating func takeIfNext(_ byte: UInt8) -> Bool {
    skipSpace()
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  /// Takes white space and a text in quotes (§7). Its bytes must be UTF-8 (§8.1).
  mutating func text() -> String? {
    guard take(0x22) else { return nil }
    var text: [UInt8] = []
    while let byte = next() {
      switch byte {
      case 0x22: return String(validating: text, as: UTF8.self)
      case 0x5C:
        guard let scalar = escaped() else { return nil }
        text.append(contentsOf: String(Character(scalar)).utf8)
      case 0..<0x20: return nil
      default: text.append(byte)
      }
    }
    return nil
  }

  /// What stands behind a backslash.
  private mutating func escaped() -> Unicode.Scalar? {
    switch next() {
    case 0x22: "\""
    case 0x5C: "\\"
    case 0x2F: "/"
    case 0x62: "\u{8}"
    case 0x66: "\u{C}"
    case 0x6E: "\n"
    case 0x72: "\r"
    case 0x74: "\t"
    case 0x75: unicode()
    default: nil
    }
  }

  /// Four digits, or twice four that make a surrogate pair; half a pair is no text.
  private mutating func unicode() -> Unicode.Scalar? {
    guard let first = fourDigits() else { return nil }
    guard 0xD800..<0xDC00 ~= first else { return Unicode.Scalar(first) }
    guard next() == 0x5C, next() == 0x75, let second = fourDigits(), 0xDC00..<0xE000 ~= second
    else { return nil }
    return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
  }

  private mutating func fourDigits() -> UInt32? {
    var value: UInt32 = 0
    for _ in 0..<4 {
      switch next() {
      case .some(let byte) where 0x30...0x39 ~= byte: value = value << 4 | UInt32(byte - 0x30)
      case .some(let byte) where 0x41...0x46 ~= byte: value = value << 4 | UInt32(byte - 0x37)
      case .some(let byte) where 0x61...0x66 ~= byte: value = value << 4 | UInt32(byte - 0x57)
      default: return nil
      }
    }
    return value
  }
}
