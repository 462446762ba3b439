// What the control socket is asked, and the orders it takes.

import Balancing
import Configuration
import ControlProtocol
import Glibc
import HTTPWire
import LinuxIO
import Proxy

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

  mutating func answerControl(_ event: Event) {
    guard let slot = control.receive(event, now: now) else { return }
    serveControl(slot, event.token)
  }

  private mutating func serveControl(_ slot: UInt32, _ connection: UInt64) {
    while let request = control.nextRequest(slot) {
      guard let answer = answer(request, from: connection) else {
        control.hold(slot)
        break
      }
      if answer.passesListener { passListener(to: slot) }
      control.answer(slot, answer)
    }
    control.flush(slot)
  }

  /// Answers those whose requests have come to their end since, and goes on with what they asked next.
  mutating func answerLate() {
    while !lateAnswers.isEmpty {
      let (connection, answer) = lateAnswers.removeFirst()
      guard let slot = control.resume(connection, now: now) else { continue }
      control.answer(slot, answer)
      serveControl(slot, connection)
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
    if isFollowed && request.method == .post {
      return refusal(409, "another lbd has taken over, this one takes no orders")
    }
    let path = String(request.path.prefix { $0 != "?" })
    return switch (request.method, path) {
    case (.get, ControlPath.pool): ControlAnswer(200, report(testToken: testToken))
    case (.get, ControlPath.publicPool): ControlAnswer(200, publicReport())
    case (.head, ControlPath.publicPool): publicHead()
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
    case (.post, ControlPath.takeover): handOver(request, connection)
    case (.post, ControlPath.takeoverDone): endTakeover(connection)
    case (.post, ControlPath.weight): setWeight(request)
    case (.post, ControlPath.order(.drain)): order(.drain, request)
    case (.post, ControlPath.order(.ready)): order(.ready, request)
    case (.post, ControlPath.order(.maint)): order(.maint, request)
    case (_, ControlPath.pool), (_, ControlPath.health), (_, ControlPath.version),
      (_, ControlPath.events), (_, ControlPath.explain), (_, ControlPath.metrics),
      (_, ControlPath.addReplica), (_, ControlPath.conf), (_, ControlPath.confChanges),
      (_, ControlPath.reload), (_, ControlPath.takeover), (_, ControlPath.takeoverDone):
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
        replicas: replicas.map { $0.report(now: now, nextProbe: schedule.due($0.slot)) })
    ]
  }

  /// The pool for any client of the listener, at most a quarter of a second old: it costs a sum
  /// over all workers, and everyone may ask.
  private mutating func publicReport() -> [UInt8] {
    if publicPool.bytes.isEmpty || now >= publicPool.time + 250_000_000 {
      publicPool = (now, report(testToken: "").json)
    }
    return publicPool.bytes
  }

  private mutating func publicHead() -> ControlAnswer {
    var answer = ControlAnswer(200, publicReport())
    answer.isHead = true
    return answer
  }

  /// The pool, with the test token for those who may have it.
  private func report(testToken: String) -> PoolReport {
    PoolReport(
      version: Release.version, pid: Int(getpid()), listener: browserText,
      docs: configuration.docs ? "http://\(browserText)/docs" : nil, testToken: testToken,
      uptimeSeconds: Double(now - startedAt) / 1e9, pools: pools())
  }

  // MARK: Orders

  /// Adds a replica to the running pool. It gets requests once its first probe has passed, and
  /// stays until lbd ends or reloads its conf.
  private mutating func add(_ request: ControlRequest) -> ControlAnswer {
    guard let (key, value) = OrderBody.parse(request.body), key == OrderBody.addressKey,
      let address = ReplicaAddress(value)
    else {
      return refusal(400, "add takes {\"address\": \"host:port\"}, [v6]:port or unix:/path")
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
    if case .host(_, let port) = address, find("\(port)") == nil { return "\(port)" }
    return address.description
  }

  /// Takes a replica out of the running pool; what is in flight to it ends by itself.
  private mutating func remove(_ request: ControlRequest) -> ControlAnswer {
    guard let (key, value) = OrderBody.parse(request.body), key == OrderBody.replicaKey else {
      return refusal(400, "remove takes {\"replica\": \"NAME\"}: a name, a port or an address")
    }
    guard let index = find(value) else { return noReplica(value) }
    let (name, address) = (replicas[index].name, replicas[index].configuration.address)
    dismiss(at: index)
    // The next reload brings back what the conf names, as it was ordered.
    let isOfConf = configuration.replicas.contains { $0.name == name }
    if !isOfConf { standing[name] = StandingOrder() }
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

  /// A replica by its name, its address or its port.
  func find(_ text: String) -> Int? {
    if let index = replicas.firstIndex(where: { $0.name == text }) { return index }
    return replicas.firstIndex { replica in
      if replica.configuration.address.description == text { return true }
      guard case .host(_, let port) = replica.configuration.address else { return false }
      return "\(port)" == text
    }
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
