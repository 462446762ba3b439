// Which replica has which row of the tables that the workers share.

/// Hands out the slots of the shared tables. A slot that was freed rests for as long as there
/// are others, so that what is still in flight to its last replica is not taken for the next one's.
struct SlotAllotment {
  /// All that there are.
  private let slots: Range<Int>
  /// The first slot that was never handed out.
  private(set) var next: Int
  private var returned: [Int] = []
  /// The names of replicas that have left, until their slots are handed out anew: workers may still
  /// speak of them.
  private(set) var formerNames: [Int: String] = [:]

  init(_ slots: Range<Int>) {
    self.slots = slots
    next = slots.lowerBound
  }

  /// A free slot, or nil when the tables are full.
  mutating func take() -> Int? {
    if next < slots.upperBound {
      next += 1
      return next - 1
    }
    guard !returned.isEmpty else { return nil }
    let slot = returned.removeFirst()
    formerNames[slot] = nil
    return slot
  }

  /// Frees a slot.
  /// - Parameter name: of the replica that was removed.
  mutating func free(_ slot: Int, of name: String) {
    returned.append(slot)
    formerNames[slot] = name
  }
}
