// The replicas as the control thread keeps them: who is in the pool, how each of them is, and the
// snapshots that tell the workers.

import Balancing
import Configuration
import ControlProtocol
import LinuxIO
import Proxy

/// Hands out the slots of the shared tables. A slot that was given back rests for as long as there
/// are others, so that what is still in flight to its last replica is not taken for the next one's.
struct SlotAllotment {
  private var next = 0
  private var returned: [Int] = []

  /// A free slot, or nil when the tables are full.
  mutating func take() -> Int? {
    if next < SharedPool.capacity {
      next += 1
      return next - 1
    }
    return returned.isEmpty ? nil : returned.removeFirst()
  }

  mutating func giveBack(_ slot: Int) {
    returned.append(slot)
  }
}

extension Daemon {
  var policy: HealthPolicy {
    let health = configuration.health
    return HealthPolicy(
      rise: health.rise, fall: health.fall, interval: health.interval.nanoseconds,
      fastInterval: health.fastInterval.nanoseconds)
  }

  func name(of slot: Int) -> String {
    replicas.first { $0.slot == slot }?.name ?? "#\(slot)"
  }

  // MARK: Members

  /// Takes a replica into the table; `publish` tells the workers. Nil when the table is full.
  mutating func admit(_ replica: ReplicaConfiguration) -> Int? {
    guard let slot = slots.take() else { return nil }
    pool.setUsable(slot, false)
    replicas.append(
      ReplicaRecord(
        slot: slot, configuration: replica, address: ReplicaRecord.address(of: replica),
        health: Health(now: now), meter: Meter(slot: slot, tallies: tallies, now: now),
        nextProbe: now))
    nextLookup = now
    return slot
  }

  /// Takes a replica out of the table; what is in flight to it ends by itself.
  mutating func dismiss(at index: Int) {
    let slot = replicas[index].slot
    pool.setUsable(slot, false)
    replicas.remove(at: index)
    slots.giveBack(slot)
  }

  /// Lets the workers go on with what is in force now.
  func publish() {
    let snapshot = makeSnapshot()
    for mailbox in orders { mailbox.post(.adopt(snapshot)) }
  }

  func makeSnapshot() -> Snapshot {
    var settings = Settings()
    settings.connectTimeout = configuration.timeouts.connect.nanoseconds
    settings.responseTimeout = configuration.timeouts.response.nanoseconds
    settings.idleTimeout = configuration.timeouts.idle.nanoseconds
    settings.clientHeaderTimeout = configuration.timeouts.clientHeader.nanoseconds
    settings.clientIdleTimeout = configuration.timeouts.clientIdle.nanoseconds
    settings.retries = configuration.retry.attempts
    settings.headLimit = configuration.limits.header
    settings.bodyLimit = configuration.limits.body ?? .max
    settings.docs = configuration.docs
    settings.trustedProxies = (configuration.forward.trustedProxies ?? []).compactMap(Network.init)
    settings.statesForwarded = configuration.forward.forwarded
    settings.proxyHeader = configuration.forward.proxyProtocol.version
    let members = replicas.map {
      Replica(
        slot: $0.slot, name: $0.name, address: $0.address, weight: $0.configuration.weight)
    }
    return Snapshot(
      settings: settings, replicas: members, control: SocketAddress(path: configuration.control),
      testToken: Array(testToken.utf8), pages: DocsPage.pages)
  }

  // MARK: Probes

  mutating func startDueProbes() {
    for index in replicas.indices {
      guard !replicas[index].isProbing, now >= replicas[index].nextProbe,
        let address = replicas[index].address
      else { continue }
      replicas[index].isProbing = true
      let target = ProbeTarget(
        slot: replicas[index].slot, move: replicas[index].move, address: address,
        host: replicas[index].probeHost)
      if let result = prober.start(target, poller, now: now) { probed(result) }
    }
  }

