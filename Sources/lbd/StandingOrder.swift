// What an operator ordered of replicas: a fact of its own beside what the conf says and what was
// observed, kept by the replica's name until another order.

import ControlProtocol

/// What was ordered of one replica.
struct StandingOrder: Equatable {
  var order = ReplicaOrder.ready
  /// Its share, in the place of the conf's.
  var weight: Int?

  /// Nothing is ordered of it.
  var isNone: Bool { order == .ready && weight == nil }
}

/// The orders in force, by the names of their replicas. The control thread owns it.
struct StandingOrders: Equatable {
  private(set) var byName: [String: StandingOrder] = [:]

  subscript(name: String) -> StandingOrder {
    get { byName[name] ?? StandingOrder() }
    set { byName[name] = newValue.isNone ? nil : newValue }
  }

  /// Forgets what was ordered of all others.
  mutating func keep(only names: some Sequence<String>) {
    let names = Set(names)
    byName = byName.filter { names.contains($0.key) }
  }
}
