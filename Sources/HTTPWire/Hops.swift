// Through which lbds a request has come. Each writes its mark into Via (RFC 9110 §7.6.3), knows a
// request that comes back by it, and counts those of others, so that no loop goes on for long.

/// The rule of loops.
package enum Hops {
  /// The most lbds that a request may have come through.
  package static var limit: Int { 10 }

  /// What a request's Via says.
  package enum Verdict: Sendable {
    case goesOn
    /// It has come through this lbd before.
    case isBack
    /// It has come through `limit` of them.
    case tooMany
  }

  /// Writes this lbd's line.
  package static func writeVia(
    _ mark: UInt64, isVersion10: Bool = false, to writer: inout ByteWriter
  ) {
    writer.append(isVersion10 ? "Via: 1.0 lbd-" : "Via: 1.1 lbd-")
    writer.append(hex: mark)
    writer.append("\r\n")
  }

  /// Judges all Via fields of a head.
  package static func judge(
    _ fields: borrowing HeaderFields, _ bytes: Span<UInt8>, mark: UInt64
  ) -> Verdict {
    var (count, isBack) = (0, false)
    for index in 0..<fields.count where fields[index].name == .via {
      _ = Text.eachMember(bytes, fields[index].valueRange) { member in
        let name = receivedBy(bytes, member)
        guard isLbd(bytes, name) else { return true }
        count += 1
        isBack = isBack || self.mark(bytes, name) == mark
        return !isBack && count < limit
      }
    }
    return isBack ? .isBack : count < limit ? .goesOn : .tooMany
  }

  /// The second word of `received-protocol RWS received-by [ RWS comment ]`.
  private static func receivedBy(_ bytes: Span<UInt8>, _ member: Range<Int>) -> Range<Int> {
    var start = member.lowerBound
    while start < member.upperBound && !ByteClass.isBlank(bytes[start]) { start += 1 }
    while start < member.upperBound && ByteClass.isBlank(bytes[start]) { start += 1 }
    var end = start
    while end < member.upperBound && !ByteClass.isBlank(bytes[end]) { end += 1 }
    return start..<end
  }

  /// Whether a name is an lbd's: `lbd` with its mark, or alone as before there were any.
  private static func isLbd(_ bytes: Span<UInt8>, _ name: Range<Int>) -> Bool {
    guard name.count >= 3 else { return false }
    let start = name.lowerBound
    return Text.matches(bytes, start..<start + 3, "lbd")
      && (name.count == 3 || bytes[start + 3] == 0x2D)
  }

  /// The number behind `lbd-`, if it is one.
  private static func mark(_ bytes: Span<UInt8>, _ name: Range<Int>) -> UInt64? {
    guard name.count == 20 else { return nil }
    var mark: UInt64 = 0
    for index in name.lowerBound + 4..<name.upperBound {
      guard let digit = ByteClass.hexValue(bytes[index]) else { return nil }
      mark = mark << 4 | UInt64(digit)
    }
    return mark
  }
}
