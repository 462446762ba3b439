// A reload: read the conf, check all of it, say what changes, open what is needed, and only then change
// anything. Connections, and all that is known of replicas that stay, are not touched.

import Balancing
import Configuration
import ConfigurationIO
import ControlProtocol
import LinuxIO
import Proxy

extension Daemon {
  /// What is in force, with the replicas that are in the pool now.
  private var inForce: Configuration {
    var inForce = configuration
    inForce.replicas = replicas.map(\.configuration)
    return inForce
  }

  /// Loads the conf again. One that is refused changes nothing; what only a restart can change is said
  /// and left.
  /// - Parameter user: who ordered it over the control socket; nil for HUP.
  mutating func reload(for user: UInt32?) -> ReloadReport {
    // READY would let clients in too early, and before a takeover the former lbd serves.
    guard isReady else {
      if user == nil { isReloadDue = true }
      return ReloadReport(isAccepted: false, errors: ["lbd is starting, ask again in a moment"])
    }
    manager.notify("RELOADING=1")
    defer { tellStatus("READY=1\n") }
    var report: ReloadReport
    switch loadAgain() {
    case .refused(let errors): report = ReloadReport(isAccepted: false, errors: errors)
    case .loaded(let plan, let effective):
      do throws(StartFailure) {
        let leftOut = try apply(plan, effective)
        report = ReloadReport(isAccepted: true, changes: plan.changes, leftOut: leftOut)
      } catch {
        report = ReloadReport(isAccepted: false, errors: [error.line])
      }
    }
    figures.reloaded(report.isAccepted)
    logReload(report, user)
    // As after the start: only this needs what reads a conf.
    Mapping.forgetCode()
    return report
  }

  /// What a reload would come to now. Opens nothing, so that a port in use is not seen.
  func rehearseReload() -> ReloadReport {
    switch loadAgain() {
    case .refused(let errors): ReloadReport(isAccepted: false, errors: errors)
    case .loaded(let plan, _):
      ReloadReport(isAccepted: true, changes: plan.changes, leftOut: Daemon.leftOut(plan))
    }
  }

  func reloadAnswer(_ report: ReloadReport) -> ControlAnswer {
    ControlAnswer(report.isAccepted ? 200 : ControlPath.refusedConf, report)
  }

  func confText() -> ControlAnswer {
    var answer = ControlAnswer(200, Array(effective.utf8))
    answer.type = "text/plain; charset=utf-8"
    return answer
  }

  // MARK: Loading

  private enum Reloading {
    case loaded(ReloadPlan, effective: String)
    case refused([String])
  }

  private func loadAgain() -> Reloading {
    guard phase == .serving else { return .refused(["lbd is stopping, it takes up no conf"]) }
    switch Configuration.load(path: path, environment: environment) {
    case .refused(let diagnostics): return .refused(diagnostics.map(\.description))
    case .loaded(let next, let effective):
      let plan = ReloadPlan(from: inForce, to: next, hasPlace: !listenerOrigin.isConf)
      return .loaded(plan, effective: plan.correct(effective))
    }
  }

  /// What stays as it is, and why.
  private static func leftOut(_ plan: ReloadPlan) -> [String] {
    plan.leftOut.map { "\($0) takes a restart" }
      + plan.overruled.map { "\($0) does not count: the socket unit says where lbd listens" }
  }

  private mutating func logReload(_ report: ReloadReport, _ user: UInt32?) {
    let caller = user.map { "\($0)" } ?? "HUP"
    let more = report.errors.count > 1 ? "1 of \(report.errors.count): " : ""
    history.add(
      report.isAccepted ? .reload : .reloadRefused,
      cause: report.isAccepted
        ? "replicas: \(replicas.count)" : report.errors.first.map { "\(more)\($0)" }, uid: user)
    for error in report.errors {
      log.write(.error, "not reloaded: \(error)", ["event": "reload-refused", "uid": caller])
    }
    for line in report.leftOut {
      log.write(.warning, line, ["event": "reload", "left_out": line])
    }
    guard report.isAccepted else { return }
    log.write(
      .info, "reloaded: \(replicas.count) replicas, \(report.changes.count) changes",
      [
        "event": "reload", "uid": caller, "changes": report.changes.joined(separator: "; "),
      ])
  }

  // MARK: Applying

  /// Takes a conf up, or changes nothing. Gives what stays as it is.
  private mutating func apply(
    _ plan: ReloadPlan, _ effective: String
  ) throws(StartFailure) -> [String] {
    // All that can fail comes first.
    var next = try nextListener(plan.next)
    if plan.next.log.access != access.target { try access.change(to: plan.next.log.access) }
    if next != nil { MainListener.letGo(by: manager) }
    if let listener = next?.hand(to: orders) { use(listener) }
    var leftOut = Daemon.leftOut(plan)
    let metrics = moveMetrics(from: configuration.metrics.listen, to: plan.next.metrics.listen)
    if metrics != plan.next.metrics.listen {
      leftOut.append("[metrics] listen cannot be listened on: see lbd's log")
    }
    adopt(plan.next, effective, metrics: metrics)
    return leftOut
  }

  /// Goes on with another listener, which the workers have already.
  mutating func use(_ listener: consuming Descriptor) {
    listenerAddress = Socket.localAddress(listener) ?? listenerAddress
    MainListener.keep(listener, by: manager)
    self.listener = consume listener
  }

  /// Nil where the place is the same, or not the conf's to say.
  private func nextListener(_ next: Configuration) throws(StartFailure) -> NextListener? {
    guard
      listenerOrigin.isConf
        && (next.host != configuration.host || next.mainPort != configuration.mainPort)
    else { return nil }
    // The system's resolver blocks, this thread must not.
    guard next.host == "localhost" || SocketAddress(ip: next.host, port: next.mainPort) != nil
    else {
      throw StartFailure("to listen on the name \(next.host) takes a restart; write an address")
    }
    return switch listener {
    case .some(let former): try NextListener(next, workers: tallies.count, beside: former)
    case .none: nil
    }
  }

  private mutating func adopt(
    _ next: Configuration, _ effective: String, metrics: ReplicaAddress?
  ) {
    let before = configuration
    configuration = next
    configuration.metrics.listen = metrics
    self.effective = effective
    log = Log(next.log, after: log)
    policy = HealthPolicy(next.health)
    // Probes' own connections stay where nothing about them has changed.
    if next.health != before.health || next.forward != before.forward
      || next.limits.fields != before.limits.fields
    {
      prober.adopt(next)
    }
    replaceReplicas(next.replicas)
    if next.health.interval < before.health.interval { hastenProbes() }
    publish()
    standing.keep(only: replicas.map(\.name))
    _ = keepState()
  }

  /// The former interval does not hold up the first probes by a shorter one.
  private mutating func hastenProbes() {
    for replica in replicas { schedule.hasten(replica.slot, to: now + policy.interval) }
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
        letGo(replica)
        former[replica.configuration.address] = replica
      }
    }
    replicas.removeAll(keepingCapacity: true)
    for replica in next {
      guard var record = kept.removeValue(forKey: replica.name) else {
        admit(replica, after: former[replica.address])
        continue
      }
      record.configuration = replica
      replicas.append(record)
    }
    findPlaces()
  }

  /// One that has only another name now goes on as healthy as it was.
  private mutating func admit(_ replica: ReplicaConfiguration, after former: ReplicaRecord?) {
    guard let slot = admit(replica), let former else { return }
    let index = replicas.count - 1
    replicas[index].inherit(former)
    pool.setUsable(slot, replicas[index].isUsable)
    if replicas[index].isProbed { schedule.set(slot, at: now) }
  }
}
