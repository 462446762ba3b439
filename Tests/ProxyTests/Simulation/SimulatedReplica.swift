// A replica of the simulation: how it behaves now, which changes at random times, and what an attempt
// or a probe comes to there.

import Balancing

/// How a replica behaves.
enum Behaviour: CaseIterable {
  case well, refuses, drops, hangs, resets, busy
}

struct SimulatedReplica {
  var behaviour = Behaviour.refuses
  /// Since when it has behaved so.
  var since: UInt64 = 0
  var health = Health(now: 0)
  /// A probe of it has passed since it joined.
  var hasPassed = false
  /// Requests that it has now.
  var active = 0

  /// What an attempt comes to, and after how many milliseconds; nil for an answer.
  func attempt(
    isReused: Bool, _ random: inout some RandomNumberGenerator
  ) -> (failure: FailureClass?, isSent: Bool, isLate: Bool, milliseconds: UInt64) {
    switch behaviour {
    case .well:
      // An idle connection may end as the request comes.
      let isStale = isReused && Int.random(in: 0..<50, using: &random) == 0
      return (isStale ? .stale : nil, true, false, .random(in: 1...20, using: &random))
    case .refuses: return (.connect, false, false, 0)
    case .drops: return (.connect, false, true, 1000)
    case .hangs: return (.timeout, true, true, 30_000)
    case .resets: return (isReused ? .stale : .reset, true, false, 1)
    case .busy: return (.status, true, false, 2)
    }
  }

  /// Whether a probe passes, and after how many milliseconds that is known.
  var probe: (passes: Bool, milliseconds: UInt64) {
    switch behaviour {
    // What is too busy for requests says that it is well.
    case .well, .busy: (true, 1)
    case .refuses, .resets: (false, 0)
    case .drops, .hangs: (false, 500)
    }
  }
}

/// A request of the simulation.
struct SimulatedRequest {
  let pool: Int
  let isIdempotent: Bool
  let start: UInt64
  var attempts = Attempts()
  /// How often a replica may have executed it.
  var executions = 0
  var answer: Int?
}
