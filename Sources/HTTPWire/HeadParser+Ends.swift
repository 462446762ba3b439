// The cheap questions that are asked of an incomplete head before it is parsed again.

extension HeadParser {
  /// Whether a head's end lies in `bytes` at or after `offset`: the cheap question to ask before
  /// parsing again what was incomplete, so that a head sent byte by byte costs no square.
  package static func mayEnd(_ bytes: Span<UInt8>, from offset: Int) -> Bool {
    var index = max(0, offset - 3)
    while index < bytes.count {
      if bytes[index] == ByteClass.lf {
        if index + 1 < bytes.count && bytes[index + 1] == ByteClass.lf { return true }
        if index + 2 < bytes.count && bytes[index + 1] == ByteClass.cr
          && bytes[index + 2] == ByteClass.lf
        {
          return true
        }
      }
      index += 1
    }
    return false
  }

  /// Whether a line ends in `bytes`.
  package static func hasLine(_ bytes: Span<UInt8>) -> Bool {
    for index in bytes.indices where bytes[index] == ByteClass.lf { return true }
    return false
  }
}
