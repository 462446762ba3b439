// The replicas as the control thread keeps them: who is in the pool, how each of them is, and the
// snapshots that tell the workers.

import Balancing
import Configuration
import ControlProtocol
import Discovery
import Ledger
import LinuxIO
import Pages
import Plan
import Probing
import Roster
import Telemetry

extension Daemon {
  /// The name of the replica that has a slot, or had it last. A slot that no replica ever had is the
  /// control socket's.
  func name(of slot: Int) -> String { replicas.name(ofSlot: slot) ?? "the control socket" }

  // MARK: Members

  /// Takes a replica into the table; `publish` tells the workers. Nil when the table is full.
  mutating func admit(_ replica: ReplicaConfiguration) -> Int? {
    guard let slot = replicas.takeSlot() else { return nil }
    pool.setUsable(slot, in: Numbering.mainPool, false)
    meters.add(slot, name: replica.name, now: now)
    var record = ReplicaRecord(slot: slot, configuration: replica, now: now)
    record.adminState = adminStates[replica.name]
    replicas.append(record)
    if record.isProbed { probes.schedule.set(slot, at: now) }
    if record.hostName != nil { nextLookup = now }
    return slot
  }

  /// Removes a replica from the table. What is in flight to the replica ends by itself.
  mutating func remove(at index: Int) {
    pool.setUsable(replicas[index].slot, in: Numbering.mainPool, false)
    forget(replicas.remove(at: index))
  }

  /// Ends all that goes on for a replica that was removed from the table. A worker may choose the replica
  /// until the worker has adopted the next snapshot, so that no worker is without replicas in between.
  mutating func forget(_ replica: ReplicaRecord) {
    let slot = replica.slot
    pool.markLeaving(slot, of: Numbering.mainPool)
    probes.forget(slot)
    resolver.forget(slot)
    meters.remove(slot, name: replica.name)
    replicas.freeSlot(slot, of: replica.name)
  }

  /// Lets the workers go on with what is in force now.
  func publish() {
    let snapshot = makeSnapshot()
    for mailbox in orders { mailbox.post(.adopt(snapshot)) }
  }

  func makeSnapshot() -> Snapshot {
    let members = replicas.map {
      Replica(
        slot: $0.slot, name: $0.name, address: $0.address, weight: $0.weight,
        maxRequests: $0.configuration.maxRequests)
    }
    return Snapshot(
      settings: Settings(configuration, limits.perWorker, mark: mark),
      control: SocketAddress(path: configuration.control),
      pool: PoolPlan(policy: Policy(configuration), replicas: members),
      testToken: Array(testToken.utf8),
      pages: OwnDocuments(docs: DocsPage.bytes, openAPI: OpenAPIDescription.bytes))
  }

  // MARK: Probes

  /// Probes that start in one go: of many that are due some at a time, so that answers are heard
  /// between.
  private static var probesAtOnce: Int { 32 }

  var isProbeDue: Bool { (probes.schedule.next ?? .max) <= now }

  mutating func startDueProbes() {
    for _ in 0..<Daemon.probesAtOnce {
      guard let slot = probes.schedule.take(now: now) else { return }
      guard let index = replicas.index(ofSlot: slot), replicas[index].isProbed else { continue }
      if replicas[index].health.endEjection(now: now) { healthChanged(index, "its time is over") }
      guard let target = probeTarget(index) else { continue }
      if let result = probes.prober.start(target, poller) { probed(result) }
    }
  }

  /// Nil while the replica has no address.
  private func probeTarget(_ index: Int) -> ProbeTarget? {
    guard let address = replicas[index].address else { return nil }
    return ProbeTarget(
      slot: replicas[index].slot,
      address: configuration.health.port.map { address.at(port: $0) } ?? address,
      host: probeHost(index),
      number: replicas[index].probes, isBeyondDoubt: replicas[index].health.isBeyondDoubt,
      missing: replicas[index].health.missingFailures(policy),
      latest: UInt64((replicas[index].checkMilliseconds ?? 0) * 1e6))
  }

  private func probeHost(_ index: Int) -> String {
    configuration.health.host ?? replicas[index].probeHost
  }

