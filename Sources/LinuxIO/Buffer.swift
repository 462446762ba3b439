// A borrowed block of bytes: what was received and not yet passed on lies between start and end.
// Received bytes begin after some headroom, so that a head can be replaced by a longer one in place.

/// The single holder of a block from a `BufferPool`, or of none; gives it back at the end of its life.
/// Offsets are counted from the block's first byte. No call allocates.
@safe
package struct Buffer: ~Copyable {
  private(set) var block: UnsafeMutableRawPointer
  private var home: UnsafeMutablePointer<BufferPool.Home>
  /// The block's length in bytes, 0 where no block is held.
  package private(set) var capacity: Int
  /// Where the bytes at hand begin.
  package private(set) var start: Int
  /// Where they end.
  package private(set) var end: Int

  init(
    block: UnsafeMutableRawPointer, home: UnsafeMutablePointer<BufferPool.Home>, capacity: Int
  ) {
    unsafe self.block = block
    unsafe self.home = home
    self.capacity = capacity
    start = BufferPool.headroom
    end = BufferPool.headroom
  }

  /// What stands where no block is held: no bytes, no space, nothing to give back.
  package init() {
    // Safe: never followed, since every access is bounded by offsets that all are 0.
    unsafe block = UnsafeMutableRawPointer(bitPattern: 64)!
    unsafe home = UnsafeMutablePointer(bitPattern: 64)!
    capacity = 0
    start = 0
    end = 0
  }

  deinit {
    if capacity > 0 { unsafe BufferPool.giveBack(block, to: home) }
  }

  /// Whether a block is held.
  package var isHeld: Bool { capacity > 0 }

  /// Makes sure that a block is held, empty when it comes now. False when all are out.
  ///
  /// A record's buffer changes by this and by `giveBack` only: Swift 6.3.1 forgets the `deinit` of a
  /// value that another is assigned over through a pointer, in optimised builds.
  package mutating func borrow(from pool: inout BufferPool) -> Bool {
    if isHeld { return true }
    // Safe: the pool's block and home stay where they are for as long as the pool, which outlives
    // this buffer; nobody else has the block.
    guard let block = unsafe pool.takeBlock() else { return false }
    unsafe self.block = block
    unsafe home = pool.home
    capacity = pool.blockSize
    reset()
    return true
  }

  /// Goes on with a block of another pool, empty; with its own where all of those are out. The bytes
  /// at hand, if any, are dropped.
  package mutating func exchange(for pool: inout BufferPool) {
    guard capacity != pool.blockSize, let block = unsafe pool.takeBlock() else { return reset() }
    giveBack()
    // Safe: as in `borrow`.
    unsafe self.block = block
    unsafe home = pool.home
    capacity = pool.blockSize
    reset()
  }

  /// Gives the block back; none is held afterwards.
  package mutating func giveBack() {
    guard isHeld else { return }
    // Safe: the block came from that home, and with a capacity of 0 it is followed no more.
    unsafe BufferPool.giveBack(block, to: home)
    capacity = 0
    reset()
  }

  /// Bytes at hand.
  package var count: Int { end - start }
  package var isEmpty: Bool { start == end }
  /// Bytes that can still be received behind them.
  package var space: Int { capacity - end }

  /// The bytes at hand.
  package var bytes: Span<UInt8> {
    @_lifetime(borrow self)
    get { slice(start, end) }
  }

  /// The bytes between two offsets, both inside what is at hand.
  @_lifetime(borrow self)
  package func slice(_ from: Int, _ to: Int) -> Span<UInt8> {
    check(from, to)
    // Safe: the range was checked, the block is initialised memory of the pool's mapping, and the
    // span is tied to this borrow.
    let bytes = unsafe UnsafeBufferPointer(
      start: (block + from).assumingMemoryBound(to: UInt8.self), count: to - from)
    return unsafe _overrideLifetime(Span(_unsafeElements: bytes), borrowing: self)
  }

  /// The bytes between two offsets, to change in place.
  @_lifetime(&self)
  package mutating func mutableSlice(_ from: Int, _ to: Int) -> MutableSpan<UInt8> {
    check(from, to)
    // Safe: as in `slice`, and the span holds the only access.
    let bytes = unsafe UnsafeMutableBufferPointer(
      start: (block + from).assumingMemoryBound(to: UInt8.self), count: to - from)
    return unsafe _overrideLifetime(MutableSpan(_unsafeElements: bytes), mutating: &self)
  }

  @inline(__always)
  private func check(_ from: Int, _ to: Int) {
    guard start <= from && from <= to && to <= end else {
      fatalError("a slice outside of a buffer's bytes")
    }
  }

  /// Drops `count` bytes from the front.
  package mutating func consume(_ count: Int) {
    guard count >= 0 && count <= end - start else { fatalError("more consumed than is at hand") }
    start += count
  }

  /// Drops all bytes from `offset` on.
  package mutating func truncate(at offset: Int) {
    guard offset >= start && offset <= end else { fatalError("truncated outside of the bytes") }
    end = offset
  }

  /// Drops the bytes between two offsets; those behind them move up.
  package mutating func closeGap(_ from: Int, _ to: Int) {
    check(from, to)
    guard from < to else { return }
    // Safe: both ranges lie inside what is at hand; copyMemory allows them to overlap.
    unsafe (block + from).copyMemory(from: block + to, byteCount: end - to)
    end -= to - from
  }

  /// Drops all bytes and makes all space but the headroom free.
  package mutating func reset() {
    start = min(BufferPool.headroom, capacity)
    end = start
  }

  /// Moves the bytes at hand to the front, behind the headroom, so that more can follow.
  package mutating func compact() {
    let room = start - BufferPool.headroom
    guard room > 0 else { return }
    // Safe: both ranges lie inside the block; copyMemory allows them to overlap.
    unsafe (block + BufferPool.headroom).copyMemory(from: block + start, byteCount: count)
    start -= room
    end -= room
  }

  /// Puts bytes before those at hand. False, and nothing done, when the room before them is short.
  package mutating func prepend(_ bytes: Span<UInt8>) -> Bool {
    guard bytes.count <= start else { return false }
    start -= bytes.count
    let target = unsafe block + start
    // Safe: the room was checked, and a span from elsewhere cannot overlap a block held here.
    unsafe bytes.withUnsafeBytes { source in
      if let base = source.baseAddress {
        unsafe target.copyMemory(from: base, byteCount: source.count)
      }
    }
    return true
  }

  /// Puts bytes behind those at hand. False, and nothing done, when the space is short.
  package mutating func append(_ bytes: Span<UInt8>) -> Bool {
    guard bytes.count <= space else { return false }
    let target = unsafe block + end
    // Safe: as in `prepend`.
    unsafe bytes.withUnsafeBytes { source in
      if let base = source.baseAddress {
        unsafe target.copyMemory(from: base, byteCount: source.count)
      }
    }
    end += bytes.count
    return true
  }

  /// Counts bytes that the kernel wrote behind those at hand.
  @inline(__always)
  mutating func received(_ count: Int) {
    end += count
  }
}
