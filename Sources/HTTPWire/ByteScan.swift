// Finds where a token, a target or a value of a head ends, eight bytes at a time: most bytes are
// plain ones, and the few others are asked about one by one. A word's bytes are compared side by
// side, their highest bit apart, so that no sum carries from one into the next.

/// The scanner. Each call gives the first offset at or after `start` whose byte is not of the kind,
/// or the count of `bytes`; none reads outside of them. Cost: two to three instructions a byte.
enum ByteScan {
  /// The end of `tchar`s (RFC 9110 §5.6.2).
  @inline(__always)
  static func tokenEnd(_ bytes: Span<UInt8>, from start: Int) -> Int {
    end(bytes, start, ByteClass.isToken) { word, low in
      let letters = atLeast(0x61, low | each(0x20)) & ~atLeast(0x7B, low | each(0x20))
      let digits = atLeast(0x30, low) & ~atLeast(0x3A, low)
      return ~(letters | digits | isEqual(0x2D, low)) | word
    }
  }

  /// The end of what a target may hold here; see `ByteClass.isTarget`.
  @inline(__always)
  static func targetEnd(_ bytes: Span<UInt8>, from start: Int) -> Int {
    end(bytes, start, ByteClass.isTarget) { word, low in
      ~atLeast(0x21, low) | atLeast(0x7F, low) | isEqual(0x23, low) | word
    }
  }

  /// The end of a field value with the white space around it (RFC 9110 §5.5).
  @inline(__always)
  static func valueEnd(_ bytes: Span<UInt8>, from start: Int) -> Int {
    end(bytes, start, ByteClass.isFieldValue) { word, low in
      (~atLeast(0x20, low) | atLeast(0x7F, low)) & ~word
    }
  }

  /// The end of the bytes of a kind.
  /// - Parameter others: of a word, and of it without the highest bit of each byte, the bytes that are
  ///   not plain ones; those are asked about by `isOfKind`.
  @inline(__always)
  private static func end(
    _ bytes: Span<UInt8>, _ start: Int, _ isOfKind: (UInt8) -> Bool,
    others: (_ word: UInt64, _ low: UInt64) -> UInt64
  ) -> Int {
    var index = start
    while let word = word(bytes, index) {
      let others = others(word, word & ~high) & high
      index &+= others.trailingZeroBitCount >> 3
      if others == 0 { continue }
      guard isOfKind(bytes[index]) else { return index }
      index &+= 1
    }
    while index < bytes.count && isOfKind(bytes[index]) { index &+= 1 }
    return index
  }

  /// The eight bytes at `start`, the first one lowest; nil where there are fewer.
  @inline(__always)
  static func word(_ bytes: Span<UInt8>, _ start: Int) -> UInt64? {
    guard start >= 0 && start <= bytes.count &- 8 else { return nil }
    // Safe: the range was checked, and any eight bytes are a number.
    return unsafe bytes.withUnsafeBytes { source in
      unsafe source.loadUnaligned(fromByteOffset: start, as: UInt64.self).littleEndian
    }
  }

  // MARK: Eight bytes side by side; what is asked stands in the highest bit of each

  private static var high: UInt64 { 0x8080_8080_8080_8080 }

  @inline(__always)
  private static func each(_ byte: UInt64) -> UInt64 { 0x0101_0101_0101_0101 &* byte }

  /// Which bytes of `low`, all below 128, are `bound` or more.
  @inline(__always)
  private static func atLeast(_ bound: UInt64, _ low: UInt64) -> UInt64 {
    low &+ each(0x80 &- bound)
  }

  /// Which bytes of `low`, all below 128, are `byte`.
  @inline(__always)
  private static func isEqual(_ byte: UInt64, _ low: UInt64) -> UInt64 {
    ~((low ^ each(byte)) &+ each(0x7F))
  }
}
