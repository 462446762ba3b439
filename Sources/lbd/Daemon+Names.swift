// The names of replicas: when each is looked up, what is done with the answer, and what is said of a name
// that cannot be resolved.

import Balancing
import Configuration
import ControlProtocol
import Discovery
import Ledger
import LinuxIO
import Plan
import Probing
import Roster
import Telemetry

extension Daemon {
  /// How often a replica's name is looked up again, and how often while one has no address.
  private static var lookupInterval: UInt64 { 5_000_000_000 }
  private static var soonInterval: UInt64 { lookupInterval / 5 }

  mutating func lookUpNames() {
    guard now >= nextLookup else { return }
    nextLookup = now + Daemon.lookupInterval
    let late = resolver.late(now: now)
    var hasNames = false
    for index in replicas.indices {
      guard let (host, port) = replicas[index].hostName else { continue }
      hasNames = true
      let slot = replicas[index].slot
      if replicas[index].isLookedUp {
        if late.contains(slot) { lookupIsLate(index) }
        continue
      }
      replicas[index].isLookedUp = true
      resolver.ask(
        Lookup(slot: slot, host: host, port: port, isSlow: replicas[index].isLookupSlow))
    }
    resolver.goOn(now: now)
    if !hasNames {
      nextLookup = .max
    } else if replicas.contains(where: { $0.address == nil || $0.isLookedUp }) {
      nextLookup = now + Daemon.soonInterval
    }
  }

  mutating func takeResolutions() {
    var hasChanged = false
    for answer in resolver.answers.take() {
      guard let index = replicas.index(ofSlot: answer.slot),
        replicas[index].hostName?.host == answer.host
      else { continue }
      replicas[index].isLookupSlow = answer.isSlow
      replicas[index].isLookedUp = false
      if leaveItself(index) { hasChanged = true }
      let answer = withoutItself(answer)
      switch answer.outcome {
      case .failed(let reason): lookupFailed(index, answer.host, reason)
      case .found: if take(answer, at: index) { hasChanged = true }
      }
    }
    if hasChanged { publish() }
  }

  /// Whether the replica has another address by it.
  private mutating func take(_ answer: Resolution, at index: Int) -> Bool {
    let present = replicas[index].address
    let hadFailed = replicas[index].lookupFailure != nil
    replicas[index].lookupFailure = nil
    // Only a probe that failed speaks against an address.
    let serves = replicas[index].isUsable || replicas[index].probes == 0
    guard let address = answer.choice(present: present, serves: serves) else { return false }
    let hasMoved = address != present
    if hasMoved { move(index, to: address, "\(answer.host) is \(address)") }
    guard hasMoved || hadFailed else { return false }
    history.add(.resolved, replica: replicas[index].name, cause: "\(answer.host) is \(address)")
    log.write(
      .info, "replica \(replicas[index].name): \(answer.host) is \(address)",
      ["event": "resolved", "replica": replicas[index].name, "address": "\(address)"])
    return hasMoved
  }

  /// What was observed at the former address says nothing of this one.
  private mutating func move(_ index: Int, to address: SocketAddress, _ cause: String) {
    let slot = replicas[index].slot
    replicas[index].address = address
    replicas[index].probes = 0
    replicas[index].health = Health(now: now)
    replicas[index].stateCause = cause
    probes.prober.forget(slot)
    if replicas[index].isProbed { probes.schedule.set(slot, at: now) }
    pool.setUsable(slot, in: Numbering.mainPool, false)
  }

  // MARK: Names that lead to lbd itself

  /// An answer without the addresses at which lbd itself listens.
  private func withoutItself(_ answer: Resolution) -> Resolution {
    guard case .found(let addresses) = answer.outcome else { return answer }
    let own = ownListeners
    let others = addresses.filter { own.key(at: $0) == nil }
    guard others.count < addresses.count else { return answer }
    let outcome: LookupOutcome =
      others.isEmpty
      ? .failed("\(addresses[0]) is where lbd itself listens") : .found(others)
    return Resolution(slot: answer.slot, host: answer.host, outcome: outcome)
  }

  /// Lets go of an address at which lbd has come to listen since. Whether it had one.
  private mutating func leaveItself(_ index: Int) -> Bool {
    guard let address = replicas[index].address, ownListeners.key(at: address) != nil else {
      return false
    }
    replicas[index].address = nil
    replicas[index].health = Health(now: now)
    probes.stop(replicas[index].slot)
    pool.setUsable(replicas[index].slot, in: Numbering.mainPool, false)
    return true
  }

  // MARK: Names that do not resolve

  /// There is no answer in time; one may still come.
  private mutating func lookupIsLate(_ index: Int) {
    replicas[index].isLookupSlow = true
    guard replicas[index].lookupFailure == nil, let (host, _) = replicas[index].hostName else {
      return
    }
    lookupFailed(index, host, "no answer within \(Resolver.patience / 1_000_000_000) s")
  }

  /// Says it once for as long as the reason is the same.
  private mutating func lookupFailed(_ index: Int, _ host: String, _ reason: String) {
    guard reason != replicas[index].lookupFailure else { return }
    replicas[index].lookupFailure = reason
    let replica = replicas[index]
    let cause = "\(host) cannot be resolved: \(reason)"
    let rest = replica.address.map { "; \($0) stays in use" } ?? "; it gets no requests"
    if replica.address == nil { replicas[index].stateCause = cause }
    log.write(
      .warning, "replica \(replica.name): \(cause)\(rest)",
      ["event": "unresolved", "replica": replica.name, "host": host, "cause": reason])
    history.add(
      .unresolved, replica: replica.name, state: replica.address == nil ? replica.state : nil,
      cause: cause)
  }
}
