// Who is in the pool: the replicas in the conf's order, each to be found by its slot too.

/// The control thread's records of all replicas.
package struct ReplicaTable {
  private var records: [ReplicaRecord] = []
  /// Where each slot's replica stands among `records`; what is out of date says another slot's.
  private var places: [Int] = []
  private var slots: SlotAllotment

  /// - Parameter slots: those that replicas may have.
  package init(slots: Range<Int>) {
    self.slots = SlotAllotment(slots)
  }

  // MARK: Slots

  /// The first slot that was never handed out.
  package var nextSlot: Int { slots.next }

  /// Where a slot's replica stands; nil when there is none.
  package func index(ofSlot slot: Int) -> Int? {
    guard slot < places.count, places[slot] < records.count, records[places[slot]].slot == slot
    else { return nil }
    return places[slot]
  }

  /// The name of the replica that has a slot, or had it last; nil for a slot that none ever had.
  package func name(ofSlot slot: Int) -> String? {
    index(ofSlot: slot).map { records[$0].name } ?? slots.formerNames[slot]
  }

  /// A slot for a replica that comes; nil when the tables are full.
  package mutating func takeSlot() -> Int? { slots.take() }

  /// Frees the slot of a replica that was removed.
  package mutating func freeSlot(_ slot: Int, of name: String) { slots.free(slot, of: name) }

  private mutating func findPlaces(from start: Int) {
    for index in start..<records.count {
      let slot = records[index].slot
      while places.count <= slot { places.append(.max) }
      places[slot] = index
    }
  }

  // MARK: Members

  /// Puts a replica behind the others.
  package mutating func append(_ record: ReplicaRecord) {
    records.append(record)
    findPlaces(from: records.count - 1)
  }

  /// Removes a replica. Its slot stays taken until `freeSlot`.
  package mutating func remove(at index: Int) -> ReplicaRecord {
    defer { findPlaces(from: index) }
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
