// `up`, `down` and `restart`.

import Configuration
import ControlProtocol
import Glibc
import LinuxIO

extension Compose {
  /// Leaves alone what runs already.
  func up() throws(Failure) {
    let conf = try Conf.load(options.conf, environment)
    let running = try runningConf()
    try requireSame(conf, running)
    if isForOwnApp(conf) { return try upAlone(conf, running) }
    let replicas = try replicasToStart(conf)
    for replica in replicas { try requireFree(replica.host, replica.port, in: conf) }
    if running == nil { try requireFree(conf.configuration.host, conf.mainPort, in: conf) }
    try start(replicas, conf)
    if let running { try reload(conf, from: running) } else { try startLbd(conf) }
    try awaitAll(conf)
    try rejoin(conf)
    try show(conf)
  }

  private func show(_ conf: Conf) throws(Failure) {
    let pool = pool(conf)
    try pool.show()
    if let docs = try pool.report()?.docs { try Output.write(docs) }
  }

  /// lbd alone, before an app that somebody else runs: how that is, is for the table to say.
  private func upAlone(_ conf: Conf, _ running: Conf?) throws(Failure) {
    if let running {
      try reload(conf, from: running)
    } else {
      try requireFree(conf.configuration.host, conf.mainPort, in: conf)
      try startLbd(conf)
      try run.noteOwnApp()
    }
    let pool = pool(conf)
    _ = try Deadline(seconds: options.wait).wait { () throws(Failure) in
      guard let pid = supervisor.pid(of: Compose.lbd) else { throw lbdEnded() }
      guard let report = try pool.report(), report.pid == Int(pid) else { return false }
      return !report.replicas.contains { $0.state == .starting }
    }
    try show(conf)
    let reason =
      conf.isLikeDemo
      ? "something listens at their ports already" : "its [health] path is not the demo's, /health"
    try Output.write("lbd alone: the replicas of \(conf.path) are an app of your own (\(reason))")
  }

  func down() throws(Failure) {
    // lbd first: it sends what is in flight to replicas that still run.
    if isLbdRunning { try supervisor.end([Compose.lbd]) }
    try supervisor.end(run.names)
    run.forgetConf()
  }

  /// A conf that is refused stops nothing.
  func restart() throws(Failure) {
    _ = try Conf.load(options.conf, environment)
    try down()
    try up()
  }

  // MARK: What keeps it from starting

  private func requireSame(_ conf: Conf, _ running: Conf?) throws(Failure) {
    guard let running else { return }
    guard running.path == conf.path else {
      throw Failure(
        "compose: lbd runs with \(running.path): make down first, then make up CONF=\(conf.path)")
    }
    guard conf.isReloadable(from: running) else {
      throw Failure(
        "compose: \(conf.path) changes host, main_port, workers, control or [limits], which a "
          + "running lbd does not take over: make restart")
    }
  }

  /// Before anything is started: half of it running would help nobody.
  private func requireFree(
    _ host: String, _ port: UInt16, in conf: Conf
  ) throws(Failure) {
    guard let obstacle = Ports.obstacle(host, port) else { return }
    let address = ReplicaAddress.host(host, port: port).description
    guard obstacle.code == EADDRINUSE else {
      throw Failure(
        "compose: cannot listen on \(address): \(obstacle.reason); change it in \(conf.path)")
    }
    throw Failure(
      "compose: \(address) is in use by \(Ports.holder(of: port)): stop that, or change the port in "
        + conf.path)
  }

  // MARK: Steps

  /// Those of the conf that do not run, and those that scale had added to the running pool and that
  /// ended since.
  private func replicasToStart(_ conf: Conf) throws(Failure) -> [LocalReplica] {
    var wanted = conf.replicas
    if isLbdRunning, let report = try pool(conf).report() {
      let members = Set(report.localReplicas(home: conf.home))
      wanted += ownReplicas(conf).filter { members.contains($0) && !wanted.contains($0) }
    }
    return wanted.filter { supervisor.pid(of: $0.name(home: conf.home)) == nil }
  }

  private func startLbd(_ conf: Conf) throws(Failure) {
    try supervisor.launch(Compose.lbd, try supervisor.program("lbd", ["-c", conf.path]))
    try run.note(conf)
  }

  /// An edited conf takes force without a connection lost.
  private func reload(_ conf: Conf, from running: Conf) throws(Failure) {
    guard conf.effective != running.effective else { return }
    try pool(conf).reload()
    try run.note(conf)
  }

  /// Until this very lbd says that all of its replicas are up.
  private func awaitAll(_ conf: Conf) throws(Failure) {
    let pool = pool(conf)
    var detail = "lbd does not answer at \(conf.configuration.control)"
    let isUp = try Deadline(seconds: options.wait).wait { () throws(Failure) in
      guard let pid = supervisor.pid(of: Compose.lbd) else { throw lbdEnded() }
      guard let report = try pool.report(), report.pid == Int(pid) else { return false }
      let health = HealthReport(report.pools)
      detail = health.detail
      return health.verdict == .allUp
    }
    guard isUp else {
      throw Failure(
        "\(run.logEnd(Compose.lbd))compose: not all are up after \(options.wait) s: \(detail); "
          + "see make ps and make logs")
    }
  }

  private func lbdEnded() -> Failure {
    let log = run.logEnd(Compose.lbd)
    run.forget(Compose.lbd)
    run.forgetConf()
    return Failure("\(log)compose: lbd ended; its log says why")
  }

  /// Gives back to the pool what scale had taken out of it.
  private func rejoin(_ conf: Conf) throws(Failure) {
    guard let report = try pool(conf).report() else { return }
    for replica in conf.replicas where report.replica(at: replica.address) == nil {
      try join(replica, conf)
    }
  }
}
