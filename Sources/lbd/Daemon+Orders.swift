// The orders that last: an operator takes a replica out of the traffic, or back, or changes its share.
// They change neither the conf nor what is observed, and stay in force until the next one.

import Balancing
import Configuration
import ControlProtocol
import ControlServer
import Ledger
import LinuxIO
import Plan
import Probing
import Roster
import Telemetry

extension Daemon {
  /// Takes a replica out of the traffic or back.
  mutating func order(_ order: ReplicaOrder, _ request: ControlRequest) -> ControlAnswer {
    guard let (value, condition) = Daemon.parseOrder(request.body) else {
      return refusal(
        400,
        "\(order.rawValue) takes {\"replica\": \"NAME\"}: a name, a port or an address; and "
          + "\"if\": the order that must be in force, or nothing")
    }
    guard let index = find(value) else { return noReplica(value) }
    let present = replicas[index].adminState.order
    guard condition == nil || condition == present else {
      return ControlAnswer(
        200,
        DetailReport("\(replicas[index].name) stays as it is: it is ordered \(present.rawValue)"))
    }
    take(order, at: index)
    logOrder(order.rawValue, at: index, request.user)
    return ControlAnswer(
      200, DetailReport(outcome(at: index), warning: keepState() ?? emptyPoolWarning))
  }

  private static func parseOrder(_ body: [UInt8]) -> (replica: String, ReplicaOrder?)? {
    if let replica = OrderBody.parse(body, [OrderBody.replicaKey])?.first { return (replica, nil) }
    guard let values = OrderBody.parse(body, [OrderBody.replicaKey, OrderBody.conditionKey]),
      let condition = ReplicaOrder(rawValue: values[1])
    else { return nil }
    return (values[0], condition)
  }

  mutating func take(_ order: ReplicaOrder, at index: Int) {
    let before = replicas[index].adminState.order
    guard order != before else { return }
    replicas[index].adminState.order = order
    replicas[index].orderedAt = now
    adminStates[replicas[index].name] = replicas[index].adminState
    let slot = replicas[index].slot
    if order == .maint {
      probes.stop(slot)
    } else if before == .maint {
      // Nobody has looked at it since: what was seen before counts no more.
      replicas[index].health = Health(now: now)
      if replicas[index].isProbed { probes.schedule.set(slot, at: now) }
    }
    pool.setUsable(slot, in: Numbering.mainPool, replicas[index].isUsable)
    if order != .ready { for mailbox in orders { mailbox.post(.closeConnections(slot)) } }
    isStatusNew = true
  }

  /// What an order came to, in a line.
  private func outcome(at index: Int) -> String {
    let replica = replicas[index]
    let active = tallies.active(replica.slot)
    return switch replica.adminState.order {
    case .ready where replica.isUsable: "\(replica.name) is ready and gets requests"
    case .ready:
      "\(replica.name) is ready and gets requests once it is up; it is \(replica.observed.rawValue)"
    case .drain: "\(replica.name) is draining: it gets no new requests, \(active) in flight"
    case .maint:
      "\(replica.name) is in maintenance: it gets no new requests and no probes, \(active) in flight"
    }
  }

  /// Said when an order has left nobody to serve.
  private var emptyPoolWarning: String? {
    guard !replicas.contains(where: \.isUsable),
      replicas.contains(where: { $0.adminState.order != .ready && $0.health.isUsable })
    else { return nil }
    return "no replica is left to serve: requests are answered 503 until one is ready"
  }

  private mutating func logOrder(_ order: String, at index: Int, _ user: UInt32?) {
    let (name, address) = (replicas[index].name, replicas[index].configuration.address)
    let caller = user.map { "\($0)" } ?? "-"
    log.write(
      .info, "replica \(name) (\(address)): \(order) was ordered by user \(caller)",
      [
        "event": "order", "order": order, "replica": name, "address": address.description,
        "uid": caller,
      ])
    history.add(
      .order, replica: name, state: replicas[index].state, cause: order, uid: user)
  }

  // MARK: Weights

  /// Changes a replica's share, in the place of what the conf says.
  mutating func setWeight(_ request: ControlRequest) -> ControlAnswer {
    let weights = ReplicaConfiguration.weights
    let keys = [OrderBody.replicaKey, OrderBody.weightKey]
    guard let values = OrderBody.parse(request.body, keys) else {
      return refusal(400, "weight takes {\"replica\": \"NAME\", \"weight\": \"N\"}")
    }
    guard let index = find(values[0]) else { return noReplica(values[0]) }
    guard let weight = Int(values[1]), weights.contains(weight) else {
      return refusal(
        400,
        "a weight is a number from \(weights.lowerBound) to \(weights.upperBound), not "
          + "\"\(values[1])\"; to send a replica nothing, drain it")
    }
    let replica = replicas[index].configuration
    replicas[index].adminState.weight = weight == replica.weight ? nil : weight
    adminStates[replica.name] = replicas[index].adminState
    publish()
    logOrder("weight \(weight)", at: index, request.user)
    let beside = weight == replica.weight ? "as in the conf" : "the conf says \(replica.weight)"
    let detail = "\(replica.name) has the weight \(weight) (\(beside))"
    return ControlAnswer(200, DetailReport(detail, warning: keepState()))
  }
}
