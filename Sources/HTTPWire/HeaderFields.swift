// The fields of one head as ranges into the bytes that were received: nothing is copied, and a
// worker's one list serves all its requests in turn.

/// One field line: where its name and its value lie, white space around the value left out.
package struct Field: BitwiseCopyable, Sendable {
  package var nameStart: UInt16 = 0
  package var nameEnd: UInt16 = 0
  package var valueStart: UInt16 = 0
  package var valueEnd: UInt16 = 0
  package var name = FieldName.other

  package var nameRange: Range<Int> { Int(nameStart)..<Int(nameEnd) }
  package var valueRange: Range<Int> { Int(valueStart)..<Int(valueEnd) }
}

/// The field lines of one head in their order. Made once for each worker, since
/// it allocates; no other call does but `setLimit`.
///
/// The fields lie outside of it: Swift 6.3.1 copies a value's inline array with nearly every look at
/// it, and this one would take up 1,000 bytes of every worker.
@safe
package struct HeaderFields: ~Copyable {
  /// How many a sender may send unless something else is set.
  package static var usualLimit: Int { 100 }
  /// Room beside those for lbd's own lines.
  private static var ownLines: Int { 12 }
  private var fields: UnsafeMutablePointer<Field>
  private var capacity: Int
  /// How many a sender may send.
  package private(set) var limit: Int
  package private(set) var count = 0

  package init() {
    limit = HeaderFields.usualLimit
    capacity = limit + HeaderFields.ownLines
    // Safe: all of the row is initialised before anything reads it.
    unsafe fields = .allocate(capacity: capacity)
    unsafe fields.initialize(repeating: Field(), count: capacity)
  }

  /// Empties the list and has it take so many fields of a sender, 1 or more.
  package mutating func setLimit(_ limit: Int) {
    count = 0
    self.limit = limit
    // Room stays: heads that were accepted before are looked at again.
    guard limit + HeaderFields.ownLines > capacity else { return }
    capacity = limit + HeaderFields.ownLines
    // Safe: this is the row's only holder, and the next one is initialised before anything reads it.
    unsafe fields.deallocate()
    unsafe fields = .allocate(capacity: capacity)
    unsafe fields.initialize(repeating: Field(), count: capacity)
  }

  deinit {
    // Safe: this is the row's only holder, and fields need no deinitialisation.
    unsafe fields.deallocate()
  }

  package subscript(index: Int) -> Field {
    @inline(__always) get {
      guard index >= 0 && index < count else { fatalError("a field outside of the head") }
      // Safe: the index was checked, and `count` is at most the capacity.
      return unsafe fields[index]
    }
  }

  mutating func removeAll() {
    count = 0
  }

  /// False when the list has so many already, or is full.
  @inline(__always)
  mutating func append(_ field: Field, atMost limit: Int) -> Bool {
    guard count < min(limit, capacity) else { return false }
    // Safe: there is room for it.
    unsafe fields[count] = field
    count += 1
    return true
  }

  /// How many fields have a name, and the first of them.
  package func find(_ name: FieldName) -> (count: Int, first: Field?) {
    var count = 0
    var first: Field?
    for index in 0..<self.count where self[index].name == name {
      if count == 0 { first = self[index] }
      count += 1
    }
    return (count, first)
  }
}

/// Comparisons of parts of a head with texts of ours.
package enum Text {
  /// Whether the bytes in `range` are `text`, which is in small letters, in any case.
  package static func matches(
    _ bytes: Span<UInt8>, _ range: Range<Int>, _ text: StaticString
  ) -> Bool {
    guard range.count == text.utf8CodeUnitCount else { return false }
    for index in 0..<range.count {
      let byte = bytes[range.lowerBound + index]
      let small = byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
      // Safe: the index is below the text's length.
      if unsafe small != text.utf8Start[index] { return false }
    }
    return true
  }

  /// Whether the bytes in `range` are exactly `text`.
  package static func equals(
    _ bytes: Span<UInt8>, _ range: Range<Int>, _ text: StaticString
  ) -> Bool {
    guard range.count == text.utf8CodeUnitCount else { return false }
    for index in 0..<range.count {
      // Safe: the index is below the text's length.
      if unsafe bytes[range.lowerBound + index] != text.utf8Start[index] { return false }
    }
    return true
  }

  /// Whether a byte is among these.
  static func contains(_ bytes: Span<UInt8>, _ wanted: UInt8) -> Bool {
    for index in bytes.indices where bytes[index] == wanted { return true }
    return false
  }

  /// The part of a path-and-query range before the query.
  package static func path(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
    var end = range.lowerBound
    while end < range.upperBound && bytes[end] != 0x3F { end += 1 }
    return range.lowerBound..<end
  }

  /// Whether two ranges hold the same token, in any case.
  static func matches(
    _ bytes: Span<UInt8>, _ one: Range<Int>, _ others: Span<UInt8>, _ other: Range<Int>
  ) -> Bool {
    guard one.count == other.count else { return false }
    for index in 0..<one.count {
      let left = bytes[one.lowerBound + index]
      let right = others[other.lowerBound + index]
      if left != right && (left | 0x20 != right | 0x20 || left | 0x20 < 0x61 || left | 0x20 > 0x7A)
      {
        return false
      }
    }
    return true
  }

  /// Runs `body` on each member of a comma-separated list (RFC 9110 §5.6.1), empty ones left out,
  /// until it answers false; false then.
  static func eachMember(
    _ bytes: Span<UInt8>, _ range: Range<Int>, _ body: (Range<Int>) -> Bool
  ) -> Bool {
    var start = range.lowerBound
    while start < range.upperBound {
      var end = start
      while end < range.upperBound && bytes[end] != 0x2C { end += 1 }
      let member = trim(bytes, start..<end)
      if !member.isEmpty && !body(member) { return false }
      start = end + 1
    }
    return true
  }

  /// The range without spaces and tabs at its ends.
  @inline(__always)
  static func trim(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
    var start = range.lowerBound
    var end = range.upperBound
    while start < end && (bytes[start] == 0x20 || bytes[start] == 9) { start += 1 }
    while end > start && (bytes[end - 1] == 0x20 || bytes[end - 1] == 9) { end -= 1 }
    return start..<end
  }
}
