// lbd from start to end, on the control thread: it opens what is needed, starts the workers, then
// waits for whatever comes (signals, reports, probes, orders, look-ups) and acts on it. Workers
// serve requests without it; nothing here is on a request's path.

import Balancing
import Configuration
import ControlProtocol
import ControlServer
import Discovery
import Glibc
import Ledger
import LinuxIO
import Plan
import Probing
import Roster
import Telemetry

/// The running daemon. The control thread owns it.
struct Daemon: ~Copyable {
  /// Where the loop's events come from; records of probes and connections have tokens of slabs.
  enum Source {
    static var signals: UInt64 { 0 }
    static var reports: UInt64 { 1 }
    static var control: UInt64 { ControlEndpoint.control.listenerToken }
    static var metrics: UInt64 { ControlEndpoint.metrics.listenerToken }
    static var resolutions: UInt64 { 3 }
    static var files: UInt64 { 5 }
    /// The lbd that this one follows.
    static var former: UInt64 { 6 }
  }

  enum Phase { case serving, draining, ended }

  let path: String
  let environment: [String: String]
  var configuration: Configuration
  /// The same as `lbd -T` prints it.
  var effective: String
  /// What its `[health]` says.
  var policy: HealthPolicy
  var log: Log
  /// None once another process is the main one, or as long as this one is not.
  var manager: ServiceManager
  var watchdog: Watchdog
  let startedAt = Clock.now()
  let signals: Signals
  let poller: Poller
  let pool: SharedPool
  /// The connections that there are descriptors for beside the pool as it is.
  var limits: ConnectionLimits
  var limitWatch = LimitWatch()
  let tallies: [Tally]
  let workerCounts: WorkerCounts
  let addresses: AddressCounts
  let orders: [Mailbox<Order>]
  let reports: Mailbox<WorkerReport>
  let resolver: Resolver
  let files: FileWork
  var reloads = ReloadQueue()
  /// The access log is being opened anew; and was to be once more since.
  var (isReopening, isReopenDue) = (false, false)
  /// Answers to connections whose requests took a while.
  var lateAnswers: [(connection: UInt64, answer: ControlAnswer)] = []
  var access: AccessLog
  let testToken: String
  /// By which this process knows its own requests; no other lbd has it.
  let mark: UInt64
  var listener: Descriptor?
  var listenerAddress: SocketAddress?
  var listenerOrigin: MainListener.Origin
  /// The lbd that is to be followed, and the listener for when it is; nil for who follows none.
  var takeover: Takeover?
  var nextListener: NextListener?
  /// What is known of another lbd that takes this one's place, and of this one's own takeover.
  var succession = Succession()
  var upgrade: Upgrade?
  var exitStatus: Int32 = 0
  var control: ControlServer
  var metrics: ControlServer
  var figures = DaemonFigures()
  /// What is counted and measured of each replica.
  var meters: ReplicaMeters
  var history = EventHistory()
  var probes: ReplicaProbes
  /// The control socket's slot is before all of theirs.
  var replicas = ReplicaTable(slots: Numbering.controlSlot + 1..<Numbering.slots)
  /// Some of them may be slow.
  var mayBeSlow = false
  var doubtsSaid = 0
  /// What operators ordered of replicas.
  var adminStates = AdminStates()
  let stateFile: StateFile
  /// What the state's file holds of them.
  var keptAdminStates: AdminStates? = AdminStates()
  var now = Clock.now()
  var phase = Phase.serving
  var isReady = false
  /// HUP came before that.
  var isReloadDue = false
  /// The service manager has not been told yet how many replicas are up.
  var isStatusNew = false
  var toldStatus = ""
  var running: Int
  var stop = Stop()
  /// The second that the pool's budget of retries is at.
  var second = Int(Clock.now() / 1_000_000_000)
  var answerLines = LineBudget()
  /// When names are looked up again; never where there is none.
  var nextLookup: UInt64 = .max
  /// What `/docs/pool` was last answered, and when: to everyone, and to those who may see all.
  var publicPools: [(time: UInt64, bytes: [UInt8])] = [(0, []), (0, [])]

  /// Runs lbd and gives its exit status.
  static func run(
    _ configuration: Configuration, _ effective: String, path: String,
    environment: [String: String], takesOver: Bool
  ) -> Int32 {
    let report = takesOver ? NextReport(environment) : nil
    let origin = report.map { MainListener.Origin(word: $0.word) } ?? .conf
    do throws(StartFailure) {
      var daemon = try open(
        configuration, effective, path: path, environment: environment,
        origin: takesOver ? origin : nil)
      try daemon.start()
      daemon.serve()
      daemon.finish()
      return daemon.exitStatus
    } catch {
      Console.error("lbd: \(error.line)")
      report?.tell(error.line)
      // With a socket that was passed, the conf's own place does not count.
      let isOwn = !takesOver && environment["LISTEN_FDS"] == nil
      if isOwn { tellFurther(configuration, besides: error.line) }
      return error.status
    }
  }

