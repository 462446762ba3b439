// The wait for an order to come true.

import ControlProtocol
import LinuxIO

/// Waits until replicas that are ready are up, or those that were ordered out have nothing in flight.
/// That has to be seen twice: what a worker had chosen the replica for when the order came may be on its
/// way.
struct OrderWait {
  let client: ControlClient
  let order: ReplicaOrder
  let deadline: Deadline

  /// What it came to, in words. Time that is up is a failure.
  func run(_ names: [String]) throws(Failure) -> String {
    var times: [String: Int] = [:]
    var last: [ReplicaReport] = []
    let wanted = order == .ready ? 1 : 2
    while let replicas = try look(at: names, hasLooked: !last.isEmpty) {
      last = replicas
      for replica in replicas {
        times[replica.name] = isTrue(replica) ? times[replica.name, default: 0] + 1 : 0
      }
      if times.values.allSatisfy({ $0 >= wanted }) { return outcome(names) }
      guard deadline.left > 0 else { break }
      Clock.sleep(milliseconds: min(50, deadline.left))
    }
    let late = last.filter { !isTrue($0) }
    guard late.isEmpty else {
      throw Failure(.timedOut, late.map(lateness).joined(separator: "; "))
    }
    return outcome(names)
  }

  private func isTrue(_ replica: ReplicaReport) -> Bool {
    order == .ready ? replica.state.isServing : replica.active == 0
  }

  private func outcome(_ names: [String]) -> String {
    let list = names.joined(separator: ", ")
    return switch (order, names.count) {
    case (.ready, 1): "\(list) is up"
    case (.ready, _): "\(list) are up"
    case (_, 1): "\(list) has nothing in flight"
    default: "\(list) have nothing in flight"
    }
  }

  private func lateness(_ replica: ReplicaReport) -> String {
    let state =
      order == .ready ? "is \(replica.state.rawValue)" : "has \(replica.active) in flight"
    return "\(replica.name) still \(state)"
  }

  /// The replicas as they are now; nil where time is up, unless nobody has looked yet.
  private func look(
    at names: [String], hasLooked: Bool
  ) throws(Failure) -> [ReplicaReport]? {
    do throws(Failure) {
      return try look(at: names)
    } catch {
      guard hasLooked && error.code == .timedOut else { throw error }
      return nil
    }
  }

  private func look(at names: [String]) throws(Failure) -> [ReplicaReport] {
    let answer: ControlClient.Answer<PoolReport> = try client.get(ControlPath.pool)
    let replicas = answer.report.pools.flatMap(\.replicas)
    for name in names where !replicas.contains(where: { $0.name == name }) {
      throw Failure(.noSuchReplica, "\(name) has left the pool")
    }
    return replicas.filter { names.contains($0.name) }
  }
}
