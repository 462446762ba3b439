// The verbs that order something of replicas.

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
      try output.write(json: answer.json)
    } else {
      try tell(answer.report)
    }
    return .done
  }

  /// What lbd did, and what of that may be unwanted.
  private func tell(_ report: DetailReport, more: String = "") throws(Failure) {
    try output.write(lines: [report.detail + more])
    if let warning = report.warning { Messages.say("warning: \(warning)") }
  }

  func weight() throws(Failure) -> ExitCode {
    let weight = invocation.second ?? ""
    return try order(
      ControlPath.weight,
      [OrderBody.replicaKey: invocation.operand ?? "", OrderBody.weightKey: weight])
  }

  /// Takes replicas out of the traffic or back, and waits for that where it was asked for. Each is found
  /// before the first order is given: a slip changes nothing.
  func give(_ order: ReplicaOrder) throws(Failure) -> ExitCode {
    let names = try namedReplicas()
    var orders: [OrderOutcome] = []
    for name in names { orders.append(OrderOutcome(replica: name, try post(order, name))) }
    let awaited = client.deadline == nil ? [] : try takers(of: order, among: names)
    let waits = awaited.isEmpty ? nil : invocation.wait
    if !invocation.isJSON {
      let more = waits.map { "; waiting up to \(Readable.exact(milliseconds: $0))" } ?? ""
      for (index, outcome) in orders.enumerated() {
        try tell(outcome.report, more: index == orders.count - 1 ? more : "")
      }
    }
    var sum = OrderSum(orders: orders)
    if waits != nil, let deadline = client.deadline {
      sum.outcome = try OrderWait(client: client, order: order, deadline: deadline).run(awaited)
    }
    if invocation.isJSON {
      try output.write(json: sum.json)
    } else if let outcome = sum.outcome {
      try output.write(lines: [outcome])
    }
    return .done
  }

  private func post(_ order: ReplicaOrder, _ name: String) throws(Failure) -> DetailReport {
    let target = ControlPath.order(order)
    guard let condition = invocation.condition else {
      return try client.post(target, [OrderBody.replicaKey: name]).report
    }
    return try client.post(
      target, [OrderBody.replicaKey: name, OrderBody.conditionKey: condition.rawValue]
    ).report
  }

  /// The names of all that the command line names, each once. Whatever is wrong with them is said at
  /// once.
  private func namedReplicas() throws(Failure) -> [String] {
    let answer: ControlClient.Answer<PoolReport> = try client.get(ControlPath.pool)
    let replicas = answer.report.pools.flatMap(\.replicas).map { ($0.name, $0.address) }
    var names: [String] = []
    var refusals: [String] = []
    for text in [invocation.operand ?? ""] + invocation.others {
      let found = ReplicaNaming.find(text, among: replicas)
      guard found.count == 1 else {
        refusals.append(ReplicaNaming.refusal(text, found: found, among: replicas))
        continue
      }
      let name = replicas[found[0]].0
      if !names.contains(name) { names.append(name) }
    }
    guard refusals.isEmpty else {
      throw Failure(.noSuchReplica, refusals.joined(separator: "; "))
    }
    return names
  }

  /// Those that took the order: with a condition it may not have been given.
  private func takers(
    of order: ReplicaOrder, among names: [String]
  ) throws(Failure) -> [String] {
    guard invocation.condition != nil else { return names }
    let answer: ControlClient.Answer<PoolReport> = try client.get(ControlPath.pool)
    let replicas = answer.report.pools.flatMap(\.replicas)
    return replicas.filter { $0.order == order && names.contains($0.name) }.map(\.name)
  }
}

/// What an order to one replica came to at once.
private struct OrderOutcome: JSONWritable {
  let replica: String
  let report: DetailReport

  init(replica: String, _ report: DetailReport) {
    self.replica = replica
    self.report = report
  }

  func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("replica", replica)
      $0.field("detail", report.detail)
      if let warning = report.warning { $0.field("warning", warning) }
    }
  }
}

/// What orders came to, as one object of JSON.
private struct OrderSum: JSONWritable {
  let orders: [OrderOutcome]
  /// What was waited for has come true, in words; nil where nothing was.
  var outcome: String?

  func write(to writer: inout JSONWriter) {
    let details = orders.map(\.report.detail).joined(separator: "; ")
    let warnings = orders.compactMap(\.report.warning)
    writer.object {
      $0.field("schema", 1)
      $0.field("detail", outcome ?? details)
      if !warnings.isEmpty { $0.field("warning", warnings.joined(separator: "; ")) }
      if outcome != nil { $0.field("outcome", ExitCode.done.word) }
      $0.field("orders", orders)
    }
  }
}
