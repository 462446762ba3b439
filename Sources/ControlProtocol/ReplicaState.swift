// The words for what a replica is doing: what an operator ordered, what was observed, and the one
// word that follows from both and that people read.

/// A replica's state: the closed list that tables, events and metrics use.
package enum ReplicaState: String, Decodable, Sendable, CaseIterable {
  case starting, up, slow, ejected, down, draining, maint, unresolved

  /// It is given requests.
  package var isServing: Bool { self == .up || self == .slow }
  /// An operator took it out: that it serves nothing is no fault.
  package var isOrderedOut: Bool { self == .draining || self == .maint }
}

/// What an operator ordered of a replica; `ready` where nobody ordered anything.
package enum ReplicaOrder: String, Decodable, Sendable, CaseIterable {
  case ready, drain, maint
}

/// What probes and traffic said of a replica, whatever was ordered.
package enum ObservedState: String, Decodable, Sendable, CaseIterable {
  case starting, up, slow, down, ejected, unresolved
}
