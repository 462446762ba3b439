// Finds where a chunked body ends, and brings it into normal form in place on the way: extensions
// go, so do trailers that may not pass, and nothing that a recipient could read differently is left
// (RFC 9112 §7.1). What comes out is never longer than what went in, so no second buffer is needed.

/// What scanning came to.
package enum ChunkedOutcome: Equatable {
  /// The body goes on. Bytes that were not used, a zero before a size or part of a trailer's line,
  /// come again with more behind them.
  case incomplete
  /// The body ended; bytes that were not used belong to what follows.
  case complete
  case malformed
}

/// The state of one chunked body between two batches of bytes. 32 bytes.
package struct ChunkedScanner: BitwiseCopyable, Sendable {
  private enum State: UInt8 {
    case sizeStart, size, extensions, sizeLineEnd, data, dataEnd, dataLineEnd, trailer, ended
  }

  /// Bytes of extensions and trailers that a body may be ahead of its data.
  private static var overheadLimit: Int { 16 << 10 }

  private var state = State.sizeStart
  private var digits: UInt8 = 0
  private let keepsFraming: Bool
  private let keepsTrailers: Bool
  private let isResponse: Bool
  /// What extensions and trailers have spent, less what data has earned.
  private var overhead: UInt16 = 0
  /// How much of an incomplete trailer line was searched for its end.
  private var searched: UInt16 = 0
  private var remaining = 0
  /// Bytes of data so far.
  package private(set) var dataCount = 0

  /// - Parameters:
  ///   - keepsFraming: the output is chunked too; otherwise it is the data alone.
  ///   - keepsTrailers: permitted trailers pass. They do not where `Connection` lists fields, which
  ///     may be meant (RFC 9110 §7.6.1).
  ///   - isResponse: white space before the colons of trailers is removed (RFC 9112 §5.1).
  package init(keepsFraming: Bool, keepsTrailers: Bool = false, isResponse: Bool = false) {
    self.keepsFraming = keepsFraming
    self.keepsTrailers = keepsFraming && keepsTrailers
    self.isResponse = isResponse
  }

  /// Scans a batch and leaves what is to be passed on at its front.
  /// - Parameter dropped: trailers that do not pass, whatever else may.
  /// - Returns: the outcome, how many bytes were used, and how many lie at the front.
  package mutating func scan(
    _ bytes: inout MutableSpan<UInt8>, dropping dropped: borrowing DroppedFields = DroppedFields()
  ) -> (outcome: ChunkedOutcome, used: Int, kept: Int) {
    var used = 0
    var kept = 0
    while used < bytes.count && state != .ended {
      switch state {
      case .data: moveData(&bytes, &used, &kept)
      case .trailer:
        guard let line = lineLength(bytes.span, used) else { return (.incomplete, used, kept) }
        guard takeTrailer(&bytes, used, line, dropped, &kept) else {
          return (.malformed, used, kept)
        }
        used += line
      default:
        let byte = bytes[used]
        // A zero before other digits goes, so whether one is must be known.
        let isZero = byte == 0x30 && (state == .sizeStart || state == .size && remaining == 0)
        guard !isZero || used + 1 < bytes.count else { return (.incomplete, used, kept) }
        used += 1
        let verdict = step(byte)
        if verdict == .refuse { return (.malformed, used, kept) }
        let isLeading = isZero && ByteClass.hexValue(bytes[used]) != nil
        if verdict == .keep && keepsFraming && !isLeading {
          bytes[kept] = byte
          kept += 1
        }
      }
    }
    return (state == .ended ? .complete : .incomplete, used, kept)
  }

  private mutating func moveData(
    _ bytes: inout MutableSpan<UInt8>, _ used: inout Int, _ kept: inout Int
  ) {
    let count = min(remaining, bytes.count - used)
    move(&bytes, from: used, to: kept, count: count)
    used += count
    kept += count
    remaining -= count
    dataCount += count
    if remaining == 0 { state = .dataEnd }
  }

  // MARK: Sizes and extensions

  private enum Verdict { case keep, drop, refuse }

  /// Judges a byte outside of data and trailers.
  private mutating func step(_ byte: UInt8) -> Verdict {
    switch state {
    case .sizeStart, .size: return sizeByte(byte)
    case .extensions: return extensionByte(byte)
    case .sizeLineEnd:
      earn()
      return expect(ByteClass.lf, byte, then: remaining == 0 ? .trailer : .data)
    case .dataEnd: return expect(ByteClass.cr, byte, then: .dataLineEnd)
    case .dataLineEnd: return expect(ByteClass.lf, byte, then: .sizeStart)
    case .data, .trailer, .ended: return .refuse
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
    return spend(1) ? .drop : .refuse
  }

  /// `chunk-ext` is read up to the line's end and dropped (§7.1.1).
  private mutating func extensionByte(_ byte: UInt8) -> Verdict {
    if byte == ByteClass.cr {
      state = .sizeLineEnd
      return .keep
    }
    return ByteClass.isFieldValue(byte) && spend(1) ? .drop : .refuse
  }

  // MARK: Trailers (§7.1.2)

  /// The length of the line at `start`, its end included; nil while that has not come.
  private mutating func lineLength(_ bytes: Span<UInt8>, _ start: Int) -> Int? {
    var end = start + Int(searched)
    while end < bytes.count && bytes[end] != ByteClass.lf { end += 1 }
    let length = end - start
    if end < bytes.count || length > ChunkedScanner.overheadLimit {
      searched = 0
      return min(length + 1, bytes.count - start)
    }
    searched = UInt16(length)
    return nil
  }

  /// Judges a trailer's line, or the empty one that is the body's end. False when it is neither.
  private mutating func takeTrailer(
    _ bytes: inout MutableSpan<UInt8>, _ start: Int, _ length: Int,
    _ dropped: borrowing DroppedFields, _ kept: inout Int
  ) -> Bool {
    if length == 2 && bytes[start] == ByteClass.cr {
      state = .ended
      if keepsFraming { put(&bytes, from: start, count: 2, at: &kept) }
      return true
    }
    var field = Field()
    let line = start..<start + length
    guard spend(length),
      let passes = Trailer.judge(bytes.span, line, ofResponse: isResponse, dropped, &field)
    else { return false }
    guard keepsTrailers && passes else { return true }
    // `name: value`, or without the space where none was: it is never longer than it was.
    let (name, value) = (field.nameRange, field.valueRange)
    put(&bytes, from: start, count: name.count, at: &kept)
    bytes[kept] = ByteClass.colon
    kept += 1
    if value.lowerBound > name.upperBound + 1 && !value.isEmpty {
      bytes[kept] = ByteClass.space
      kept += 1
    }
    put(&bytes, from: start + value.lowerBound, count: value.count, at: &kept)
    put(&bytes, from: start + length - 2, count: 2, at: &kept)
    return true
  }

  // MARK: Bounds

  /// False when the body has too much beside its data.
  private mutating func spend(_ count: Int) -> Bool {
    guard Int(overhead) + count <= ChunkedScanner.overheadLimit else { return false }
    overhead += UInt16(count)
    return true
  }

  /// Each chunk may have a few words of its own, and more the longer it is: signatures of chunks are
  /// in use.
  private mutating func earn() {
    overhead -= UInt16(min(Int(overhead), min(remaining, ChunkedScanner.overheadLimit) + 16))
  }

  private func put(
    _ bytes: inout MutableSpan<UInt8>, from: Int, count: Int, at kept: inout Int
  ) {
    move(&bytes, from: from, to: kept, count: count)
    kept += count
  }

  private func move(_ bytes: inout MutableSpan<UInt8>, from: Int, to: Int, count: Int) {
    guard from != to else { return }
    for offset in 0..<count { bytes[to + offset] = bytes[from + offset] }
  }
}
