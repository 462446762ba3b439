// What the control socket is asked, and the orders it takes.

import Balancing
import Configuration
import ControlProtocol
import ControlServer
import Glibc
import HTTPWire
import Ledger
import LinuxIO
import Probing
import Roster
import Telemetry

extension Daemon {
  /// Where clients connect to.
  var listenerText: String {
    listenerAddress?.description ?? "\(configuration.host):\(configuration.mainPort)"
  }

  /// A URL's host and port for a person on this machine.
  private var browserText: String {
    let port = listenerAddress?.port ?? configuration.mainPort
    return switch listenerAddress?.host ?? configuration.host {
    case "0.0.0.0": "127.0.0.1:\(port)"
    case "::": "[::1]:\(port)"
    default: listenerText
    }
  }

  /// Answers some of what is asked, a request of each connection in turn: probes, signals and the
  /// watchdog go between, however much a caller asks at once.
  mutating func answerControl() {
    let end = now + ControlEndpoint.turn
    for _ in 0..<ControlEndpoint.share {
      guard let slot = control.nextDue() else { return }
      if let request = control.nextRequest(slot, now: now) {
        if let answer = answer(request, from: control.token(slot)) {
          if answer.passesListener { passListener(to: slot) }
          control.answer(slot, answer)
        } else {
          control.hold(slot)
        }
      }
      control.flush(slot)
      guard Clock.now() < end else { return }
    }
  }

  /// Answers those whose requests have come to their end since, and goes on with what they asked next.
  mutating func answerLate() {
    while !lateAnswers.isEmpty {
      let (connection, answer) = lateAnswers.removeFirst()
      guard let slot = control.resume(connection, now: now) else { continue }
      control.answer(slot, answer)
      control.flush(slot)
    }
  }

  /// Orders a reload, or asks for what one would come to. The answer follows: see `answerLate`.
  private mutating func orderReload(
    _ request: ControlRequest, _ connection: UInt64, isRehearsal: Bool
  ) -> ControlAnswer? {
    reload(ReloadOrder(user: request.user, connection: connection, isRehearsal: isRehearsal))
    return nil
  }

  /// Nil where the answer takes a while.
  private mutating func answer(
    _ request: ControlRequest, from connection: UInt64
  ) -> ControlAnswer? {
    let path = String(request.path.prefix { $0 != "?" })
    if request.method == .post, let refusal = refusalOfOrders(path) { return refusal }
    return switch (request.method, path) {
    case (.get, ControlPath.pool): ControlAnswer(200, report(testToken: testToken))
    case (.get, ControlPath.publicPool): ControlAnswer(200, publicReport())
    case (.head, ControlPath.publicPool): head(of: publicReport())
    case (.get, ControlPath.publicPoolAll): ControlAnswer(200, publicReport(tellsAll: true))
    case (.head, ControlPath.publicPoolAll): head(of: publicReport(tellsAll: true))
    case (.get, ControlPath.health): ControlAnswer(200, HealthReport(pools(), note: limitNote))
    case (.get, ControlPath.metrics): metricsAnswer(metricsText())
    case (.get, ControlPath.version): ControlAnswer(200, VersionReport(version: Release.version))
    case (.get, ControlPath.events): eventsAnswer(request)
    case (.get, ControlPath.explain): explainAnswer(request)
    case (.post, ControlPath.addReplica): add(request)
    case (.post, ControlPath.removeReplica): remove(request)
    case (.get, ControlPath.conf): confText()
    case (.get, ControlPath.confChanges): orderReload(request, connection, isRehearsal: true)
    case (.post, ControlPath.reload): orderReload(request, connection, isRehearsal: false)
    case (.post, ControlPath.upgrade): orderUpgrade(request, connection)
    case (.post, ControlPath.takeover): handOver(request, connection)
    case (.post, ControlPath.takeoverReady): promise(connection)
    case (.post, ControlPath.takeoverDone): endTakeover(connection)
    case (.post, ControlPath.weight): setWeight(request)
    case (.post, ControlPath.order(.drain)): order(.drain, request)
    case (.post, ControlPath.order(.ready)): order(.ready, request)
    case (.post, ControlPath.order(.maint)): order(.maint, request)
    case (_, ControlPath.pool), (_, ControlPath.health), (_, ControlPath.version),
      (_, ControlPath.events), (_, ControlPath.explain), (_, ControlPath.metrics),
      (_, ControlPath.addReplica), (_, ControlPath.conf), (_, ControlPath.confChanges),
      (_, ControlPath.reload), (_, ControlPath.upgrade), (_, ControlPath.takeover),
      (_, ControlPath.takeoverReady),
      (_, ControlPath.takeoverDone):
      refusal(405, "reads are GET, orders are POST")
    case (_, let path) where ControlPath.namesReplica(path):
      refusal(405, "orders are POST")
    default: refusal(404, "there is no \(path) on the control socket")
    }
  }

  func refusal(_ status: Int, _ detail: String) -> ControlAnswer {
    ControlAnswer(status, DetailReport(detail))
  }

  // MARK: Reads

