// By what rule a pool's requests get their replicas, and what each rule has to know.

extension DispatchRules {
  /// `Dispatcher.preferred` has each one's rule.
  package enum Algorithm: Sendable {
    case roundRobin

    /// Whether the rule asks how many requests each replica has in flight, so that they are counted.
    package var countsRequests: Bool {
      switch self {
      case .roundRobin: false
      }
    }
  }
}
