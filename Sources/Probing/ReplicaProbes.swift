// What goes on to learn how replicas are: who is asked when, the probes under way, and those that ended.

package import Balancing

/// The probes of all replicas, by slot. The control thread owns it.
package struct ReplicaProbes: ~Copyable {
  package var prober: HealthProber
  /// When each replica is asked next.
  package var schedule: ProbeSchedule
  private var histories: [ProbeHistory] = []

  package init(_ prober: consuming HealthProber, _ schedule: ProbeSchedule) {
    self.prober = prober
    self.schedule = schedule
  }

  /// When probes are to be started next. They wait for each other a little, a sixtieth of a second
  /// at most, so that a thousand replicas do not wake this thread a thousand times a second.
  package func next(_ policy: HealthPolicy) -> UInt64 {
    guard let next = schedule.next else { return .max }
    let tick = min(1 << 24, min(policy.fastInterval, policy.interval) / 8)
    return (next + tick - 1) / tick * tick
  }

  /// Asks a replica no more, and ends what is under way.
  package mutating func stop(_ slot: Int) {
    schedule.remove(slot)
    prober.forget(slot)
  }

  /// Forgets the replica of a slot: it was removed.
  package mutating func forget(_ slot: Int) {
    stop(slot)
    if slot < histories.count { histories[slot] = ProbeHistory() }
  }

  /// A probe has ended.
  /// - Parameter host: what it asked for; empty where it made no request.
  package mutating func note(_ result: ProbeResult, host: String, now: UInt64) {
    while histories.count <= result.slot { histories.append(ProbeHistory()) }
    histories[result.slot].add(result, host: host, now: now)
  }

  /// The last probes of a slot's replica.
  package func history(of slot: Int) -> ProbeHistory {
    slot < histories.count ? histories[slot] : ProbeHistory()
  }
}
