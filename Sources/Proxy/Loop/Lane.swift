// A pool as one worker has it.

import Balancing
import Ledger
import LinuxIO
import Plan

/// What the conf says of a pool, and where its requests go. The worker owns it; its index among the
/// worker's lanes is the pool's number.
struct Lane: ~Copyable {
  private let anchor = Anchor()
  private(set) var policy: Policy
  var dispatcher: Dispatcher

  init(pool: Int, policy: Policy) {
    self.policy = policy
    dispatcher = Dispatcher(pool: pool, rules: policy.dispatch)
  }

  /// Goes on with another policy and other replicas; who waits goes on waiting.
  mutating func adopt(_ policy: Policy) {
    self.policy = policy
    dispatcher.rules = policy.dispatch
    dispatcher.makeStale()
  }
}
