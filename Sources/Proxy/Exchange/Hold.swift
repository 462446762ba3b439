// Requests that wait for a replica: no replica is usable, or each usable one has as many requests in
// flight as it may. A passed probe, or room at a replica, lets the waiting requests go, oldest first. A
// request whose time is up is answered 503. `Dispatcher` has the rule.

import Balancing
import Ledger
import LinuxIO
import Plan

extension Worker {
  /// Lets the request wait, or answers 503 at once where the request may not wait.
  /// - Parameter isFull: replicas are usable, and have no room.
  mutating func hold(_ exchange: SlabSlot<Exchange>, isFull: Bool) {
    let pool = exchanges[exchange].pool
    // Set first, so that a thread which sees the held count finds the worker too.
    if lanes[pool].dispatcher.queue.oldest == nil {
      links.pool.setWaiting(since: now, for: pool, worker: links.index)
    }
    let until = lanes[pool].dispatcher.hold(
      exchanges.token(exchange).rawValue, &exchanges[exchange].attempts, isFull: isFull, now: now,
      notBefore: standstill.endedAt, links.pool)
    guard let until else {
      if lanes[pool].dispatcher.queue.oldest == nil {
        links.pool.setWaiting(since: 0, for: pool, worker: links.index)
      }
      if lanes[pool].policy.dispatch.holdTimeout > 0 {
        links.counts.add(.heldRefused, links.index)
      }
      return answerNoReplica(exchange, isFull: isFull)
    }
    rewind(exchange)
    clientDeadlines.set(exchanges[exchange].client, at: until)
    // A replica that became usable before this request was counted has woken no worker.
    if isFull || hasReplica(pool) { wake(pool) }
  }

  /// Looks at the requests that wait for a pool after this batch of events.
  private mutating func wake(_ pool: Int) {
    lanes[pool].dispatcher.servesHeld = true
    servesHeld = true
  }

  /// Serves the requests that wait for a pool: replicas of it have become usable.
  mutating func refill(_ pool: Int) {
    lanes[pool].dispatcher.refill()
    servesHeld = true
  }

  /// Ends the request's wait, whatever follows.
  mutating func endHold(_ exchange: SlabSlot<Exchange>) {
    guard exchanges[exchange].attempts.isHeld else { return }
    let pool = exchanges[exchange].pool
    lanes[pool].dispatcher.endHold(&exchanges[exchange].attempts, now: now, links.pool)
    clientDeadlines.clear(exchanges[exchange].client)
  }

  /// Answers a request that has waited for as long as it may.
  mutating func holdExpired(_ exchange: SlabSlot<Exchange>) {
    let pool = exchanges[exchange].pool
    links.counts.add(.heldExpired, links.index)
    endHold(exchange)
    answerNoReplica(exchange, isFull: hasReplica(pool))
    wake(pool)
  }

  /// Serves the waiting requests of each pool that may have a replica for them.
  mutating func serveHeld() {
    (servesHeld, heldPause) = (false, 0)
    for pool in 0..<lanes.count {
      if lanes[pool].dispatcher.isDue(now: now) { serveHeld(pool) }
      let pause = lanes[pool].dispatcher.pause
      if pause != 0 { heldPause = heldPause == 0 ? pause : min(heldPause, pause) }
      if lanes[pool].dispatcher.servesHeld { servesHeld = true }
    }
  }

  /// Gives waiting requests to replicas, oldest first, for as long as the oldest finds a replica.
  private mutating func serveHeld(_ pool: Int) {
    lanes[pool].dispatcher.beginServing(now: now)
    while true {
      guard let exchange = oldestHeld(pool) else { return passWakeOn(pool) }
      guard lanes[pool].dispatcher.mayServe(now: now) else { return }
      guard let replica = chooseForHeld(exchange) else { return }
      lanes[pool].dispatcher.serve()
      endHold(exchange)
      links.counts.add(.heldServed, links.index)
      attempt(exchange, at: replica)
    }
  }

  /// Lets the next request go: one that had waited has ended.
  mutating func heldEnded(_ pool: Int) {
    lanes[pool].dispatcher.heldEnded()
    if lanes[pool].dispatcher.servesHeld { servesHeld = true }
  }

  /// The request that has waited longest for a pool. Requests that are gone are removed from the queue.
  private mutating func oldestHeld(_ pool: Int) -> SlabSlot<Exchange>? {
    while let token = lanes[pool].dispatcher.queue.oldest {
      if let exchange = exchanges.slot(of: SlabToken(rawValue: token)),
        exchanges[exchange].attempts.isHeld
      {
        let since = exchanges[exchange].attempts.heldSince
        links.pool.setWaiting(since: since, for: pool, worker: links.index)
        return exchange
      }
      lanes[pool].dispatcher.queue.removeOldest()
    }
    links.pool.setWaiting(since: 0, for: pool, worker: links.index)
    return nil
  }

  /// Tells the worker whose request waits longest that there may be room, where none waits here.
  private mutating func passWakeOn(_ pool: Int) {
    if lanes[pool].dispatcher.hasLimits { wakeLongestWaiting(pool) }
  }

  /// Tells the worker whose request waits longest that a replica has room.
  mutating func wakeLongestWaiting(_ pool: Int) {
    guard links.pool.held(pool) > 0, let worker = links.pool.longestWaiting(pool) else { return }
    if worker == links.index {
      wake(pool)
    } else if links.pool.tell(worker, of: pool) {
      links.workers[worker].post(.serveHeld(pool: pool))
    }
  }
}
