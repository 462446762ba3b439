// How a conf that was read comes into force: all that a start would have to open is opened first, so that
// what can fail comes before anything is changed. Connections, and all that is known of replicas that
// stay, are not touched.

import Balancing
import Configuration
import ControlProtocol
import ControlServer
import Ledger
import LinuxIO
import Plan
import Probing
import Roster
import Telemetry

/// What a conf needs and the one in force has not. What is not used is closed with the value.
private struct Opened: ~Copyable {
  var limits: ConnectionLimits
  var metrics: ControlListener?
  var listener: NextListener?

  init(_ limits: ConnectionLimits) {
    self.limits = limits
  }
}

extension Daemon {
  /// Takes a conf up, or changes nothing.
  mutating func apply(_ loaded: LoadedConf) throws(StartFailure) {
    let next = loaded.plan.next
    var opened = try open(loaded)
    // Nothing fails from here on.
    if opened.listener != nil { MainListener.release(by: manager) }
    if let listener = opened.listener?.hand(to: orders) { use(listener) }
    if next.log.access != access.target {
      access.use((try? loaded.read.access?.get())?.take(), next.log.access)
    }
    if next.metrics.listen != configuration.metrics.listen {
      metrics.remove()
      if let listener = opened.metrics.take() { metrics.open(listener, poller) }
    }
    let clients = limits.clients
    limits = opened.limits
    adopt(next, loaded.effective)
    if limits.clients != clients { logLimits() }
  }

  // MARK: Opening

  private mutating func open(_ loaded: LoadedConf) throws(StartFailure) -> Opened {
    let next = loaded.plan.next
    var opened = Opened(try fittingLimits(loaded))
    try access.prepare(for: next.log.access)
    try checkLoop(loaded)
    if next.metrics.listen != configuration.metrics.listen, let address = next.metrics.listen {
      opened.metrics = try openMetrics(at: address)
    }
    do throws(StartFailure) {
      if case .failure(let failure) = loaded.read.access { throw failure }
      opened.listener = try nextListener(next, loaded.read.address)
      try checkControl(loaded.whole.control)
    } catch {
      // A path of its own goes with it.
      if let metrics = opened.metrics.take() { metrics.remove() }
      throw error
    }
    return opened
  }

  /// The limits beside a conf's pool, with the workers that run; a start with it has those that it says.
  func fittingLimits(_ loaded: LoadedConf) throws(StartFailure) -> ConnectionLimits {
    let count = loaded.whole.replicas.count
    let workers = loaded.whole.workers ?? Thread.usableProcessors()
    if workers != limits.workers {
      _ = try ConnectionLimits(loaded.whole, replicas: count, workers: workers)
    }
    return try ConnectionLimits(loaded.plan.next, replicas: count, workers: limits.workers)
  }

  /// Another path takes a restart, which would fail where no socket can be made there.
  private func checkControl(_ path: String) throws(StartFailure) {
    guard path != configuration.control else { return }
    try ControlListener.check(path)
  }

  /// A replica must not be a listener that there will be. Where the main one moves is seen by its text.
  func checkLoop(_ loaded: LoadedConf) throws(StartFailure) {
    let next = loaded.plan.next
    let stays = next.host == configuration.host && next.mainPort == configuration.mainPort
    let isKept = stays || !listenerOrigin.isConf
    var main = isKept ? listenerAddress : SocketAddress(ip: next.host, port: next.mainPort)
    if main == nil, case .found(let addresses) = loaded.read.address { main = addresses.first }
    let own = OwnListeners(main: main, metrics: next.metrics.listen, control: next.control)
    if let failure = Daemon.loop(next.replicas, own) { throw failure }
  }

  private func openMetrics(at address: ReplicaAddress) throws(StartFailure) -> ControlListener {
    guard case .host(_, let port) = address else { return try ControlListener.metrics(at: address) }
    // One of lbd's own may be in the way until it is closed.
    let isShared = shareOwn(port: port, true)
    defer { _ = shareOwn(port: port, false) }
    return try ControlListener.metrics(at: address, isShared: isShared)
  }

  /// Whether a listener of lbd's own has a port; if so, sets whether others may be opened there.
  private func shareOwn(port: UInt16, _ isShared: Bool) -> Bool {
    let hasMetrics = metrics.share(port: port, isShared)
    switch listener {
    case .some(let listener):
      guard Socket.localAddress(listener)?.port == port else { return hasMetrics }
      Socket.share(listener, isShared)
      return true
    case .none: return hasMetrics
    }
  }

