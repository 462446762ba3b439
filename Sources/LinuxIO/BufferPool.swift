// A worker's buffers: one mapping cut into equal blocks. A block is borrowed while bytes are in
// flight and comes back by itself, so an idle connection holds none.

/// The blocks that one worker lends out. One thread owns the pool and every buffer from it. The
/// pool must outlive its buffers. A struct's members end in the order of their declaration, so its
/// pool is declared after the tables that hold buffers; local variables end in the reverse order.
@safe
package struct BufferPool: ~Copyable {
  /// What a buffer needs to find its way home; in memory that does not move.
  @unsafe struct Home {
    var firstFree: UnsafeMutableRawPointer?
    var free: Int
    /// The fewest that were free at once since the last `trim`.
    var leastFree: Int
    /// Blocks at the far end of the free ones whose memory was given back to the kernel.
    var trimmed: Int
  }

  private let memory: Mapping
  let home: UnsafeMutablePointer<Home>
  private let blocks: Int
  private var touched = 0
  /// Each block's length in bytes, headroom included.
  package let blockSize: Int
  /// Bytes kept free before what is received, so that a longer head can be written in its place.
  package static var headroom: Int { 1024 }

  /// - Parameters:
  ///   - blocks: the most buffers that are out at once.
  ///   - blockSize: bytes, rounded up to whole pages, `headroom` included.
  package init(blocks: Int, blockSize: Int) {
    self.blocks = blocks
    self.blockSize = (blockSize + Mapping.page - 1) / Mapping.page * Mapping.page
    memory = Mapping(length: blocks * self.blockSize)
    unsafe home = .allocate(capacity: 1)
    unsafe home.initialize(to: Home(firstFree: nil, free: 0, leastFree: 0, trimmed: 0))
  }

  deinit {
    guard unsafe home.pointee.free == touched else { fatalError("a buffer outlived its pool") }
    unsafe home.deallocate()
  }

  /// The buffers that are out now.
  package var lent: Int { touched - (unsafe home.pointee.free) }

  /// Lends an empty buffer, or one that holds no block when all are out. Never allocates. For a
  /// new place only; where a buffer is, `Buffer.borrow(from:)` fills it.
  package mutating func borrow() -> Buffer {
    var buffer = Buffer()
    _ = buffer.borrow(from: &self)
    return buffer
  }

  /// A free block, or nil when all are out.
  mutating func takeBlock() -> UnsafeMutableRawPointer? {
    if let block = unsafe home.pointee.firstFree {
      // Safe: a free block holds the next free one's address in its first bytes, put there by giveBack.
      unsafe home.pointee.firstFree = block.load(as: UnsafeMutableRawPointer?.self)
      unsafe home.pointee.free -= 1
      unsafe home.pointee.leastFree = min(home.pointee.leastFree, home.pointee.free)
      unsafe home.pointee.trimmed = min(home.pointee.trimmed, home.pointee.free)
      return unsafe block
    }
    guard touched < blocks else { return nil }
    touched += 1
    return unsafe memory.base + (touched - 1) * blockSize
  }

  /// Whether free blocks still hold memory that `trim` could give back, now or at a later call.
  package var hasSpare: Bool { unsafe home.pointee.free > home.pointee.trimmed }

  /// Gives the memory of blocks that stayed free since the last call back to the kernel. Call it
  /// now and then, not on the request path: one system call for each such block.
  package mutating func trim() {
    let spare = unsafe home.pointee.leastFree
    var position = unsafe home.pointee.free
    var block = unsafe home.pointee.firstFree
    // The free blocks are a stack: the lowest `spare` were not used, the lowest `trimmed` are done.
    while unsafe position > home.pointee.trimmed, let current = unsafe block {
      if position <= spare {
        // The first page keeps the link of the free list.
        let offset = unsafe current - memory.base
        memory.discard(offset: offset + Mapping.page, count: blockSize - Mapping.page)
      }
      position -= 1
      unsafe block = current.load(as: UnsafeMutableRawPointer?.self)
    }
    unsafe home.pointee.trimmed = max(home.pointee.trimmed, spare)
    unsafe home.pointee.leastFree = unsafe home.pointee.free
  }

  static func giveBack(_ block: UnsafeMutableRawPointer, to home: UnsafeMutablePointer<Home>) {
    unsafe block.storeBytes(of: home.pointee.firstFree, as: UnsafeMutableRawPointer?.self)
    unsafe home.pointee.firstFree = block
    unsafe home.pointee.free += 1
  }
}
