// A pool as one worker has it.

import Balancing
import Ledger
import LinuxIO
import Plan

/// A pool's policy, and the dispatcher of its requests. The worker owns the lane. A lane's index among
/// the worker's lanes is the pool's number.
struct Lane: ~Copyable {
  private let anchor = Anchor()
  private(set) var policy: Policy
  var dispatcher: Dispatcher

  init(pool: Int, policy: Policy) {
    self.policy = policy
    dispatcher = Dispatcher(pool: pool, rules: policy.dispatch)
  }

  /// Adopts another policy and other replicas. Requests that wait go on waiting.
  mutating func adopt(_ policy: Policy) {
    self.policy = policy
    dispatcher.rules = policy.dispatch
    dispatcher.makeStale()
  }
}
