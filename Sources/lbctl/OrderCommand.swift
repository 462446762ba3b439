// The verbs that order something of replicas, and the wait for an order to come true.

import CommandText
import ControlProtocol
import LinuxIO

extension Command {
  /// Gives an order, and tells what lbd did.
  func order(
    _ target: String, _ fields: KeyValuePairs<String, String>
  ) throws(Failure) -> ExitCode {
    let answer = try client.post(target, fields)
    if invocation.isJSON {
      try output.write(line: answer.json)
    } else {
      try output.write(lines: [Readable.clean(answer.report.detail)])
    }
    if let warning = answer.report.warning { Command.say("warning: \(Readable.clean(warning))") }
    return .done
  }

  func weight() throws(Failure) -> ExitCode {
    let weight = invocation.second ?? ""
    guard Int(weight) != nil else {
      throw .usage("a weight is a number, not \"\(Readable.clean(weight))\"")
    }
    return try order(
      ControlPath.weight,
      [OrderBody.replicaKey: invocation.operand ?? "", OrderBody.weightKey: weight])
  }

  /// Takes a replica out of the traffic or back, and waits for it where that was asked for.
  func order(_ order: ReplicaOrder) throws(Failure) -> ExitCode {
    let name = invocation.operand ?? ""
    let code =
      if let condition = invocation.condition {
        try self.order(
          ControlPath.order(order),
          [OrderBody.replicaKey: name, OrderBody.conditionKey: condition.rawValue])
      } else {
        try self.order(ControlPath.order(order), [OrderBody.replicaKey: name])
      }
    guard code == .done, let deadline = client.deadline else { return code }
    return try awaitOutcome(of: order, at: name, deadline)
  }

  /// Done once a replica that is ready is up, or one that was ordered out has nothing in flight. That
  /// has to be seen twice: what a worker had chosen the replica for when the order came may be on its
  /// way.
  private func awaitOutcome(
    of order: ReplicaOrder, at name: String, _ deadline: Deadline
  ) throws(Failure) -> ExitCode {
    var times = 0
    var last: ReplicaReport?
    while let replica = try look(at: name, hasLooked: last != nil) {
      // With a condition it may not have been ordered at all.
      if order == .ready && invocation.condition != nil && replica.order != .ready { return .done }
      last = replica
      let isSo = isTrue(order, replica)
      times = isSo ? times + 1 : 0
      if times == 2 || isSo && order == .ready { return .done }
      guard deadline.left > 0 else { break }
      Clock.sleep(milliseconds: min(50, deadline.left))
    }
    guard let last, !isTrue(order, last) else { return .done }
    let state = order == .ready ? "is \(last.state.rawValue)" : "has \(last.active) in flight"
    throw Failure(.timedOut, "\(Readable.clean(last.name)) still \(state)")
  }

  private func isTrue(_ order: ReplicaOrder, _ replica: ReplicaReport) -> Bool {
    order == .ready ? replica.state.isServing : replica.active == 0
  }

  /// One replica as it is now; nil where time is up, unless nobody has looked yet.
  private func look(at name: String, hasLooked: Bool) throws(Failure) -> ReplicaReport? {
    do throws(Failure) {
      return try look(at: name)
    } catch {
      guard hasLooked && error.code == .timedOut else { throw error }
      return nil
    }
  }

  /// One replica as it is now.
  private func look(at name: String) throws(Failure) -> ReplicaReport {
    let answer: ControlClient.Answer<PoolReport> = try client.get(ControlPath.pool)
    let replicas = answer.report.pools.flatMap(\.replicas)
    let found = replicas.first { $0.name == name } ?? replicas.first { $0.isCalled(name) }
    guard let found else {
      throw Failure(.noSuchReplica, "\(Readable.clean(name)) has left the pool")
    }
    return found
  }
}
