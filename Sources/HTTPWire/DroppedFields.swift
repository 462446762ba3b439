// The fields of a request that go no further because the conf says so: names that servers take for
// those of a proxy they trust.

/// A set of field names, looked into for every field of every request.
package struct DroppedFields: Sendable, Equatable {
  /// The names in small letters, `_` as `-`, each behind a byte with its length.
  private var names: [UInt8] = []
  /// A bit for each length among them; 63 stands for all longer ones.
  private var lengths: UInt64 = 0

  package init() {}

  /// - Parameter names: tokens of at most 255 bytes; what is longer is left out.
  package init(_ names: [String]) {
    for name in names {
      guard let length = UInt8(exactly: name.utf8.count) else { continue }
      self.names.append(length)
      for byte in name.utf8 { self.names.append(DroppedFields.folded(byte)) }
      lengths |= 1 &<< UInt64(min(length, 63))
    }
  }

  /// Whether a field's name is one of them, in any case, and with `_` for `-`: servers behind CGI and
  /// WSGI read both alike. Of an empty set it costs one comparison.
  @inline(__always)
  func contains(_ bytes: Span<UInt8>, _ name: Range<Int>) -> Bool {
    lengths != 0 && lengths &>> UInt64(min(name.count, 63)) & 1 != 0 && holds(bytes, name)
  }

  @inline(never)
  private func holds(_ bytes: Span<UInt8>, _ name: Range<Int>) -> Bool {
    var start = 0
    while start < names.count {
      let next = start + 1 + Int(names[start])
      if next - start - 1 == name.count {
        var index = 0
        while index < name.count
          && names[start + 1 + index] == DroppedFields.folded(bytes[name.lowerBound + index])
        {
          index += 1
        }
        if index == name.count { return true }
      }
      start = next
    }
    return false
  }

  private static func folded(_ byte: UInt8) -> UInt8 {
    byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte == 0x5F ? 0x2D : byte
  }
}
