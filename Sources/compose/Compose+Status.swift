// `ps` and `logs`: what runs, and what it says.

import CommandText
import Configuration
import ControlProtocol
import LinuxIO

extension Compose {
  func ps() throws(Failure) {
    let conf = try conf()
    let report = isLbdRunning ? try pool(conf).report() : nil
    var table = Table([
      .left("NAME"), .right("PID"), .left("STATE"), .left("POOL"), .right("PORT"),
      .right("UPTIME"),
    ])
    table.rows.append(row(Compose.lbd, conf.mainPort, pool: "-"))
    let members = report?.localReplicas(home: conf.home) ?? []
    let absent = isLbdRunning && run.isForOwnApp ? "own" : "stopped"
    for replica in Set(conf.replicas + members + ownReplicas(conf)).sorted() {
      let state = report?.replica(at: replica.address)?.state.rawValue ?? "-"
      table.rows.append(
        row(replica.name(home: conf.home), replica.port, pool: state, absent: absent))
    }
    try Output.write(table.lines().joined(separator: "\n"))
  }

  /// - Parameter absent: the state of what was not started here, or was stopped.
  private func row(
    _ name: String, _ port: UInt16, pool: String, absent: String = "stopped"
  ) -> [Table.Cell] {
    guard let record = run.record(name), record.isAlive else {
      // A pid file whose process is gone: nobody had stopped it.
      let state = run.names.contains(name) ? "exited" : absent
      return [Table.Cell(name), "-", Table.Cell(state), Table.Cell(pool), "\(port)", "-"]
    }
    let uptime = Readable.duration(seconds: ProcessTable.age(ofStart: record.start))
    return [
      Table.Cell(name), "\(record.pid)", "running", Table.Cell(pool), "\(port)",
      Table.Cell(uptime),
    ]
  }

  /// By tail(1), which follows logs through rotation. Logs of replicas that scale had started and
  /// stopped again stay where they are and are not shown.
  func logs(follows: Bool) throws(Failure) {
    // Without a conf that can be read, what was started is known all the same.
    let named = (try? conf()).map { conf in conf.replicas.map { $0.name(home: conf.home) } } ?? []
    let known = run.names + [Compose.lbd] + named
    let paths = run.logPaths(of: Set(known))
    guard !paths.isEmpty else {
      throw Failure("compose: no logs in \(run.path): make up starts lbd")
    }
    let tail = Program(
      ["tail", "-n", "20"] + (follows ? ["-F"] : []) + ["--"] + paths, environment: environment)
    throw Failure("compose: cannot run tail: \(tail.replaceThisProcess().reason)")
  }
}
