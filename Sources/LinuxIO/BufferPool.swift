// A worker's buffers: one mapping cut into equal blocks. A block is borrowed while bytes are in
// flight and comes back by itself, so an idle connection holds none. The list of free blocks lies
// outside of them: a free block that was trimmed weighs 8 bytes.

/// The blocks that one worker lends out. One thread owns the pool and every buffer from it. The
/// pool must outlive its buffers. A struct's members end in the order of their declaration, so its
/// pool is declared after the tables that hold buffers; local variables end in the reverse order.
@safe
package struct BufferPool: ~Copyable {
  /// What a buffer needs to find its way home; in memory that does not move.
  @unsafe struct Home {
    /// The free blocks, as a stack: `free` of them, the one to be lent next on top.
    let stack: UnsafeMutablePointer<UnsafeMutableRawPointer>
    var free = 0
    /// The fewest that were free at once since the last `trim`.
    var leastFree = 0
    /// Blocks at the stack's bottom whose memory was given back to the kernel.
    var trimmed = 0
  }

  private let memory: Mapping
  private let stack: Mapping
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
    stack = unsafe Mapping(length: blocks * MemoryLayout<UnsafeMutableRawPointer>.stride)
    // Safe: the mapping has room for the address of every block, and lives as long as the pool.
    let first = unsafe stack.base.assumingMemoryBound(to: UnsafeMutableRawPointer.self)
    unsafe home.initialize(to: Home(stack: first))
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
    let free = unsafe home.pointee.free - 1
    if free >= 0 {
      unsafe home.pointee.free = free
      unsafe home.pointee.leastFree = min(home.pointee.leastFree, free)
      unsafe home.pointee.trimmed = min(home.pointee.trimmed, free)
      // Safe: below what was free, giveBack has put an address at each position.
      return unsafe home.pointee.stack[free]
    }
    guard touched < blocks else { return nil }
    touched += 1
    return unsafe memory.base + (touched - 1) * blockSize
  }

  /// Whether free blocks still hold memory that `trim` could give back, now or at a later call.
  package var hasSpare: Bool { unsafe home.pointee.free > home.pointee.trimmed }

  /// Gives the memory of blocks that stayed free since the last call back to the kernel, whole. Call
  /// it now and then, not on the request path: one system call for each such block.
  package mutating func trim() {
    // The stack's lowest `spare` blocks were not used; of those, the lowest `trimmed` are done.
    let spare = unsafe home.pointee.leastFree
    let trimmed = unsafe home.pointee.trimmed
    for position in trimmed..<max(trimmed, spare) {
      let offset = unsafe home.pointee.stack[position] - memory.base
      memory.discard(offset: offset, count: blockSize)
    }
    unsafe home.pointee.trimmed = max(trimmed, spare)
    unsafe home.pointee.leastFree = unsafe home.pointee.free
  }

  /// Takes a block of the pool that `home` belongs to back; each is given back once.
  static func giveBack(_ block: UnsafeMutableRawPointer, to home: UnsafeMutablePointer<Home>) {
    let free = unsafe home.pointee.free
    // Safe: no more blocks come back than were lent, for all of which the stack has room.
    unsafe home.pointee.stack[free] = block
    unsafe home.pointee.free = free + 1
  }
}
