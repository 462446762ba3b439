/// One line of a conf file: its bytes, and where they came from.
///
/// Made for every line of every file of a load; a diagnostic or an origin is a `SourceLocation` on one.
struct SourceLine {
  let file: String
  /// 1-based within the file.
  let number: Int
  /// Where the line stands in the order in which all files were read.
  let order: Int
  /// Without the line end; any bytes at all.
  let bytes: ArraySlice<UInt8>

  /// Bytes that are not UTF-8 read as U+FFFD.
  var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// Where in a conf's files something stands: a byte of a line.
struct SourceLocation {
  let line: SourceLine
  /// 0-based, in bytes; may stand behind the last.
  let offset: Int

  /// 1-based, in Unicode scalars.
  var column: Int {
    String(decoding: line.bytes.prefix(offset), as: UTF8.self).unicodeScalars.count + 1
  }

  var fileAndLine: String { "\(printable(line.file)):\(line.number)" }
}

/// A piece of a line.
struct Word {
  let text: String
  /// Of its first byte in the line.
  let offset: Int
}