  /// Nil where the place is the same, or not the conf's to say.
  private func nextListener(
    _ next: Configuration, _ found: LookupOutcome?
  ) throws(StartFailure) -> NextListener? {
    guard
      listenerOrigin.isConf
        && (next.host != configuration.host || next.mainPort != configuration.mainPort)
    else { return nil }
    let isShared = metrics.share(port: next.mainPort, true)
    defer { _ = metrics.share(port: next.mainPort, false) }
    return switch listener {
    case .some(let former):
      try NextListener(
        next, found: found, workers: tallies.count, beside: former, isShared: isShared)
    case .none: nil
    }
  }

  /// What a reload would be refused for, as far as it can be known while nothing is opened.
  func rehearse(_ loaded: LoadedConf) throws(StartFailure) {
    _ = try fittingLimits(loaded)
    try checkLoop(loaded)
  }

  /// What a rehearsal of a reload leaves open, since it opens nothing.
  func unchecked(_ loaded: LoadedConf) -> [String] {
    let next = loaded.plan.next
    var unchecked: [String] = []
    if listenerOrigin.isConf,
      next.host != configuration.host || next.mainPort != configuration.mainPort
    {
      unchecked.append(Unchecked.listener(of: next))
    }
    if let address = next.metrics.listen, address != configuration.metrics.listen {
      unchecked.append(Unchecked.metrics(address))
    }
    if next.log.access != access.target, case .path(let path) = next.log.access {
      unchecked.append(Unchecked.accessLog(path))
    }
    if loaded.whole.control != configuration.control {
      unchecked.append(Unchecked.control(loaded.whole.control))
    }
    let known = Set(replicas.map(\.configuration.address))
    return unchecked + Unchecked.names(of: next.replicas.filter { !known.contains($0.address) })
  }

  // MARK: Coming into force

  /// Goes on with another listener, which the workers have already.
  mutating func use(_ listener: consuming Descriptor) {
    listenerAddress = Socket.localAddress(listener) ?? listenerAddress
    MainListener.keep(listener, by: manager)
    self.listener = consume listener
  }

  private mutating func adopt(_ next: Configuration, _ effective: String) {
    let before = configuration
    configuration = next
    self.effective = effective
    log = Log(next.log, after: log)
    policy = HealthPolicy(next.health)
    // Probes' own connections stay where nothing about them has changed.
    if next.health != before.health || next.forward != before.forward
      || next.limits.fields != before.limits.fields
    {
      probes.prober.adopt(ProbeSettings(next))
    }
    replaceReplicas(next.replicas)
    if next.health.interval < before.health.interval { hastenProbes() }
    publish()
    adminStates.keep(only: replicas.map(\.name))
    _ = keepState()
  }

  /// The former interval does not hold up the first probes by a shorter one.
  private mutating func hastenProbes() {
    for replica in replicas { probes.schedule.hasten(replica.slot, to: now + policy.interval) }
  }

  /// Keeps the replicas that the conf still has, with all that is known of them. One that goes ends
  /// what it has in flight by itself.
  private mutating func replaceReplicas(_ next: [ReplicaConfiguration]) {
    let addresses = Dictionary(next.map { ($0.name, $0.address) }) { first, _ in first }
    var kept: [String: ReplicaRecord] = [:]
    var former: [ReplicaAddress: ReplicaRecord] = [:]
    for replica in replicas {
      if addresses[replica.name] == replica.configuration.address && kept[replica.name] == nil {
        kept[replica.name] = replica
      } else {
        forget(replica)
        former[replica.configuration.address] = replica
      }
    }
    replicas.removeAll()
    for replica in next {
      guard var record = kept.removeValue(forKey: replica.name) else {
        admit(replica, after: former[replica.address])
        continue
      }
      record.configuration = replica
      replicas.append(record)
    }
  }

  /// One that has only another name now goes on as healthy as it was.
  private mutating func admit(_ replica: ReplicaConfiguration, after former: ReplicaRecord?) {
    guard let slot = admit(replica), let former else { return }
    let index = replicas.count - 1
    replicas[index].inherit(former)
    pool.setUsable(slot, in: Numbering.mainPool, replicas[index].isUsable)
    if replicas[index].isProbed { probes.schedule.set(slot, at: now) }
  }
}
