// The table that a worker keeps its records in. A record stays where it is, is reached by its slot,
// and a token made of slot and generation tells a late event that its record is gone. Memory is
// reserved for the most records the limits allow and touched only as they come.

/// A fixed-capacity table of records reached by slot. One thread owns it. No call allocates.
@safe
package struct Slab<Element: ~Copyable>: ~Copyable {
  /// Even: free. Odd: in use. It grows at each change, so an old token never matches again before
  /// 2^31 uses of the same slot.
  private struct Entry {
    var generation: UInt32
    var nextFree: UInt32
  }

  private let memory: Mapping
  private let entryMemory: Mapping
  private let reserved: Int
  /// The most records it may hold now: see `limit`.
  package private(set) var capacity: Int
  /// The records it holds now.
  package private(set) var count = 0
  /// The most records at once since the last `trim`.
  private var most = 0
  private var touched: UInt32 = 0
  private var firstFree = UInt32.max

  /// - Parameter capacity: the most records, 1 to 2^31.
  package init(capacity: Int) {
    precondition(capacity > 0 && capacity <= 1 << 31)
    reserved = capacity
    self.capacity = capacity
    memory = Mapping(length: capacity * MemoryLayout<Element>.stride)
    entryMemory = Mapping(length: capacity * MemoryLayout<Entry>.stride)
  }

  deinit {
    for slot in 0..<touched where isOccupied(slot) {
      unsafe element(slot).deinitialize(count: 1)
    }
  }

  // Safe: both pointers are used with slots below `touched` only, which is at most `capacity`.
  @inline(__always)
  private func element(_ slot: UInt32) -> UnsafeMutablePointer<Element> {
    unsafe memory.base.assumingMemoryBound(to: Element.self) + Int(slot)
  }

  @inline(__always)
  private func entry(_ slot: UInt32) -> UnsafeMutablePointer<Entry> {
    unsafe entryMemory.base.assumingMemoryBound(to: Entry.self) + Int(slot)
  }

  @inline(__always)
  private func isOccupied(_ slot: UInt32) -> Bool {
    unsafe slot < touched && entry(slot).pointee.generation & 1 == 1
  }

  /// Changes how many records it may hold, up to what it was made for. Those that are more stay.
  package mutating func limit(to count: Int) {
    capacity = max(1, min(count, reserved))
  }

  /// Puts a record in a free slot. The caller has made sure that `count < capacity`.
  package mutating func insert(_ record: consuming Element) -> SlabSlot<Element> {
    let slot: UInt32
    if firstFree != .max {
      slot = firstFree
      firstFree = unsafe entry(slot).pointee.nextFree
    } else {
      guard Int(touched) < reserved else { fatalError("a record too many for a slab") }
      slot = touched
      touched += 1
    }
    // Safe: the slot is below `touched` and was free, so no record lies in its memory.
    unsafe entry(slot).pointee.generation &+= 1
    unsafe element(slot).initialize(to: record)
    count += 1
    most = max(most, count)
    return SlabSlot(number: slot)
  }

  /// Takes the record out of a slot that is in use.
  package mutating func remove(_ slot: SlabSlot<Element>) -> Element {
    let slot = slot.number
    guard isOccupied(slot) else { fatalError("a slab slot was removed twice") }
    // Safe: the slot is in use, so a record lies in its memory; it is moved out exactly once.
    unsafe entry(slot).pointee.generation &+= 1
    unsafe entry(slot).pointee.nextFree = firstFree
    firstFree = slot
    count -= 1
    return unsafe element(slot).move()
  }

  /// The record in a slot that is in use. Spans of a record's bytes don't outlive the access, so
  /// they are looked at in the record's own methods.
  package subscript(slot: SlabSlot<Element>) -> Element {
    // Safe: the slot was checked to be in use.
    @inline(__always) _read {
      guard contains(slot) else { fatalError("a slab slot was read after its record went") }
      yield unsafe element(slot.number).pointee
    }
    @inline(__always) _modify {
      guard contains(slot) else { fatalError("a slab slot was changed after its record went") }
      yield unsafe &element(slot.number).pointee
    }
  }

  /// Whether a record lies in the slot, be it another than the one whose slot it was.
  @inline(__always)
  package func contains(_ slot: SlabSlot<Element>) -> Bool { isOccupied(slot.number) }

  /// What names this record for as long as it lives, and nothing after it.
  package func token(_ slot: SlabSlot<Element>) -> SlabToken<Element> {
    guard contains(slot) else { fatalError("a token was asked for an empty slab slot") }
    let generation = unsafe entry(slot.number).pointee.generation
    return SlabToken(rawValue: UInt64(generation) << 32 | UInt64(slot.number))
  }

  /// The slot a token names, or nil when its record is gone.
  package func slot(of token: SlabToken<Element>) -> SlabSlot<Element>? {
    let slot = UInt32(truncatingIfNeeded: token.rawValue)
    guard isOccupied(slot) else { return nil }
    let generation = unsafe entry(slot).pointee.generation
    return generation == UInt32(token.rawValue >> 32) ? SlabSlot(number: slot) : nil
  }

  /// The first slot in use, to walk the table from.
  package var first: SlabSlot<Element>? { next(from: 0) }

  /// The next slot in use, whether this one still is or not.
  package func next(after slot: SlabSlot<Element>) -> SlabSlot<Element>? {
    next(from: slot.number + 1)
  }

  private func next(from slot: UInt32) -> SlabSlot<Element>? {
    var slot = slot
    while slot < touched {
      if isOccupied(slot) { return SlabSlot(number: slot) }
      slot += 1
    }
    return nil
  }

  /// Whether many records have gone since the last `trim`.
  package var hasSpare: Bool {
    (most - count) * MemoryLayout<Element>.stride >= 16 * Mapping.page
  }

  /// Gives the pages without a record back to the kernel. Call it now and then: it looks at every slot
  /// that was ever used. Generations stay, so tokens keep their meaning.
  package mutating func trim() {
    most = count
    let stride = MemoryLayout<Element>.stride
    var free: UInt32 = 0
    for slot in 0...touched where slot == touched || isOccupied(slot) {
      memory.discard(offset: Int(free) * stride, count: Int(slot - free) * stride)
      free = slot + 1
    }
  }
}
