// What stands behind the `?` of a control socket's target: one name with its value, or nothing.
// Anything else is refused, since a question that is half understood is answered wrongly.

/// The query of a read.
package enum ControlQuery {
  /// Of `ControlPath.events`: the number of the last event that is known already.
  package static let since = "since"
  /// Of `ControlPath.explain`: a replica's name, port or address.
  package static let replica = "replica"
  /// Bytes that a value may have: names and addresses are far shorter.
  package static let limit = 1024

  /// What a target's query came to.
  package enum Reading: Equatable, Sendable {
    case absent
    case value(String)
    /// Another name, more than one, no value, too long a one, or none that is text.
    case malformed
  }

  /// A target with its query, escaped as RFC 3986 demands.
  package static func target(_ path: String, _ name: String, _ value: String) -> String {
    var target = Array("\(path)?\(name)=".utf8)
    for byte in value.utf8 {
      if isUnreserved(byte) {
        target.append(byte)
      } else {
        target += [0x25, digit(byte >> 4), digit(byte & 15)]
      }
    }
    return String(decoding: target, as: UTF8.self)
  }

  /// Reads the value that a target has for the one name that it may have.
  package static func read(_ name: String, of target: String) -> Reading {
    guard let mark = target.utf8.firstIndex(of: 0x3F) else { return .absent }
    let query = target.utf8[target.utf8.index(after: mark)...]
    if query.isEmpty { return .absent }
    let start = Array("\(name)=".utf8)
    guard query.starts(with: start), let value = unescaped(query.dropFirst(start.count)) else {
      return .malformed
    }
    return .value(value)
  }

  /// The number of an event: digits alone, as far as they fit.
  package static func number(_ text: String) -> Int? {
    text.utf8.allSatisfy { 0x30...0x39 ~= $0 } ? Int(text) : nil
  }

  private static func unescaped(_ value: Substring.UTF8View) -> String? {
    var bytes: [UInt8] = []
    var rest = value
    while let byte = rest.popFirst() {
      switch byte {
      case 0x26, 0x23: return nil
      case 0x25:
        guard let high = half(rest.popFirst()), let low = half(rest.popFirst()) else { return nil }
        bytes.append(high << 4 | low)
      default: bytes.append(byte)
      }
      guard bytes.count <= limit else { return nil }
    }
    return bytes.isEmpty ? nil : String(validating: bytes, as: UTF8.self)
  }

  private static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true
    default: false
    }
  }

  private static func digit(_ half: UInt8) -> UInt8 { half < 10 ? 0x30 + half : 0x37 + half }

  private static func half(_ digit: UInt8?) -> UInt8? {
    switch digit {
    case .some(let digit) where 0x30...0x39 ~= digit: digit - 0x30
    case .some(let digit) where 0x41...0x46 ~= digit: digit - 0x37
    case .some(let digit) where 0x61...0x66 ~= digit: digit - 0x57
    default: nil
    }
  }
}
