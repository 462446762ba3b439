// A worker's buffers: one mapping cut into equal blocks. A block is borrowed while bytes are in
// flight and comes back by itself, so an idle connection holds none.

import Glibc

/// The blocks that one worker lends out. One thread owns the pool and every buffer from it. The
/// pool must outlive its buffers. A struct's members end in the order of their declaration, so its
/// pool is declared after the tables that hold buffers; local variables end in the reverse order.
@safe
package struct BufferPool: ~Copyable {
  /// What a buffer needs to find its way home; in memory that does not move.
  @unsafe struct Home {
    var firstFree: UnsafeMutableRawPointer?
    var free: Int
    var leastFree: Int
  }

  private let memory: Mapping
  private let home: UnsafeMutablePointer<Home>
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
    unsafe home.initialize(to: Home(firstFree: nil, free: 0, leastFree: 0))
  }

  deinit {
    guard unsafe home.pointee.free == touched else { fatalError("a buffer outlived its pool") }
    unsafe home.deallocate()
  }

  /// The buffers that are out now.
  package var lent: Int { touched - (unsafe home.pointee.free) }

  /// Lends an empty buffer, or one that holds no block when all are out. Never allocates.
  package mutating func borrow() -> Buffer {
    if let block = unsafe home.pointee.firstFree {
      // Safe: a free block holds the next free one's address in its first bytes, put there by giveBack.
      unsafe home.pointee.firstFree = block.load(as: UnsafeMutableRawPointer?.self)
      unsafe home.pointee.free -= 1
      unsafe home.pointee.leastFree = min(home.pointee.leastFree, home.pointee.free)
      return unsafe Buffer(block: block, home: home, capacity: blockSize)
    }
    guard touched < blocks else { return Buffer() }
    let block = unsafe memory.base + touched * blockSize
    touched += 1
    return unsafe Buffer(block: block, home: home, capacity: blockSize)
  }

  /// Gives the memory of blocks that stayed free since the last call back to the kernel. Call it
  /// now and then, not on the request path: one system call for each such block.
  package mutating func trim() {
    var spare = unsafe home.pointee.leastFree
    var block = unsafe home.pointee.firstFree
    var kept = unsafe home.pointee.free - spare
    while spare > 0, let current = unsafe block {
      if kept > 0 {
        kept -= 1
      } else {
        spare -= 1
        // The first page keeps the link of the free list.
        let offset = unsafe current - memory.base
        memory.discard(offset: offset + Mapping.page, count: blockSize - Mapping.page)
      }
      unsafe block = current.load(as: UnsafeMutableRawPointer?.self)
    }
    unsafe home.pointee.leastFree = unsafe home.pointee.free
  }

  static func giveBack(_ block: UnsafeMutableRawPointer, to home: UnsafeMutablePointer<Home>) {
    unsafe block.storeBytes(of: home.pointee.firstFree, as: UnsafeMutableRawPointer?.self)
    unsafe home.pointee.firstFree = block
    unsafe home.pointee.free += 1
  }
}