  private func pools() -> [PoolStatus] {
    [
      PoolStatus(
        name: "default", algorithm: configuration.algorithm.rawValue,
        replicas: replicas.map { report($0) })
    ]
  }

  /// The row of `lbctl pool`.
  func report(_ replica: ReplicaRecord) -> ReplicaReport {
    meters.report(replica, now: now, nextProbe: probes.schedule.due(replica.slot))
  }

  /// The pool for clients of the listener, at most a quarter of a second old: it costs a sum over all
  /// workers, and everyone may ask.
  private mutating func publicReport(tellsAll: Bool = false) -> [UInt8] {
    let kind = tellsAll ? 1 : 0
    if publicPools[kind].bytes.isEmpty || now >= publicPools[kind].time + 250_000_000 {
      let bytes = tellsAll ? report(testToken: "").json : PublicPoolReport(pools()).json
      publicPools[kind] = (now, bytes)
    }
    return publicPools[kind].bytes
  }

  private func head(of bytes: [UInt8]) -> ControlAnswer {
    var answer = ControlAnswer(200, bytes)
    answer.isHead = true
    return answer
  }

  /// The pool, with the test token for those who may have it.
  private func report(testToken: String) -> PoolReport {
    PoolReport(
      version: Release.version, pid: Int(getpid()), listener: browserText,
      docs: configuration.docs == .off ? nil : "http://\(browserText)/docs", testToken: testToken,
      uptimeSeconds: Double(now - startedAt) / 1e9, pools: pools(),
      healthPath: configuration.health.check == .http ? configuration.health.path : nil)
  }

  // MARK: Orders

  /// Adds a replica to the running pool. It gets requests once its first probe has passed, and
  /// stays until lbd ends or reloads its conf.
  private mutating func add(_ request: ControlRequest) -> ControlAnswer {
    guard let (key, value) = OrderBody.parse(request.body), key == OrderBody.addressKey else {
      return refusal(400, "add takes {\"address\": \"host:port\"}, [v6]:port or unix:/path")
    }
    guard let address = ReplicaAddress(value) else {
      return refusal(400, ReplicaAddress.fault(in: value))
    }
    guard !replicas.contains(where: { $0.configuration.address == address }) else {
      return refusal(409, "\(address) is in the pool already")
    }
    if let reason = refusalToAdd(address) { return refusal(409, reason) }
    let name = freeName(for: address)
    do throws(StartFailure) {
      let next = try ConnectionLimits(
        configuration, replicas: replicas.count + 1, workers: limits.workers)
      guard replicas.count < 1024, admit(ReplicaConfiguration(name: name, address: address)) != nil
      else { return refusal(409, "the pool is full") }
      limits = next
    } catch {
      return refusal(409, error.line)
    }
    publish()
    logOrder("added", name, address, request.user)
    history.add(.added, replica: name, cause: address.description, uid: request.user)
    return ControlAnswer(200, DetailReport("added \(name) (\(address)) until lbd reloads or ends"))
  }

  /// The port where that is free, as the conf's `ports` are named, else the whole address.
  private func freeName(for address: ReplicaAddress) -> String {
    if case .host(_, let port) = address, ReplicaNaming.find("\(port)", among: named).isEmpty {
      return "\(port)"
    }
    return address.description
  }

  /// Takes a replica out of the running pool; what is in flight to it ends by itself.
  private mutating func remove(_ request: ControlRequest) -> ControlAnswer {
    guard let (key, value) = OrderBody.parse(request.body), key == OrderBody.replicaKey else {
      return refusal(400, "remove takes {\"replica\": \"NAME\"}: a name, a port or an address")
    }
    guard let index = find(value) else { return noReplica(value) }
    let (name, address) = (replicas[index].name, replicas[index].configuration.address)
    remove(at: index)
    // The next reload brings back what the conf names, as it was ordered.
    let isOfConf = configuration.replicas.contains { $0.name == name }
    if !isOfConf { adminStates[name] = AdminState() }
    if let next = try? ConnectionLimits(
      configuration, replicas: replicas.count, workers: limits.workers)
    {
      limits = next
    }
    publish()
    _ = keepState()
    logOrder("removed", name, address, request.user)
    history.add(.removed, replica: name, cause: address.description, uid: request.user)
    return ControlAnswer(
      200, DetailReport("removed \(name) (\(address)) until lbd reloads or ends"))
  }

  /// The one replica that is called so, by its name, its address or its port; nil where several are.
  func find(_ text: String) -> Int? {
    let found = ReplicaNaming.find(text, among: named)
    return found.count == 1 ? found[0] : nil
  }

  /// The replicas as people may call them.
  var named: [ReplicaNaming.Named] {
    replicas.map { ($0.name, $0.configuration.address.description) }
  }

  private mutating func logOrder(
    _ verb: String, _ name: String, _ address: ReplicaAddress, _ user: UInt32?
  ) {
    let caller = user.map { "\($0)" } ?? "-"
    log.write(
      .info, "\(verb) replica \(name) (\(address)) for user \(caller)",
      [
        "event": verb, "replica": name, "address": address.description, "uid": caller,
      ])
  }
}
