// The times of the next probes: a pure table that knows no clock and no socket. Probes of one pace are
// spread evenly over the period, each replica at a phase of its own, so that a thousand replicas are a
// thousand small moments a second and no burst. A call costs O(log n).

/// The pace of a replica's probes.
package enum ProbePace: Sendable, Equatable {
  /// One probe in each period, at the replica's phase in the period. A new pace begins between a half and
  /// one and a half periods after the last probe.
  case steady(UInt64)
  /// One period after the last probe, since a verdict is open.
  case urgent(UInt64)
}

/// The times of all replicas' next probes, by slot. Times are nanoseconds. The control thread owns it.
package struct ProbeSchedule: Sendable {
  private struct Row {
    /// The time at which the replica's next probe is due, or the last one was.
    var due: UInt64 = 0
    /// The slot's index in the heap; negative while it is not in the heap.
    var heapIndex = -1
  }

  private let origin: UInt64
  private var random: UInt64
  private var rows: [Row] = []
  /// The slots that wait for their time, as a binary heap: the first is due first.
  private var heap: [Int] = []

  /// - Parameters:
  ///   - origin: the time at which the periods begin.
  ///   - seed: the jitter's seed.
  package init(origin: UInt64, seed: UInt64) {
    self.origin = origin
    random = seed
  }

  /// The time at which the first probe of all is due; nil when none is.
  package var next: UInt64? { heap.first.map { rows[$0].due } }

  /// The time at which a replica's probe is due; nil when none is.
  package func due(_ slot: Int) -> UInt64? {
    slot < rows.count && rows[slot].heapIndex >= 0 ? rows[slot].due : nil
  }

  /// Removes a slot whose time has come, and returns the slot; nil when there is none.
  package mutating func take(now: UInt64) -> Int? {
    guard let slot = heap.first, rows[slot].due <= now else { return nil }
    remove(slot)
    return slot
  }

  /// Sets a replica's time, whatever the time was.
  package mutating func set(_ slot: Int, at time: UInt64) {
    while rows.count <= slot { rows.append(Row()) }
    rows[slot].due = time
    if rows[slot].heapIndex < 0 {
      rows[slot].heapIndex = heap.count
      heap.append(slot)
    }
    sift(slot)
  }

  /// Brings a replica's time forward; does nothing while the replica has none.
  package mutating func hasten(_ slot: Int, to time: UInt64) {
    if let due = due(slot), time < due { set(slot, at: time) }
  }

  /// Sets the time of the probe that follows the one which was due last, now or later.
  /// - Parameter jitter: how far the time between two probes strays to either side, up to 0.5 of it.
  package mutating func follow(_ slot: Int, _ pace: ProbePace, jitter: Double, now: UInt64) {
    let last = slot < rows.count ? rows[slot].due : now
    let time: UInt64
    switch pace {
    case .steady(let period):
      // Each probe strays half as far, since the time between two probes has two ends.
      let moment = self.moment(of: slot, every: period, from: last + period / 2)
      time = stray(from: moment, by: Double(period) * jitter / 2)
    case .urgent(let period): time = stray(from: last + period, by: Double(period) * jitter)
    }
    set(slot, at: max(now, time))
  }

  /// Removes a replica's time.
  package mutating func remove(_ slot: Int) {
    guard slot < rows.count, rows[slot].heapIndex >= 0 else { return }
    let index = rows[slot].heapIndex
    rows[slot].heapIndex = -1
    let last = heap.removeLast()
    guard last != slot else { return }
    heap[index] = last
    rows[last].heapIndex = index
    sift(last)
  }

  // MARK: Phases

  /// The first moment at or after `time` at which a replica's phase in a period comes round. The
  /// phases of consecutive slots are about evenly far apart (multiples of the golden ratio).
  private func moment(of slot: Int, every period: UInt64, from time: UInt64) -> UInt64 {
    let share = UInt64(slot) &* 0x9E37_79B9_7F4A_7C15
    let first = origin + share.multipliedFullWidth(by: period).high
    guard time > first else { return first }
    return first + (time - first + period - 1) / period * period
  }

  private mutating func stray(from time: UInt64, by width: Double) -> UInt64 {
    guard width >= 1 else { return time }
    // SplitMix64.
    random &+= 0x9E37_79B9_7F4A_7C15
    var word = random
    word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
    word ^= word >> 31
    let offset = Int64((Double(word) / 0x1p63 - 1) * width)
    return UInt64(max(0, Int64(time) + offset))
  }

  // MARK: Heap

  private func isBefore(_ one: Int, _ other: Int) -> Bool { rows[one].due < rows[other].due }

  /// Moves a slot to where it belongs.
  private mutating func sift(_ slot: Int) {
    var index = rows[slot].heapIndex
    while index > 0, isBefore(slot, heap[(index - 1) / 2]) {
      put(heap[(index - 1) / 2], at: index)
      index = (index - 1) / 2
    }
    while let child = earlierChild(of: index), isBefore(heap[child], slot) {
      put(heap[child], at: index)
      index = child
    }
    put(slot, at: index)
  }

  private func earlierChild(of index: Int) -> Int? {
    let left = index * 2 + 1
    guard left < heap.count else { return nil }
    return left + 1 < heap.count && isBefore(heap[left + 1], heap[left]) ? left + 1 : left
  }

  private mutating func put(_ slot: Int, at index: Int) {
    heap[index] = slot
    rows[slot].heapIndex = index
  }
}
