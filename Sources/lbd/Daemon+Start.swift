// How lbd starts: what the kernel must give is asked for first, each refusal ends in one line that
// says what to do, and the workers come last.

import Balancing
import Configuration
import ControlProtocol
import ControlServer
import Discovery
import Glibc
import HTTPWire
import Ledger
import LinuxIO
import Plan
import Probing
import Proxy
import Roster
import Telemetry

/// The sockets that a start has opened so far.
struct StartSockets: ~Copyable {
  var control: ControlServer
  var metrics = ControlServer(.metrics, nil, now: Clock.now())
  /// Nil where another lbd has it still.
  var listener: MainListener?
  /// What takes its place there.
  var next: NextListener?

  /// - Parameter listener: nil where another lbd has the path still.
  init(control listener: consuming ControlListener?) {
    control = ControlServer(.control, listener, now: Clock.now())
  }

  /// The start fails: paths of its own go with it.
  mutating func remove() {
    control.remove()
    metrics.remove()
  }
}

extension Daemon {
  /// The signals that it reads. None of them has any other effect from the first moment on.
  static let signals = [SIGHUP, SIGINT, SIGTERM, SIGUSR1]

  /// What the kernel must give before anything else can start.
  struct Parts: ~Copyable {
    let limits: ConnectionLimits
    let signals: Signals
    let poller: Poller
    let reports: Mailbox<WorkerReport>
    let resolver: Resolver
    let files: FileWork
    let access: AccessLog
    let orders: [Mailbox<Order>]

    static func open(_ limits: ConnectionLimits) throws(StartFailure) -> Parts {
      let workers = limits.workers
      do {
        let signals = try Signals(Daemon.signals)
        let poller = try Poller()
        var orders: [Mailbox<Order>] = []
        for _ in 0..<workers { orders.append(try Mailbox(limit: 4096)) }
        let reports = try Mailbox<WorkerReport>(limit: 4096)
        return Parts(
          limits: limits, signals: signals, poller: poller, reports: reports,
          resolver: try Resolver(), files: try FileWork(),
          access: try AccessLog(workers: workers, reports: reports), orders: orders)
      } catch {
        throw StartFailure("cannot start: \(error)")
      }
    }
  }

  init(
    _ configuration: Configuration, _ effective: String, path: String,
    environment: [String: String], parts: consuming Parts, sockets: consuming StartSockets,
    manager: ServiceManager
  ) {
    self.path = path
    self.environment = environment
    self.configuration = configuration
    self.effective = effective
    policy = HealthPolicy(configuration.health)
    log = Log(configuration.log, journal: Journal(environment: environment))
    stateFile = StateFile(environment: environment, control: configuration.control)
    self.manager = manager
    watchdog = Watchdog(environment: environment, process: getpid(), now: startedAt)
    limits = parts.limits
    let workers = limits.workers
    reports = parts.reports
    resolver = parts.resolver
    files = parts.files
    orders = parts.orders
    pool = SharedPool(workers: parts.orders)
    access = parts.access
    signals = parts.signals
    poller = parts.poller
    tallies = (0..<workers).map { _ in Tally() }
    meters = ReplicaMeters(tallies)
    workerCounts = WorkerCounts(workers: workers)
    addresses = AddressCounts()
    var random = SystemRandomNumberGenerator()
    testToken = String(random.next() | 1 << 63, radix: 16)
    mark = random.next()
    listenerAddress = sockets.listener?.address
    listenerOrigin = sockets.listener?.origin ?? .conf
    listener = sockets.listener.take()?.take()
    control = sockets.control
    metrics = sockets.metrics
    probes = ReplicaProbes(
      HealthProber(
        ProbeSettings(configuration), slots: Numbering.slots, mark: mark, now: Clock.now()),
      ProbeSchedule(origin: startedAt, seed: random.next()))
    running = workers
  }

  mutating func start() throws(StartFailure) {
    loadState()
    watchSources()
    for replica in configuration.replicas { _ = admit(replica) }
    // Where there is nothing to ask (check = off), replicas are usable before the first request.
    repeat { startDueProbes() } while configuration.health.check == .off && isProbeDue
    try startWorkers()
    logStart()
  }

  private mutating func logStart() {
    let origin =
      switch listenerOrigin {
      case .conf: ""
      case .kept: ", the socket it had before"
      case .passed(let name): ", a socket from \(name): host and main_port do not count"
      }
    log.write(
      .info, "lbd \(Release.version) listens on http://\(listenerText)\(origin)",
      [
        "event": "start", "listener": listenerText, "workers": "\(running)",
        "control": Files.absolute(configuration.control),
      ])
    logLimits()
    history.add(.start, cause: "lbd \(Release.version) listens on http://\(listenerText)")
    warnOfStrangers()
  }

  /// Whoever may write where the control socket lies can have lbctl ask a socket of their own.
  private mutating func warnOfStrangers() {
    guard let strangers = Files.strangers(at: configuration.control) else { return }
    log.write(
      .warning,
      "\(strangers), so that others than lbd can take the control socket's place; set another control"
        + " in [lbd], or chmod the directory",
      ["event": "control-exposed", "path": configuration.control])
  }

  private mutating func watchSources() {
    control.listen(poller)
    metrics.listen(poller)
    do {
      try poller.add(signals.descriptor, .readable, token: Source.signals)
      try poller.add(reports.wakeUp.descriptor, .readable, token: Source.reports)
      try poller.add(files.answers.wakeUp.descriptor, .readable, token: Source.files)
      try poller.add(resolver.answers.wakeUp.descriptor, .readable, token: Source.resolutions)
    } catch {
      fatalError("the control thread cannot watch its own descriptors: \(error)")
    }
  }

  /// The control socket; none yet where another lbd has it.
  static func controlListener(
    _ configuration: Configuration, _ takesOver: Bool
  ) throws(StartFailure) -> ControlListener? {
    takesOver ? nil : try ControlListener.make(at: configuration.control, .control)
  }

  private func startWorkers() throws(StartFailure) {
    let (limits, snapshot) = (limits.perWorker, makeSnapshot())
    for index in 0..<running {
      let links = WorkerLinks(
        index: index, pool: pool, tally: tallies[index], counts: workerCounts, addresses: addresses,
        workers: orders, reports: reports, access: access.rings[index])
      do {
        let number = try listenerDuplicate()
        try Thread.start("lbd-worker-\(index)") {
          Daemon.work(links, limits, number.map { Descriptor(owning: $0) }, snapshot)
        }.detach()
      } catch {
        throw StartFailure("cannot start worker \(index): \(error)")
      }
    }
  }

  private func listenerDuplicate() throws(SystemError) -> Int32? {
    switch listener {
    case .some(let listener): try listener.duplicate().release()
    case .none: nil
    }
  }

  /// A worker's thread.
  private static func work(
    _ links: WorkerLinks, _ limits: WorkerLimits, _ listener: consuming Descriptor?,
    _ snapshot: Snapshot
  ) {
    do {
      var worker = try Worker(
        links: links, limits: limits, listener: listener, snapshot: snapshot)
      worker.run()
    } catch {
      fatalError("worker \(links.index) cannot start: \(error)")
    }
  }

  /// When clients are let in, whatever the probes have come to.
  var latestReady: UInt64 { startedAt + 2_000_000_000 }
}
