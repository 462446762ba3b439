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
    guard code == .done, let wait = invocation.wait else { return code }
    return try awaitOutcome(of: order, at: name, Deadline(milliseconds: wait))
  }

  /// Done once a replica that is ready is up, or one that was ordered out has nothing in flight. That
  /// has to be seen twice: what a worker had chosen the replica for when the order came may be on its
  /// way.
  private func awaitOutcome(
    of order: ReplicaOrder, at name: String, _ deadline: Deadline
  ) throws(Failure) -> ExitCode {
    var times = 0
    while true {
      let replica = try look(at: name)
      // With a condition it may not have been ordered at all.
      if order == .ready && invocation.condition != nil && replica.order != .ready { return .done }
      let isSo = order == .ready ? replica.state.isServing : replica.active == 0
      times = isSo ? times + 1 : 0
      if times == 2 || isSo && order == .ready { return .done }
      guard deadline.left > 0 else {
        if isSo { return .done }
        let state =
          order == .ready ? "is \(replica.state.rawValue)" : "has \(replica.active) in flight"
        throw Failure(.timedOut, "\(Readable.clean(replica.name)) still \(state)")
      }
      Clock.sleep(milliseconds: min(50, deadline.left))
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
