// The numbers that workers and the control thread both see: each replica's usable bit, the picker's
// ticket, a worker's counters. No lock; the order that matters is said at each call.

import Synchronization

/// A fixed row of 64-bit atomic cells, all zero at first, touched page by page. Any thread may use
/// any call unless it says otherwise. No call allocates.
@safe
package final class SharedCells: @unchecked Sendable {
  private let memory: Mapping
  private let count: Int

  /// So many cells, rounded up to whole pairs of cache lines of 64 bytes: processors fetch lines in
  /// pairs, so that what two threads write should not share one. A constant where `count` is.
  @inline(__always)
  package static func wholePairs(_ count: Int) -> Int { (count + 15) & ~15 }

  package init(count: Int) {
    self.count = count
    memory = Mapping(length: count * MemoryLayout<Atomic<Int>>.stride)
  }

  // Safe: an Atomic<Int> is eight bytes of which zero is a value, the index is checked, and the
  // mapping is aligned to a page and lives as long as self.
  @inline(__always)
  private func cell(_ index: Int) -> UnsafeMutablePointer<Atomic<Int>> {
    guard index >= 0 && index < count else { fatalError("index outside of the shared cells") }
    return unsafe memory.base.assumingMemoryBound(to: Atomic<Int>.self) + index
  }

  /// The value, as another thread's `store` or `add` left it, with all that it wrote before.
  @inline(__always)
  package func load(_ index: Int) -> Int {
    unsafe cell(index).pointee.load(ordering: .acquiring)
  }

  /// Sets the value and publishes all that this thread wrote before.
  @inline(__always)
  package func store(_ index: Int, _ value: Int) {
    unsafe cell(index).pointee.store(value, ordering: .releasing)
  }

  /// Adds and gives the value from before; one locked instruction.
  @inline(__always)
  @discardableResult
  package func add(_ index: Int, _ amount: Int) -> Int {
    unsafe cell(index).pointee.wrappingAdd(amount, ordering: .acquiringAndReleasing).oldValue
  }

  /// Sets `new` where the value is `old`; true when it did.
  @inline(__always)
  package func exchange(_ index: Int, from old: Int, to new: Int) -> Bool {
    unsafe cell(index).pointee.compareExchange(
      expected: old, desired: new, ordering: .acquiringAndReleasing
    ).exchanged
  }

  /// Orders what this thread wrote before it, in any cell, before what it reads behind it: for two
  /// threads that each announce something and then look for the other's word.
  package static func fence() {
    atomicMemoryFence(ordering: .sequentiallyConsistent)
  }

  /// Adds to a counter that only the calling thread ever writes: a plain load and store.
  @inline(__always)
  package func bump(_ index: Int, by amount: Int = 1) {
    let value = unsafe cell(index).pointee.load(ordering: .relaxed)
    unsafe cell(index).pointee.store(value &+ amount, ordering: .relaxed)
  }

  /// A counter's value, with no promise about what was written before it.
  @inline(__always)
  package func peek(_ index: Int) -> Int {
    unsafe cell(index).pointee.load(ordering: .relaxed)
  }
}
