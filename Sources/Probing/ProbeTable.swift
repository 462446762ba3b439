// The prober's records: one for each connection to a replica, those of one replica in a list.

import LinuxIO

/// The records by slot of the table, and by the replica's slot. The prober owns it.
struct ProbeTable: ~Copyable {
  private var probes: Slab<Probe>
  /// Each replica's latest record in `probes`, by the replica's slot.
  private let records: ZeroedArray<SlabLink<Probe>>
  /// Concurrent probes: those that are under way while another of their replica is.
  private(set) var concurrent = 0

  /// - Parameters:
  ///   - capacity: the most records.
  ///   - slots: replicas' slots are below it.
  init(capacity: Int, slots: Int) {
    probes = Slab(capacity: capacity)
    records = ZeroedArray(count: slots)
  }

  subscript(record: SlabSlot<Probe>) -> Probe {
    _read { yield probes[record] }
    _modify { yield &probes[record] }
  }

  func contains(_ record: SlabSlot<Probe>) -> Bool { probes.contains(record) }

  func token(_ record: SlabSlot<Probe>) -> SlabToken<Probe> { probes.token(record) }

  func slot(of token: SlabToken<Probe>) -> SlabSlot<Probe>? { probes.slot(of: token) }

  var first: SlabSlot<Probe>? { probes.first }

  func next(after record: SlabSlot<Probe>) -> SlabSlot<Probe>? { probes.next(after: record) }

  // MARK: Of one replica

  /// The latest record of the replica in a slot.
  func latest(of slot: Int) -> SlabSlot<Probe>? {
    let latest = records[slot].slot
    return latest == .absent ? nil : latest
  }

  /// How many records the replica in a slot has.
  func count(of slot: Int) -> Int {
    var (count, next) = (0, records[slot].slot)
    while next != .absent { (count, next) = (count + 1, probes[next].nextOfReplica) }
    return count
  }

  /// Another record of the same replica; nil where there is none.
  func other(than record: SlabSlot<Probe>) -> SlabSlot<Probe>? {
    if probes[record].nextOfReplica != .absent { return probes[record].nextOfReplica }
    let latest = records[probes[record].target.slot].slot
    return latest == record ? nil : latest
  }

  /// Puts a new record before its replica's others. The caller has made sure that there is room.
  mutating func insert(_ probe: consuming Probe) -> SlabSlot<Probe> {
    let record = probes.insert(probe)
    let slot = probes[record].target.slot
    probes[record].nextOfReplica = records[slot].slot
    if records[slot].slot != .absent { concurrent += 1 }
    records[slot] = SlabLink(record)
    return record
  }

  /// Ends a record, and with it its connection.
  mutating func remove(_ record: SlabSlot<Probe>) {
    let probe = probes.remove(record)
    let slot = probe.target.slot
    if records[slot].slot == record {
      records[slot] = SlabLink(probe.nextOfReplica)
    } else {
      var other = records[slot].slot
      while probes[other].nextOfReplica != record { other = probes[other].nextOfReplica }
      probes[other].nextOfReplica = probe.nextOfReplica
    }
    if records[slot].slot != .absent { concurrent -= 1 }
  }
}