  mutating func probed(_ result: ProbeResult) {
    guard let index = replicas.firstIndex(where: { $0.slot == result.slot }),
      replicas[index].move == result.move
    else { return }
    let isPass = result.verdict == .pass
    replicas[index].isProbing = false
    replicas[index].probes += 1
    replicas[index].checkResult = result.text
    replicas[index].checkMilliseconds = isPass ? Double(result.nanoseconds) / 1e6 : nil
    let hasChanged =
      switch result.verdict {
      case .pass: replicas[index].health.probePassed(policy, now: now)
      case .failure: replicas[index].health.probeFailed(policy, now: now)
      case .none: false
      }
    scheduleProbe(index, spent: result.nanoseconds)
    if hasChanged { healthChanged(index, "probe: \(result.text)") }
    // A worker may have taken it out since; where that was right its evidence follows.
    let isUsable = replicas[index].health.isUsable
    if pool.isUsable(result.slot) != isUsable { pool.setUsable(result.slot, isUsable) }
  }

  /// The next probe, an interval after the last one's start, strayed by the conf's jitter.
  private mutating func scheduleProbe(_ index: Int, spent: UInt64) {
    let delay = Double(replicas[index].health.delay(policy))
    let jitter = Double(configuration.health.jitterPercent) / 100
    let strayed = UInt64(delay * (1 + Double.random(in: -jitter...jitter)))
    replicas[index].nextProbe = now + (strayed > spent ? strayed - spent : 0)
  }

  /// A worker could not reach a replica and took it out: its next probe follows soon.
  mutating func unreachable(_ slot: Int, _ cause: String) {
    guard let index = replicas.firstIndex(where: { $0.slot == slot }) else { return }
    replicas[index].checkResult = SystemError.brief(cause)
    replicas[index].checkMilliseconds = nil
    if replicas[index].health.connectFailed(now: now) {
      healthChanged(index, "request: \(cause)")
    }
    let soon = now + min(policy.fastInterval, policy.interval)
    replicas[index].nextProbe = min(replicas[index].nextProbe, soon)
    // A probe that passed while the evidence was on its way has set it usable again: its word, being
    // the later one of two, is undone only by the evidence's own.
    pool.setUsable(slot, replicas[index].health.isUsable)
  }

  private mutating func healthChanged(_ index: Int, _ reason: String) {
    let replica = replicas[index]
    pool.setUsable(replica.slot, replica.health.isUsable)
    let state = replica.observed.rawValue
    log.write(
      replica.health.isUsable ? .info : .warning, "replica \(replica.name) is \(state) (\(reason))",
      ["event": "state", "replica": replica.name, "state": state, "cause": reason])
    if isReady { manager.notify("STATUS=\(statusLine)") }
  }

  var statusLine: String {
    "\(replicas.count { $0.health.isUsable })/\(replicas.count) replicas up"
  }

  // MARK: Names

  /// How often a replica's name is looked up again.
  private static var lookupInterval: UInt64 { 5_000_000_000 }

  mutating func lookUpNames() {
    guard now >= nextLookup else { return }
    nextLookup = now + Daemon.lookupInterval
    for index in replicas.indices {
      guard let (host, port) = replicas[index].hostName, !replicas[index].isLookingUp else {
        continue
      }
      replicas[index].isLookingUp = true
      resolver.ask(Lookup(slot: replicas[index].slot, host: host, port: port))
    }
    if replicas.contains(where: { $0.address == nil }) {
      nextLookup = now + Daemon.lookupInterval / 5
    }
  }

  mutating func takeResolutions() {
    var hasChanged = false
    for answer in resolver.answers.take() {
      guard let index = replicas.firstIndex(where: { $0.slot == answer.slot }) else { continue }
      replicas[index].isLookingUp = false
      let present = replicas[index].address
      // Only a probe that failed speaks against an address.
      let serves = replicas[index].health.isUsable || replicas[index].probes == 0
      guard let address = answer.choice(present: present, serves: serves), address != present
      else { continue }
      replicas[index].address = address
      replicas[index].move += 1
      replicas[index].probes = 0
      replicas[index].isProbing = false
      replicas[index].health = Health(now: now)
      replicas[index].nextProbe = now
      pool.setUsable(answer.slot, false)
      hasChanged = true
      log.write(
        .info, "replica \(replicas[index].name): \(answer.host) is \(address)",
        [
          "event": "resolved", "replica": replicas[index].name, "address": "\(address)",
        ])
    }
    if hasChanged { publish() }
  }
}

extension ReplicaRecord {
  /// What a probe's Host field says.
  fileprivate var probeHost: String {
    if case .unix = configuration.address { return "localhost" }
    return configuration.address.description
  }
}
