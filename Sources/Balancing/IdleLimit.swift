// How long a replica lets a connection rest before it closes it, as one worker has seen it. A request
// that goes out as the replica closes is lost with the connection, so lbd has to let go first.

/// What was learnt of a replica's idle limit. Times are nanoseconds by the caller's clock.
package struct IdleLimit: BitwiseCopyable, Sendable {
  /// How long the last connection had rested that the replica ended, and when that was.
  private var sample: UInt64
  private var sampledAt: UInt64
  /// 0 for nothing learnt.
  private var learnt: UInt64

  package init() { (sample, sampledAt, learnt) = (0, 0, 0) }

  /// How long a connection may rest: nine tenths of what was learnt, since the replica's clock began
  /// when its response went out; nil where nothing was learnt.
  package var usable: UInt64? { learnt == 0 ? nil : IdleLimit.safe(learnt) }

  /// The shortest limit that is learnt, in nanoseconds.
  private static var shortest: UInt64 { 500_000_000 }

  /// The part of a replica's limit that may be used.
  package static func safe(_ limit: UInt64) -> UInt64 { limit - limit / 10 }

  /// The replica ended a connection that had rested for so long. Two ends in a row after about the
  /// same rest are its limit. Both have to be of different moments: when a replica ends, all of its
  /// connections do, after whatever rest.
  package mutating func ended(after rest: UInt64, now: UInt64) {
    // No replica is that impatient; one that recycles its processes closes at any moment.
    guard rest >= IdleLimit.shortest else { return }
    let isAlike = sample > 0 && max(sample, rest) - min(sample, rest) <= rest / 20 + 20_000_000
    if isAlike && now - sampledAt >= rest / 2 { learnt = min(sample, rest) }
    if !isAlike || now - sampledAt >= rest / 2 { (sample, sampledAt) = (rest, now) }
  }
}
