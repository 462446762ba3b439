// One run of compose: what was asked for, and what every verb works with. Each verb is a method in a
// file of its own.

import Configuration
import LinuxIO

/// What every verb works with.
struct Compose {
  let options: Options
  let run: RunDirectory
  let supervisor: Supervisor
  let environment: [String: String]

  /// The name of lbd's process; those of replicas come from `LocalReplica`.
  static let lbd = "lbd"

  init(_ options: Options, environment: [String: String]) throws(Failure) {
    self.options = options
    run = try RunDirectory(options.directory)
    // The conf's control socket is here, whatever lbd the environment was meant for.
    self.environment = environment.merging(["LBD_SOCKET": run.socketPath]) { $1 }
    supervisor = Supervisor(
      run: run, binaries: try Compose.ownDirectory(), environment: self.environment,
      grace: options.grace)
  }

  private static func ownDirectory() throws(Failure) -> String {
    do throws(SystemError) {
      let path = try ProcessTable.ownPath()
      return path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    } catch {
      throw Failure("compose: cannot tell where lbd is: \(error)")
    }
  }

  func run(_ verb: Verb) throws(Failure) {
    guard verb.isChange else { return try carryOut(verb) }
    let lock = try takeLock()
    try carryOut(verb)
    _ = consume lock
  }

  /// Two that change what runs would undo each other's work.
  private func takeLock() throws(Failure) -> FileLock {
    do throws(SystemError) {
      if let lock = try FileLock.take(run.lockPath, milliseconds: 60_000) { return lock }
    } catch {
      throw Failure("compose: cannot lock \(run.lockPath): \(error.reason)")
    }
    throw Failure(
      "compose: another make works in \(run.path) for 60 s already; try again when it has ended")
  }

  private func carryOut(_ verb: Verb) throws(Failure) {
    switch verb {
    case .up: try up()
    case .down: try down()
    case .restart: try restart()
    case .ps: try ps()
    case .logs(let follows): try logs(follows: follows)
    case .scale(let count): try scale(to: count)
    case .stopReplica(let port): try stopReplica(port)
    case .startReplica(let port): try startReplica(port)
    }
  }

  // MARK: What runs

  var isLbdRunning: Bool { supervisor.pid(of: Compose.lbd) != nil }

  /// The conf that the running lbd was given; nil when it does not run.
  func runningConf() throws(Failure) -> Conf? {
    isLbdRunning ? try run.notedConf() : nil
  }

  /// The conf that holds: the running lbd's, else the one that is asked for.
  func conf() throws(Failure) -> Conf {
    if let running = try runningConf() { return running }
    return try Conf.load(options.conf, environment)
  }

  /// The conf of an lbd that must run.
  func requireRunning() throws(Failure) -> Conf {
    guard let running = try runningConf() else {
      throw Failure("compose: lbd does not run: make up starts it")
    }
    return running
  }

  /// Whether the conf is for an app of somebody's own, which compose leaves alone, and not for the demo's
  /// replicas, which it runs: probes ask for something that no demo replica has, or somebody listens at
  /// each replica's port already. A running lbd stays what it was started for.
  func isForOwnApp(_ conf: Conf) -> Bool {
    if isLbdRunning { return run.isForOwnApp }
    let isOurs = conf.replicas.contains { supervisor.pid(of: $0.name(home: conf.home)) != nil }
    if isOurs { return false }
    return !conf.isLikeDemo || conf.replicas.allSatisfy { Ports.isAnswering($0.host, $0.port) }
  }

  /// For what starts demo replicas.
  func requireDemo(_ conf: Conf) throws(Failure) {
    guard isForOwnApp(conf) else { return }
    throw Failure(
      "compose: the replicas of \(conf.path) are an app of your own: start one yourself, then "
        + "lbctl add ADDRESS")
  }

  func pool(_ conf: Conf) -> RunningPool {
    RunningPool(supervisor: supervisor, socket: conf.configuration.control)
  }

  /// The replicas that were started here, whether they still run or not.
  func ownReplicas(_ conf: Conf) -> [LocalReplica] {
    run.names.compactMap { LocalReplica(name: $0, home: conf.home) }
  }
}
