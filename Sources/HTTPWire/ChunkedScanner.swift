// Finds where a chunked body ends, and brings it into normal form in place on the way: extensions
// and trailers go, nothing that a recipient could read differently is left (RFC 9112 §7.1). What
// comes out is never longer than what went in, so that no second buffer is needed.

/// What scanning came to.
package enum ChunkedOutcome: Equatable {
  /// All bytes were used; the body goes on.
  case incomplete
  /// The body ended; bytes that were not used belong to what follows.
  case complete
  case malformed
}

/// The state of one chunked body between two batches of bytes. 24 bytes.
package struct ChunkedScanner: BitwiseCopyable, Sendable {
  private enum State: UInt8 {
    case sizeStart, size, extensions, sizeLineEnd, data, dataEnd, dataLineEnd
    case trailerStart, trailer, trailerLineEnd, lastLineEnd, ended
  }

  /// Bytes of extensions and trailers that one body may spend; all are dropped here.
  private static var overheadLimit: Int { 16 << 10 }

  private var state = State.sizeStart
  private var digits: UInt8 = 0
  private let keepsFraming: Bool
  private var overhead: UInt32 = 0
  private var remaining = 0

  /// - Parameter keepsFraming: the output is chunked too; otherwise it is the data alone.
  package init(keepsFraming: Bool) {
    self.keepsFraming = keepsFraming
  }

  /// Scans a batch and leaves what is to be passed on at its front.
  /// - Returns: the outcome, how many bytes were used, and how many lie at the front.
  package mutating func scan(
    _ bytes: inout MutableSpan<UInt8>
  ) -> (outcome: ChunkedOutcome, used: Int, kept: Int) {
    var used = 0
    var kept = 0
    while used < bytes.count && state != .ended {
      if state == .data {
        let count = min(remaining, bytes.count - used)
        move(&bytes, from: used, to: kept, count: count)
        used += count
        kept += count
        remaining -= count
        if remaining == 0 { state = .dataEnd }
        continue
      }
      let byte = bytes[used]
      used += 1
      switch step(byte) {
      case .drop: break
      case .keep:
        if keepsFraming {
          bytes[kept] = byte
          kept += 1
        }
      case .refuse: return (.malformed, used, kept)
      }
    }
    return (state == .ended ? .complete : .incomplete, used, kept)
  }

  private enum Verdict { case keep, drop, refuse }

  /// Judges a byte outside of the data.
  private mutating func step(_ byte: UInt8) -> Verdict {
    switch state {
    case .sizeStart, .size: return sizeByte(byte)
    case .extensions: return extensionByte(byte)
    case .sizeLineEnd:
      return expect(ByteClass.lf, byte, then: remaining == 0 ? .trailerStart : .data)
    case .dataEnd: return expect(ByteClass.cr, byte, then: .dataLineEnd)
    case .dataLineEnd: return expect(ByteClass.lf, byte, then: .sizeStart)
    case .trailerStart, .trailer, .trailerLineEnd: return trailerByte(byte)
    case .lastLineEnd: return expect(ByteClass.lf, byte, then: .ended)
    case .data, .ended: return .refuse
    }
  }

  private mutating func expect(_ expected: UInt8, _ byte: UInt8, then next: State) -> Verdict {
    guard byte == expected else { return .refuse }
    state = next
    return .keep
  }

  /// `chunk-size`: at most 15 digits, so that it cannot overflow.
  private mutating func sizeByte(_ byte: UInt8) -> Verdict {
    if let digit = ByteClass.hexValue(byte) {
      if state == .sizeStart { (remaining, digits, state) = (0, 0, .size) }
      guard digits < 15 else { return .refuse }
      digits += 1
      remaining = remaining << 4 | digit
      return .keep
    }
    guard state == .size else { return .refuse }
    if byte == ByteClass.cr {
      state = .sizeLineEnd
      return .keep
    }
    guard byte == 0x3B else { return .refuse }
    state = .extensions
    return spend()
  }

  /// `chunk-ext` is read up to the line's end and dropped (§7.1.1).
  private mutating func extensionByte(_ byte: UInt8) -> Verdict {
    if byte == ByteClass.cr {
      state = .sizeLineEnd
      return .keep
    }
    return ByteClass.isFieldValue(byte) ? spend() : .refuse
  }

  /// Trailer fields are read and dropped (§7.1.2); the empty line after them is the body's end.
  private mutating func trailerByte(_ byte: UInt8) -> Verdict {
    switch state {
    case .trailerStart where byte == ByteClass.cr:
      state = .lastLineEnd
      return .keep
    case .trailerStart:
      guard ByteClass.isToken(byte) else { return .refuse }
      state = .trailer
    case .trailer where byte == ByteClass.cr: state = .trailerLineEnd
    case .trailer:
      guard ByteClass.isFieldValue(byte) else { return .refuse }
    default:
      guard byte == ByteClass.lf else { return .refuse }
      state = .trailerStart
    }
    return spend()
  }

  private mutating func spend() -> Verdict {
    overhead += 1
    return overhead > ChunkedScanner.overheadLimit ? .refuse : .drop
  }

  private func move(_ bytes: inout MutableSpan<UInt8>, from: Int, to: Int, count: Int) {
    guard from != to else { return }
    for offset in 0..<count { bytes[to + offset] = bytes[from + offset] }
  }
}
