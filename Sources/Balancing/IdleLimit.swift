// A replica's idle limit, as one worker has seen it: the time after which the replica closes an idle
// connection. A request that goes out at that moment is lost with the connection, so lbd closes first.

/// An estimate of a replica's idle limit. Times are nanoseconds by the caller's clock.
package struct IdleLimit: BitwiseCopyable, Sendable {
  /// The idle time of the last connection that the replica ended, and the time of that end.
  private var sample: UInt64
  private var sampledAt: UInt64
  /// The estimate; 0 for none.
  private var learnt: UInt64

  package init() { (sample, sampledAt, learnt) = (0, 0, 0) }

  /// The time that a connection may be idle: nine tenths of the estimate, since the replica's clock began
  /// when its response went out; nil without an estimate.
  package var usable: UInt64? { learnt == 0 ? nil : IdleLimit.safe(learnt) }

  /// The shortest limit that is learnt, in nanoseconds.
  private static var shortest: UInt64 { 500_000_000 }

  /// The part of a replica's limit that may be used.
  package static func safe(_ limit: UInt64) -> UInt64 { limit - limit / 10 }

  /// The replica ended a connection after this idle time. Two ends in a row after about the same idle time
  /// give the limit. The two must be of different moments: when a replica dies, all of its connections end,
  /// whatever their idle times.
  package mutating func ended(after rest: UInt64, now: UInt64) {
    // No replica's limit is shorter. One that recycles its processes closes at any moment.
    guard rest >= IdleLimit.shortest else { return }
    let isAlike = sample > 0 && max(sample, rest) - min(sample, rest) <= rest / 20 + 20_000_000
    if isAlike && now - sampledAt >= rest / 2 { learnt = min(sample, rest) }
    if !isAlike || now - sampledAt >= rest / 2 { (sample, sampledAt) = (rest, now) }
  }
}
