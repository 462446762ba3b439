// Where a head is put together before it goes into a buffer: one block, made once for each worker
// or connection of a command, filled and emptied for each message.

/// A block of bytes to write into. What does not fit is left out and `isOverfull` says so. One
/// thread owns it. Appending never allocates.
@safe
package struct ByteWriter: ~Copyable {
  private let block: UnsafeMutablePointer<UInt8>
  private let capacity: Int
  package private(set) var count = 0
  /// Something did not fit.
  package private(set) var isOverfull = false

  /// - Parameter capacity: bytes.
  package init(capacity: Int) {
    // Safe: all of the block is initialised before anything reads it.
    unsafe block = .allocate(capacity: capacity)
    unsafe block.initialize(repeating: 0, count: capacity)
    self.capacity = capacity
  }

  deinit {
    // Safe: this writer is the block's only holder, and bytes need no deinitialisation.
    unsafe block.deallocate()
  }

  /// What was written since the last `removeAll`.
  package var bytes: Span<UInt8> {
    @_lifetime(borrow self)
    get {
      // Safe: `count` bytes are initialised, and the span is tied to this borrow.
      let written = unsafe UnsafeBufferPointer(start: block, count: count)
      return unsafe _overrideLifetime(Span(_unsafeElements: written), borrowing: self)
    }
  }

  /// Empties the block and forgets that something did not fit.
  package mutating func removeAll() {
    count = 0
    isOverfull = false
  }

  /// Writes a byte; in a full block it is left out and `isOverfull` set.
  @inline(__always)
  package mutating func append(_ byte: UInt8) {
    guard count < capacity else {
      isOverfull = true
      return
    }
    // Safe: the room was checked.
    unsafe block[count] = byte
    count += 1
  }

  /// Writes all of the bytes, or none of them where the room is short; then `isOverfull` is set.
  @inline(__always)
  package mutating func append(_ bytes: Span<UInt8>) {
    // Safe: a span stays valid during the call.
    unsafe bytes.withUnsafeBufferPointer { source in
      unsafe append(source.baseAddress, source.count)
    }
  }

  /// The same for the text's UTF-8.
  @inline(__always)
  package mutating func append(_ text: StaticString) {
    // Safe: a static string's bytes stay for as long as the program.
    unsafe append(text.utf8Start, text.utf8CodeUnitCount)
  }

  @inline(__always)
  private mutating func append(_ source: UnsafePointer<UInt8>?, _ length: Int) {
    guard let source = unsafe source else { return }
    guard length <= capacity - count else {
      isOverfull = true
      return
    }
    // Safe: the room was checked, and no source lies in this block.
    unsafe (block + count).update(from: source, count: length)
    count += length
  }

  /// Writes a number of zero or more, or nothing of it where the room is short.
  package mutating func append(decimal value: Int) {
    // Twenty bytes hold any: its digits are put together from the last one on.
    guard count <= capacity - 20 else {
      isOverfull = true
      return
    }
    var rest = UInt64(value)
    var length = 1
    var limit: UInt64 = 10
    while rest >= limit && length < 19 {
      limit &*= 10
      length += 1
    }
    count += length
    for index in 1...length {
      // Safe: the room was checked, and no number here has more than nineteen digits.
      unsafe block[count - index] = UInt8(truncatingIfNeeded: 0x30 + rest % 10)
      rest /= 10
    }
  }

  /// Writes sixteen hexadecimal digits, or nothing of them where the room is short.
  package mutating func append(hex value: UInt64) {
    append(hexWord: UInt32(truncatingIfNeeded: value >> 32))
    append(hexWord: UInt32(truncatingIfNeeded: value))
  }

  /// Eight digits: the half bytes are spread over the bytes of one word, then all made digits at once.
  @inline(__always)
  private mutating func append(hexWord value: UInt32) {
    guard count <= capacity - 8 else {
      isOverfull = true
      return
    }
    var word = UInt64(value)
    word = (word | word << 16) & 0x0000_FFFF_0000_FFFF
    word = (word | word << 8) & 0x00FF_00FF_00FF_00FF
    word = (word | word << 4) & 0x0F0F_0F0F_0F0F_0F0F
    let letters = (word &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
    word = word &+ 0x3030_3030_3030_3030 &+ letters &* 0x27
    // Safe: the room was checked.
    unsafe UnsafeMutableRawPointer(block + count).storeBytes(
      of: word.bigEndian, as: UInt64.self)
    count += 8
  }
}