  mutating func probed(_ result: ProbeResult) {
    guard let index = replicas.index(ofSlot: result.slot) else { return }
    let isPass = result.verdict == .pass
    let wasUsable = replicas[index].isUsable
    replicas[index].probes += 1
    meters.count(result.reportedVerdict, nanoseconds: result.nanoseconds, result.slot)
    probes.note(result, host: probeHost(index), now: now)
    let isDoubtful = isDoubtful(result)
    replicas[index].checkResult = isDoubtful ? "\(result.text)?" : result.text
    if isDoubtful { sayDoubt(index, result.text) }
    replicas[index].checkMilliseconds = isPass ? Double(result.nanoseconds) / 1e6 : nil
    let hasChanged =
      switch result.verdict {
      case .pass where configuration.health.check == .off:
        replicas[index].health.passedUnasked(policy, now: now)
      case .pass: replicas[index].health.probePassed(policy, now: now)
      case .failure:
        replicas[index].health.probeFailed(
          policy, isSilence: result.isSilence,
          isNeeded: result.isSilence && isLastToAnswer(index), now: now)
      case .none: false
      }
    if wasUsable && !replicas[index].isUsable { meters.count(.probe, result.slot) }
    let jitter = Double(configuration.health.jitterPercent) / 100
    probes.schedule.follow(
      result.slot, replicas[index].health.pace(policy), jitter: jitter, now: now)
    hastenToEjectionEnd(index)
    if hasChanged { healthChanged(index, cause(of: result, at: index)) }
    if isPass { otherAnswered(than: index) }
    // A worker may have marked it down since; where that was right the worker's report follows. What passed
    // on a connection from before says nothing against it.
    let isUsable = replicas[index].isUsable
    if pool.isUsable(result.slot) != isUsable && (result.isFresh || !isUsable) {
      pool.setUsable(result.slot, in: Numbering.mainPool, isUsable)
    }
  }

  /// A worker could not reach a replica and took it out: its next probe follows soon.
  mutating func unreachable(_ slot: Int, _ cause: String) {
    guard let index = replicas.index(ofSlot: slot) else { return }
    replicas[index].checkResult = SystemError.brief(cause)
    replicas[index].checkMilliseconds = nil
    let next = now + min(policy.fastInterval, policy.interval)
    if replicas[index].health.connectFailed(now: now) {
      meters.count(ReplicaCounts.Ejection(unreachable: cause), slot)
      healthChanged(index, "request: \(cause)")
      // Without a question the next look brings it back: one that is due already would do so at once.
      if configuration.health.check == .off { probes.schedule.set(slot, at: next) }
    }
    probes.schedule.hasten(slot, to: next)
    if let result = probes.prober.doubt(slot, poller) { probed(result) }
    // A probe that passed while the report was on its way has set the replica usable again. The report is
    // the later word of the two, and only this call undoes the probe's.
    pool.setUsable(slot, in: Numbering.mainPool, replicas[index].isUsable)
  }

  /// A replica failed request after request: it is out for a while, unless too many are.
  mutating func failing(_ slot: Int, _ cause: String) {
    pool.forgetFailures(slot)
    guard let index = replicas.index(ofSlot: slot) else { return }
    let ejected = replicas.count { $0.health.ejectedUntil != nil }
    let usable = replicas.count { $0.isUsable }
    guard HealthPolicy.mayEject(ejected: ejected, usable: usable, of: replicas.count),
      replicas[index].health.failedInARow(policy, now: now)
    else { return }
    replicas[index].checkResult = cause
    replicas[index].checkMilliseconds = nil
    meters.count(.status, slot)
    healthChanged(index, "requests failed in a row: \(cause)")
    probes.schedule.hasten(slot, to: now + min(policy.fastInterval, policy.interval))
    hastenToEjectionEnd(index)
    if let result = probes.prober.doubt(slot, poller) { probed(result) }
  }

  /// Sees to it that an ejection for failures ends in time.
  private mutating func hastenToEjectionEnd(_ index: Int) {
    guard let end = replicas[index].health.ejectedUntil else { return }
    probes.schedule.hasten(replicas[index].slot, to: end)
  }

  /// An attempt at a replica failed, whatever became of its request.
  mutating func attemptFailed(_ slot: Int, _ failure: FailureClass, _ cause: String) {
    guard let index = replicas.index(ofSlot: slot) else { return }
    replicas[index].lastFailure = (failure, cause, now)
  }

  mutating func healthChanged(_ index: Int, _ reason: String) {
    let replica = replicas[index]
    pool.setUsable(replica.slot, in: Numbering.mainPool, replica.isUsable)
    let (state, observed) = (replica.state.rawValue, replica.observed.rawValue)
    // What an operator took out stays out, whatever is seen of it: no cause for a warning.
    let cause = replica.state.isOrderedOut ? "seen \(observed): \(reason)" : reason
    if replica.observed == .slow { mayBeSlow = true }
    let isWell = replica.isUsable && replica.observed != .slow
    log.write(
      isWell || replica.state.isOrderedOut ? .info : .warning,
      "replica \(replica.name) is \(state) (\(cause))",
      [
        "event": "state", "replica": replica.name, "state": state, "observed": observed,
        "cause": reason,
      ])
    replicas[index].stateCause = reason
    history.add(.state, replica: replica.name, state: replica.state, cause: cause)
    isStatusNew = true
  }
}

extension HealthPolicy {
  init(_ health: HealthConfiguration) {
    self.init(
      rise: health.rise, fall: health.fall, interval: health.interval.nanoseconds,
      fastInterval: health.fastInterval.nanoseconds, ejection: health.ejection.nanoseconds)
  }
}
