// Time in which the process stood still, stopped by a signal, a debugger or its host: no deadline
// counts it.

import Balancing
import Ledger
import LinuxIO
import Plan

/// A worker's record of time in which it did not run.
struct Standstill {
  /// Longer than any batch of events: the process stood still for a part of it.
  static var shortest: UInt64 { 1_000_000_000 }
  /// The longest that a worker waits for events while requests are in flight, in milliseconds: from
  /// what it waits longer, it learns that it stood still.
  static var pulse: Int { 500 }
  /// Batches of events that come before deadlines afterwards, as long as the kernel holds more.
  static var mostBatches: Int { 1024 }

  /// The time at which the last batch ended.
  var endedAt: UInt64 = 0
  /// The number of batches that may still come before deadlines.
  var batches = 0

  /// Whether deadlines may expire after a batch of events. Answers that came meanwhile are taken first.
  mutating func mayExpire(hasMoreEvents: Bool) -> Bool {
    if batches == 0 { return true }
    batches = hasMoreEvents ? batches - 1 : 0
    return batches == 0
  }
}

extension Worker {
  /// Moves all clocks on by the time in which lbd did not run, and could take no answer that lay there.
  /// - Parameters:
  ///   - most: the milliseconds that the worker had reason to wait; negative for without end, since
  ///     nothing was due.
  ///   - before: the time at which the wait began.
  mutating func forgive(_ most: Int, _ before: UInt64) {
    let waited = UInt64(max(0, most)) * 1_000_000
    guard most >= 0, now - before > waited + Standstill.shortest else { return }
    let lost = now - before - waited
    standstill = Standstill(endedAt: now, batches: Standstill.mostBatches)
    clientDeadlines.postpone(by: lost)
    upstreamDeadlines.postpone(by: lost)
    var nextExchange = exchanges.first
    while let exchange = nextExchange {
      exchanges[exchange].attempts.forgive(lost)
      exchanges[exchange].request.bodyTime.forgive(lost)
      nextExchange = exchanges.next(after: exchange)
    }
    var nextUpstream = upstreams.first
    while let upstream = nextUpstream {
      upstreams[upstream].idleSince += lost
      if upstreams[upstream].answerBy != 0 { upstreams[upstream].answerBy += lost }
      nextUpstream = upstreams.next(after: upstream)
    }
  }
}
