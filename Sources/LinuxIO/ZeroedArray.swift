// A row of plain values that starts as zeros and is touched page by page as it is used.

/// A fixed-length row of plain values over a lazily touched mapping. One thread owns it.
@safe
package struct ZeroedArray<Element: BitwiseCopyable>: ~Copyable {
  private let memory: Mapping
  package let count: Int

  /// `Element` must be a type whose all-zero bytes are a value.
  package init(count: Int) {
    self.count = count
    memory = Mapping(length: count * MemoryLayout<Element>.stride)
  }

  package subscript(index: Int) -> Element {
    // Safe: the index is checked, and the memory lives as long as self.
    @inline(__always) get {
      guard index >= 0 && index < count else { fatalError("index outside of a zeroed array") }
      return unsafe memory.base.assumingMemoryBound(to: Element.self)[index]
    }
    @inline(__always) nonmutating set {
      guard index >= 0 && index < count else { fatalError("index outside of a zeroed array") }
      unsafe memory.base.assumingMemoryBound(to: Element.self)[index] = newValue
    }
  }
}
