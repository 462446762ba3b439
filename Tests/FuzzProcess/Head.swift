// Heads and bodies as the fuzzer reads them, by the letter of RFC 9112 and nothing more: what lbd sends, to
// clients and to replicas, is always in its strictest form.

/// A message that is not in that form; says how.
struct Malformed: Error {
  let what: String

  init(_ what: String, _ bytes: some Collection<UInt8>) {
    self.what = "\(what): \(Malformed.show(bytes))"
  }

  /// The front of some bytes, as a text in quotes.
  static func show(_ bytes: some Collection<UInt8>) -> String {
    let more = bytes.count > 800 ? " and more, \(bytes.count) bytes" : ""
    return String(decoding: bytes.prefix(800), as: UTF8.self).debugDescription + more
  }
}

/// A start line with its fields.
struct Head {
  let line: String
  /// Names in small letters.
  let fields: [(name: String, value: String)]
  /// Behind its empty line.
  let end: Int

  func values(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }

  /// Reads a head from a place in `bytes` on; nil while there is more to come.
  init?(_ bytes: [UInt8], from start: Int) throws(Malformed) {
    var lines: [String] = []
    var position = start
    while true {
      guard let lf = bytes[position...].firstIndex(of: 0x0A) else {
        guard bytes.count - start < 200_000 else { throw Malformed("no end", bytes[start...]) }
        return nil
      }
      guard lf > position, bytes[lf - 1] == 0x0D else {
        throw Malformed("a line without CRLF", bytes[start...])
      }
      let line = bytes[position..<lf - 1]
      position = lf + 1
      if line.isEmpty { break }
      guard !line.contains(where: { $0 == 0 || $0 == 0x0D }) else {
        throw Malformed("a control byte", bytes[start...])
      }
      lines.append(String(decoding: line, as: UTF8.self))
    }
    guard let first = lines.first else { throw Malformed("an empty line", bytes[start...]) }
    line = first
    var fields: [(name: String, value: String)] = []
    for line in lines.dropFirst() {
      guard let field = Head.field(line) else { throw Malformed("a field", Array(line.utf8)) }
      fields.append(field)
    }
    (self.fields, end) = (fields, position)
  }

  private static let marks = Array("!#$%&'*+-.^_`|~".utf8)

  static func field(_ line: String) -> (name: String, value: String)? {
    let bytes = Array(line.utf8)
    guard let colon = bytes.firstIndex(of: 0x3A), colon > 0,
      bytes[..<colon].allSatisfy({ byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: marks.contains(byte)
        }
      })
    else { return nil }
    let value = bytes[(colon + 1)...].drop { $0 == 0x20 || $0 == 9 }
    return (
      String(decoding: bytes[..<colon], as: UTF8.self).lowercased(),
      String(decoding: value, as: UTF8.self)
    )
  }
}

/// Where a message ends.
enum Framing: Equatable {
  case none
  case length(Int)
  case chunked
  case untilClose

  /// What the fields say; there must be one reading of them.
  init(_ head: Head, otherwise: Framing) throws(Malformed) {
    let (lengths, codings) = (head.values("content-length"), head.values("transfer-encoding"))
    guard lengths.count + codings.count <= 1 else {
      throw Malformed("two framings", Array("\(head.fields)".utf8))
    }
    if let coding = codings.first {
      guard coding == "chunked" else { throw Malformed("a coding", Array(coding.utf8)) }
      self = .chunked
    } else if let length = lengths.first {
      guard !length.isEmpty, length.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let count = Int(length)
      else { throw Malformed("a length", Array(length.utf8)) }
      self = .length(count)
    } else {
      self = otherwise
    }
  }
}

/// A chunked body in normal form, read as it comes.
struct Chunks {
  /// The body so far.
  private(set) var data: [UInt8] = []
  private(set) var isOver = false
  /// How much of a chunk's data is still to come; its line end is next at 0, a size line at nil.
  private var left: Int?
  private var isInTrailers = false

  /// Takes what is whole from a place on; gives the place behind that.
  mutating func take(_ bytes: [UInt8], from start: Int) throws(Malformed) -> Int {
    var position = start
    while !isOver {
      if let count = left, count > 0 {
        let part = min(count, bytes.count - position)
        guard part > 0 else { break }
        data += bytes[position..<position + part]
        left = count - part
        position += part
        continue
      }
      guard let lf = bytes[position...].firstIndex(of: 0x0A) else { break }
      guard lf > position, bytes[lf - 1] == 0x0D else {
        throw Malformed("a line without CRLF in chunks", bytes[position...])
      }
      try take(line: String(decoding: bytes[position..<lf - 1], as: UTF8.self))
      position = lf + 1
    }
    return position
  }

  private mutating func take(line: String) throws(Malformed) {
    if isInTrailers {
      isOver = line.isEmpty
      guard isOver || Head.field(line) != nil else {
        throw Malformed("a trailer", Array(line.utf8))
      }
    } else if left == 0 {
      guard line.isEmpty else { throw Malformed("no end of a chunk", Array(line.utf8)) }
      left = nil
    } else {
      guard let size = Int(line, radix: 16), !line.hasPrefix("+"), !line.hasPrefix("-"),
        line == "0" || !line.hasPrefix("0")
      else { throw Malformed("a chunk size", Array(line.utf8)) }
      isInTrailers = size == 0
      left = size == 0 ? nil : size
    }
  }
}
