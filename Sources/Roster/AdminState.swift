// What an operator ordered of replicas: a fact of its own beside what the conf says and what was
// observed, kept by the replica's name until another order.

package import ControlProtocol

/// What was ordered of one replica.
package struct AdminState: Equatable {
  package var order: ReplicaOrder
  /// Its share, in the place of the conf's.
  package var weight: Int?

  package init(order: ReplicaOrder = .ready, weight: Int? = nil) {
    self.order = order
    self.weight = weight
  }

  /// Nothing is ordered of it.
  package var isNone: Bool { order == .ready && weight == nil }
}

/// The orders in force, by the names of their replicas. The control thread owns it.
package struct AdminStates: Equatable {
  package private(set) var byName: [String: AdminState] = [:]

  /// Nothing is ordered of any.
  package init() {}

  package subscript(name: String) -> AdminState {
    get { byName[name] ?? AdminState() }
    set { byName[name] = newValue.isNone ? nil : newValue }
  }

  /// Forgets what was ordered of all others.
  package mutating func keep(only names: some Sequence<String>) {
    let names = Set(names)
    byName = byName.filter { names.contains($0.key) }
  }
}
