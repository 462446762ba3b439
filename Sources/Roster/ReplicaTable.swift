// Who is in the pool: the replicas in the conf's order, each to be found by its slot too.

/// The control thread's records of all replicas.
package struct ReplicaTable {
  private var records: [ReplicaRecord] = []
  /// The index in `records` of each slot's replica. An entry may be out of date: the record there then has
  /// another slot.
  private var indexOfSlot: [Int] = []
  private var slots: SlotAllotment

  /// - Parameter slots: those that replicas may have.
  package init(slots: Range<Int>) {
    self.slots = SlotAllotment(slots)
  }

  // MARK: Slots

  /// The first slot that was never handed out.
  package var nextSlot: Int { slots.next }

  /// The index of a slot's replica; nil when there is none.
  package func index(ofSlot slot: Int) -> Int? {
    guard slot < indexOfSlot.count, indexOfSlot[slot] < records.count,
      records[indexOfSlot[slot]].slot == slot
    else { return nil }
    return indexOfSlot[slot]
  }

  /// The name of the replica that has a slot, or had it last; nil for a slot that none ever had.
  package func name(ofSlot slot: Int) -> String? {
    index(ofSlot: slot).map { records[$0].name } ?? slots.formerNames[slot]
  }

  /// A slot for a replica that comes; nil when the tables are full.
  package mutating func takeSlot() -> Int? { slots.take() }

  /// Frees the slot of a replica that was removed.
  package mutating func freeSlot(_ slot: Int, of name: String) { slots.free(slot, of: name) }

  private mutating func indexSlots(from start: Int) {
    for index in start..<records.count {
      let slot = records[index].slot
      while indexOfSlot.count <= slot { indexOfSlot.append(.max) }
      indexOfSlot[slot] = index
    }
  }

  // MARK: Members

  /// Appends a replica to the others.
  package mutating func append(_ record: ReplicaRecord) {
    records.append(record)
    indexSlots(from: records.count - 1)
  }

  /// Removes a replica. Its slot stays taken until `freeSlot`.
  package mutating func remove(at index: Int) -> ReplicaRecord {
    defer { indexSlots(from: index) }
    return records.remove(at: index)
  }

  /// Removes all replicas, likewise.
  package mutating func removeAll() { records.removeAll(keepingCapacity: true) }
}

extension ReplicaTable: RandomAccessCollection, MutableCollection {
  package typealias Indices = Range<Int>

  package var startIndex: Int { 0 }
  package var endIndex: Int { records.count }

  package subscript(index: Int) -> ReplicaRecord {
    _read { yield records[index] }
    _modify { yield &records[index] }
  }

  package func makeIterator() -> IndexingIterator<[ReplicaRecord]> { records.makeIterator() }
}