  /// Opens all that the conf names.
  /// - Parameter origin: where the listener of the lbd that this one takes over from came from; nil where
  ///   it takes over from none.
  private static func open(
    _ configuration: Configuration, _ effective: String, path: String,
    environment: [String: String], origin: MainListener.Origin?
  ) throws(StartFailure) -> Daemon {
    let workers = configuration.workers ?? Thread.usableProcessors()
    let limits = try ConnectionLimits(
      configuration, replicas: configuration.replicas.count, workers: workers)
    var takeover = origin == nil ? nil : try Takeover.begin(at: configuration.control)
    // From here on signals are read, since what is opened now has to be put in order at the end.
    let parts = try Parts.open(limits)
    let accessFile = try AccessLog.open(configuration.log.access)
    // In this order, so that lbctl works as soon as clients can connect.
    var sockets = StartSockets(control: try controlListener(configuration, origin != nil))
    // Before it has taken over, another process is the main one.
    let manager = ServiceManager(environment: origin == nil ? environment : [:])
    do throws(StartFailure) {
      if let origin {
        sockets.next = try takeover?.nextListener(configuration, workers: workers, origin)
      } else {
        sockets.metrics = try metricsServer(configuration)
        sockets.listener = try MainListener.open(configuration, environment, manager)
      }
    } catch {
      sockets.remove()
      throw error
    }
    let next = sockets.next.take()
    var daemon = Daemon(
      configuration, effective, path: path, environment: environment, parts: parts,
      sockets: sockets, manager: manager)
    // What was passed may listen where the conf does not say.
    if let failure = loop(configuration.replicas, daemon.ownListeners) {
      daemon.control.remove()
      daemon.metrics.remove()
      throw failure
    }
    if let origin { daemon.listenerOrigin = origin }
    daemon.takeover = takeover.take()
    daemon.nextListener = next
    try daemon.access.prepare(for: configuration.log.access)
    daemon.access.use(accessFile, configuration.log.access)
    return daemon
  }

  // MARK: The loop

  private mutating func serve() {
    while phase != .ended {
      let count = awaitEvents()
      for index in 0..<count { handle(poller.event(index)) }
      answerControl()
      answerMetrics()
      watchSuccessor()
      watchUpgrade()
      while let result = probes.prober.nextExpired(poller, now: now) { probed(result) }
      control.expire(poller, now: now)
      metrics.expire(poller, now: now)
      startDueProbes()
      rollMeters()
      watchLimit()
      rollSecond()
      lookUpNames()
      expireReload()
      answerLate()
      history.settle(now: now)
      announce()
      lookAround()
      if let deadline = stop.deadline, now >= deadline { goOnStopping() }
    }
  }

  private mutating func handle(_ event: Event) {
    switch event.token {
    case Source.signals: while let signal = signals.next() { received(signal) }
    case Source.reports: takeReports()
    case Source.control: control.accept(poller, now: now)
    case Source.metrics: metrics.accept(poller, now: now)
    case Source.resolutions: takeResolutions()
    case Source.files: takeFileAnswers()
    case Source.former: settleTakeover()
    case let token where token & ControlEndpoint.control.tokenBit != 0:
      control.receive(event, now: now)
    case let token where token & ControlEndpoint.metrics.tokenBit != 0:
      metrics.receive(event, now: now)
    default: if let result = probes.prober.handle(event, poller) { probed(result) }
    }
  }

  /// Looks once a second for the control socket, and begins each second of the retries' budget, also those
  /// that passed in one sleep.
  private mutating func rollSecond() {
    let current = Int(now / 1_000_000_000)
    if second < current { keepControlSocket() }
    while second < current {
      second += 1
      pool.beginSecond(second, of: Numbering.mainPool)
    }
  }

  /// Moves the meters on, and once all were says what nobody was told line by line.
  private mutating func rollMeters() {
    guard now >= meters.nextRoll,
      meters.roll(replicas.indices.map { replicas[$0].slot }, now: now)
    else { return }
    reportSkippedLines()
    reportDroppedLines()
    isStatusNew = true
  }

  /// Lets clients in and tells the service manager once every replica was asked, or after 2 s; then
  /// what changes. Before that, who asks would be told of no replica, as after each restart.
  private mutating func announce() {
    if isReady {
      if isStatusNew { tellStatus() }
    } else {
      let isAsked = replicas.allSatisfy { $0.probes > 0 || !$0.isProbed }
      guard isAsked || now >= latestReady else { return }
      isReady = true
      takeOver()
      for mailbox in orders { mailbox.post(.welcome) }
      Mapping.forgetCode()
      tellStatus("READY=1\n")
      if isReloadDue { reload(.hangUp) }
    }
    isStatusNew = false
  }
}
