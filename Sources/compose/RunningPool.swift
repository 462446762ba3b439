// What the running lbd says and is told, by way of lbctl: compose speaks no protocol of its own.

import Configuration
import ControlProtocol
import FoundationEssentials
import LinuxIO

/// The pool behind one control socket.
struct RunningPool {
  let supervisor: Supervisor
  let socket: String

  private func lbctl(_ arguments: [String]) throws(Failure) -> Program {
    try supervisor.program("lbctl", ["--socket", socket] + arguments)
  }

  /// What lbd says of itself; nil when none answers.
  func report() throws(Failure) -> PoolReport? {
    let lbctl = try lbctl(["pool", "--json"])
    do throws(SystemError) {
      let outcome = try lbctl.run()
      guard outcome.status == 0 else { return nil }
      return try? JSONDecoder().decode(PoolReport.self, from: Data(outcome.output))
    } catch {
      throw Failure("compose: cannot ask lbd: \(error)")
    }
  }

  func add(_ replica: LocalReplica) throws(Failure) {
    try order("add", replica)
  }

  func remove(_ replica: LocalReplica) throws(Failure) {
    try order("remove", replica)
  }

  private func order(_ verb: String, _ replica: LocalReplica) throws(Failure) {
    try order([verb, replica.address.description])
  }

  /// Has lbd take up its conf.
  func reload() throws(Failure) {
    try order(["reload"])
  }

  /// Prints what lbd did.
  private func order(_ arguments: [String]) throws(Failure) {
    let lbctl = try lbctl(arguments)
    let outcome: Program.Outcome
    do throws(SystemError) {
      outcome = try lbctl.run()
    } catch {
      throw Failure("compose: cannot order lbd to \(arguments.joined(separator: " ")): \(error)")
    }
    // Lines of lbctl's own.
    let text = String(decoding: outcome.output, as: UTF8.self)
    guard outcome.status == 0 else { throw Failure(String(text.dropLast())) }
    try Output.write(text)
  }

  /// Prints the table that `lbctl pool` prints.
  func show() throws(Failure) {
    let lbctl = try lbctl(["pool"])
    do throws(SystemError) {
      _ = try lbctl.runAttached()
    } catch {
      throw Failure("compose: cannot show the pool: \(error)")
    }
  }
}

extension PoolReport {
  var replicas: [ReplicaReport] { pools.flatMap(\.replicas) }

  /// The replica at this address; nil when the pool has none.
  func replica(at address: ReplicaAddress) -> ReplicaReport? {
    replicas.first { ReplicaAddress($0.address) == address }
  }

  /// Those of its replicas that are processes here, in the pool's order.
  func localReplicas(home: String) -> [LocalReplica] {
    replicas.compactMap { ReplicaAddress($0.address) }.compactMap {
      LocalReplica($0, home: home)
    }
  }
}
