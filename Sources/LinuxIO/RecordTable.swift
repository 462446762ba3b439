// A table whose records are added once and stay.

/// A table that grows to a fixed capacity; elements are reached by their index, from 0 on, and never
/// move. Memory is touched as they come. One thread owns it.
@safe
package struct RecordTable<Element: ~Copyable>: ~Copyable {
  private let memory: Mapping
  package let capacity: Int
  package private(set) var count = 0

  /// - Parameter capacity: the most elements, 1 or more.
  package init(capacity: Int) {
    precondition(capacity > 0)
    self.capacity = capacity
    memory = Mapping(length: capacity * MemoryLayout<Element>.stride)
  }

  deinit {
    for index in 0..<count { unsafe element(index).deinitialize(count: 1) }
  }

  // Safe: used with indices below `count` only, or with `count` to fill it, which is below `capacity`.
  @inline(__always)
  private func element(_ index: Int) -> UnsafeMutablePointer<Element> {
    unsafe memory.base.assumingMemoryBound(to: Element.self) + index
  }

  /// Adds an element. The caller has made sure that `count < capacity`.
  package mutating func append(_ element: consuming Element) {
    guard count < capacity else { fatalError("an element too many for a table") }
    unsafe self.element(count).initialize(to: element)
    count += 1
  }

  package subscript(index: Int) -> Element {
    // Safe: the index was checked.
    @inline(__always) _read {
      guard index >= 0 && index < count else { fatalError("index outside of a table") }
      yield unsafe element(index).pointee
    }
    @inline(__always) _modify {
      guard index >= 0 && index < count else { fatalError("index outside of a table") }
      yield unsafe &element(index).pointee
    }
  }
}
