// The names of a slab's records. Each carries the type of the record, so that the name of a client's
// connection cannot be looked up among the exchanges. A name costs what the number in it costs.

/// The slot of a record in a slab of these elements.
package struct SlabSlot<Element: ~Copyable>: BitwiseCopyable, Hashable, Sendable {
  /// Counted from 0. Tables that lie beside the slab have their rows by it.
  package let number: UInt32

  @inline(__always)
  package init(number: UInt32) { self.number = number }

  /// No record.
  @inline(__always)
  package static var absent: SlabSlot { SlabSlot(number: .max) }
}

/// A slot as memory that begins as zeros can hold it: zeros say `absent`.
package struct SlabLink<Element: ~Copyable>: BitwiseCopyable, Sendable {
  private let oneAbove: UInt32

  @inline(__always)
  package init(_ slot: SlabSlot<Element>) { oneAbove = slot.number &+ 1 }

  @inline(__always)
  package var slot: SlabSlot<Element> { SlabSlot(number: oneAbove &- 1) }
}

/// The name of one record for as long as the record lives, and of nothing afterwards: the slot's
/// generation above its number.
package struct SlabToken<Element: ~Copyable>: BitwiseCopyable, Hashable, Sendable {
  /// The same as the kernel keeps it for an event.
  package let rawValue: UInt64

  @inline(__always)
  package init(rawValue: UInt64) { self.rawValue = rawValue }
}
