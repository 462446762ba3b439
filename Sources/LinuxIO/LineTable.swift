// Lines of text that are put together piece by piece, each over the time of one exchange: a row of
// bytes for each slot of another table, in one mapping whose pages cost nothing until a row is used.

/// Rows of text by slot, of which one is open at a time. One thread owns it. No call allocates. What
/// does not fit a row is left out, so callers bound the pieces that they append.
@safe
package struct LineTable: ~Copyable {
  /// A row begins with the count of its bytes.
  private static var header: Int { 8 }

  private let memory: Mapping
  private let rows: Int
  private let stride: Int
  /// Rows that have been used since the last `trim`.
  private var touched = 0
  /// Where the open row's text begins, where the next byte goes, and where the room ends.
  private var text: UnsafeMutableRawPointer
  var next: UnsafeMutableRawPointer
  private var limit: UnsafeMutableRawPointer

  /// - Parameters:
  ///   - rows: slots are below it.
  ///   - stride: bytes from row to row; an odd number of cache lines keeps rows from competing for
  ///     the same ones.
  package init(rows: Int, stride: Int) {
    self.rows = rows
    self.stride = stride
    memory = Mapping(length: rows * stride)
    unsafe text = memory.base + LineTable.header
    unsafe next = text
    unsafe limit = memory.base + stride
  }

  // MARK: Rows

  /// Opens a slot's row, empty.
  package mutating func begin(_ slot: UInt32) {
    open(slot)
    unsafe next = text
  }

  /// Opens a slot's row with what it held when it was last kept; nothing if it never was.
  package mutating func resume(_ slot: UInt32) {
    open(slot)
    // Safe: the header lies before the text and holds zero, or a count that `keep` wrote.
    unsafe next = text + (text - LineTable.header).load(as: Int.self)
  }

  /// Puts the open row away, to be resumed.
  package mutating func keep() {
    // Safe: as in `resume`.
    unsafe (text - LineTable.header).storeBytes(of: next - text, as: Int.self)
  }

  @inline(__always)
  private mutating func open(_ slot: UInt32) {
    guard Int(slot) < rows else { fatalError("a line outside of its table") }
    touched = max(touched, Int(slot) &+ 1)
    // Safe: the slot was checked, so that its whole row lies in the mapping.
    let row = unsafe memory.base + Int(slot) &* stride
    unsafe text = row + LineTable.header
    unsafe limit = row + stride
  }

  /// Whether `trim` has something to give back.
  package var hasSpare: Bool { touched > 16 }

  /// Gives the memory of all rows but the first few back to the kernel; what they held is lost.
  package mutating func trim() {
    guard hasSpare else { return }
    memory.discard(offset: 16 * stride, count: (touched - 16) * stride)
    touched = 16
  }

  /// The open row's bytes.
  package var bytes: Span<UInt8> {
    @_lifetime(borrow self)
    get {
      // Safe: the bytes up to `next` were written, and the span is tied to this borrow.
      let written = unsafe UnsafeRawBufferPointer(start: text, count: count)
        .assumingMemoryBound(to: UInt8.self)
      return unsafe _overrideLifetime(Span(_unsafeElements: written), borrowing: self)
    }
  }

  /// Bytes in the open row.
  package var count: Int { unsafe next - text }

  /// Bytes that the open row still has room for.
  @inline(__always)
  var room: Int { unsafe limit - next }

  // MARK: Writing to the open row

  /// Writes all of the text or, where the room is short, none of it.
  @inline(__always)
  package mutating func append(_ piece: StaticString) {
    // Safe: a static string's bytes stay for as long as the program.
    unsafe append(UnsafeRawPointer(piece.utf8Start), piece.utf8CodeUnitCount)
  }

  /// The same for bytes.
  @inline(__always)
  package mutating func append(_ bytes: Span<UInt8>) {
    // Safe: a span stays valid during the call.
    unsafe bytes.withUnsafeBytes { source in
      if let base = source.baseAddress { unsafe append(base, source.count) }
    }
  }

  /// The same for what a row of another table holds.
  @inline(__always)
  package mutating func append(_ slot: UInt32, of other: borrowing LineTable) {
    guard Int(slot) < other.rows else { return }
    // Safe: the slot was checked; a row begins with the count of its bytes.
    let row = unsafe other.memory.base + Int(slot) &* other.stride
    unsafe append(UnsafeRawPointer(row + LineTable.header), row.load(as: Int.self))
  }

  @inline(__always)
  private mutating func append(_ source: UnsafeRawPointer, _ length: Int) {
    guard length <= room else { return }
    // Safe: the room was checked.
    unsafe next.copyMemory(from: source, byteCount: length)
    unsafe next += length
  }

  @inline(__always)
  package mutating func append(_ byte: UInt8) {
    guard room > 0 else { return }
    // Safe: the room was checked.
    unsafe next.storeBytes(of: byte, as: UInt8.self)
    unsafe next += 1
  }

  /// Writes a number of zero or more.
  package mutating func append(decimal value: Int) {
    var digits = 1
    var bound: UInt = 10
    while UInt(bitPattern: value) >= bound && digits < 19 {
      digits &+= 1
      bound &*= 10
    }
    append(value, digits: digits)
  }

  /// Writes a number's last digits, so many of them.
  @inline(__always)
  package mutating func append(_ value: Int, digits: Int) {
    guard digits <= room else { return }
    var rest = UInt(bitPattern: value)
    var offset = digits
    while offset > 0 {
      offset &-= 1
      let (above, digit) = rest.quotientAndRemainder(dividingBy: 10)
      // Safe: the room was checked.
      unsafe (next + offset).storeBytes(
        of: UInt8(truncatingIfNeeded: 0x30 &+ digit), as: UInt8.self)
      rest = above
    }
    unsafe next += digits
  }

  /// Writes sixteen hexadecimal digits.
  @inline(__always)
  package mutating func append(hex value: UInt64) {
    guard room >= 16 else { return }
    // Safe: the room was checked.
    unsafe next.storeBytes(of: LineTable.digits(value >> 32), as: UInt64.self)
    unsafe (next + 8).storeBytes(of: LineTable.digits(value & 0xFFFF_FFFF), as: UInt64.self)
    unsafe next += 16
  }

  /// Eight digits for 32 bits, as they lie in memory: each half byte is spread to a byte, then those
  /// above nine are moved on to the letters.
  @inline(__always)
  private static func digits(_ value: UInt64) -> UInt64 {
    var spread = (value << 16 | value) & 0x0000_FFFF_0000_FFFF
    spread = (spread << 8 | spread) & 0x00FF_00FF_00FF_00FF
    spread = (spread << 4 | spread) & 0x0F0F_0F0F_0F0F_0F0F
    let letters = (spread &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
    return (spread &+ 0x3030_3030_3030_3030 &+ letters &* 0x27).bigEndian
  }
}
