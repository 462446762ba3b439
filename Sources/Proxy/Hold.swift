// Requests that wait for a replica: none is usable for a moment, or each that is has as many requests
// in flight as it may. They go on at the event that helps them, a passed probe or a place that is
// free, oldest first, and are answered 503 when their time is up.

import Balancing
import Ledger
import LinuxIO
import Plan

extension Worker {
  /// Lets the request wait, or answers 503 at once: where waiting is off, too many wait, its time is
  /// up, or nothing was usable for longer than a request may wait.
  /// - Parameter isFull: replicas are usable, and have no place.
  mutating func hold(_ exchange: SlabSlot<Exchange>, isFull: Bool) {
    let timeout = settings.holdTimeout
    if exchanges[exchange].holdUntil == 0 { exchanges[exchange].holdUntil = now + timeout }
    let until = exchanges[exchange].holdUntil
    let emptySince = max(links.pool.emptySince, standstill.endedAt)
    let isHopeless = !isFull && now > emptySince + timeout
    guard now < until, !isHopeless, beginHold() else {
      if timeout > 0 { links.counts.add(.heldRefused, links.index) }
      return answerNoReplica(exchange, isFull: isFull)
    }
    rewind(exchange)
    exchanges[exchange].heldSince = now
    exchanges[exchange].isHeld = true
    // Attempts at replicas that are gone now do not count against those that come back.
    if !isFull { exchanges[exchange].failures = 0 }
    held.append(exchanges.token(exchange).rawValue)
    clientDeadlines.set(exchanges[exchange].client, at: until)
    // What came while this one was not yet counted has woken nobody.
    if isFull || hasReplica { servesHeld = true }
  }

  /// Announces one more that waits. False when too many do.
  private mutating func beginHold() -> Bool {
    // First, so that whoever sees that some wait finds out who.
    if held.oldest == nil { links.counts.setWaiting(since: now, links.index) }
    return links.pool.beginHold(limit: settings.holdQueue)
  }

  /// The request waits no longer, whatever comes next.
  mutating func endHold(_ exchange: SlabSlot<Exchange>) {
    guard exchanges[exchange].isHeld else { return }
    exchanges[exchange].isHeld = false
    links.pool.endHold()
    clientDeadlines.clear(exchanges[exchange].client)
    exchanges[exchange].deadline += now - exchanges[exchange].heldSince
  }

  /// The request has waited for as long as it may.
  mutating func holdExpired(_ exchange: SlabSlot<Exchange>) {
    links.counts.add(.heldExpired, links.index)
    endHold(exchange)
    answerNoReplica(exchange, isFull: hasReplica)
    servesHeld = true
  }

  /// How long those that wait do so for one that went before them to end, in nanoseconds.
  private static var holdPause: UInt64 { 5_000_000 }

  /// Gives those that wait to replicas, oldest first, for as long as there is one for the oldest. A few
  /// go at once, then one for each of them that has ended, on its connection: a replica that has just
  /// come back is not overrun, and the first is not held up by the last. Where none ends, a few more go
  /// after a pause.
  mutating func serveHeld() {
    if heldPause != 0 && now >= heldPause { heldCredit = Worker.burst }
    (servesHeld, heldPause) = (false, 0)
    while true {
      guard let exchange = oldestHeld() else { return passWakeOn() }
      guard heldCredit > 0 else {
        heldPause = now + Worker.holdPause
        return
      }
      guard let replica = chooseForHeld(exchange) else { return }
      held.removeOldest()
      endHold(exchange)
      links.counts.add(.heldServed, links.index)
      heldCredit -= 1
      attempt(exchange, replica)
    }
  }

  /// A request that had waited has ended: the next one may go.
  mutating func heldEnded() {
    heldCredit = min(heldCredit + 1, Worker.burst)
    if held.oldest != nil { servesHeld = true }
  }

  /// The request that has waited longest; those that are gone are forgotten.
  private mutating func oldestHeld() -> SlabSlot<Exchange>? {
    while let token = held.oldest {
      if let exchange = exchanges.slot(of: SlabToken(rawValue: token)), exchanges[exchange].isHeld {
        links.counts.setWaiting(since: exchanges[exchange].heldSince, links.index)
        return exchange
      }
      held.removeOldest()
    }
    links.counts.setWaiting(since: 0, links.index)
    return nil
  }

  /// Nobody waits here, but a place may be free for another worker's.
  private mutating func passWakeOn() {
    if hasLimits { wakeLongestWaiting() }
  }

  /// A place is free: tells whoever waits longest.
  mutating func wakeLongestWaiting() {
    guard links.pool.held > 0, let worker = links.counts.longestWaiting else { return }
    if worker == links.index {
      servesHeld = true
    } else if links.counts.tell(worker) {
      links.workers[worker].post(.serveHeld)
    }
  }
}
