// The choice of a replica for a request. `Dispatcher` has the rule; this file asks the dispatcher and
// acts.

import Balancing
import HTTPWire
import Ledger
import LinuxIO
import Plan

extension Worker {
  /// The result of one look for a replica.
  private enum Choice {
    case replica(Int)
    /// Some replicas are usable, and each has as many requests in flight as it may.
    case full
    case none
  }

  /// Gives the request to the next replica in turn of its pool, or lets the request wait for one.
  /// - Parameter last: the replica to ask where all were tried.
  mutating func dispatch(_ exchange: SlabSlot<Exchange>, orAgain last: Int? = nil) {
    let pool = exchanges[exchange].pool
    if let replica = lanes[pool].dispatcher.pick(&exchanges[exchange].attempts, links.pool) {
      return attempt(exchange, at: replica)
    }
    weigh(exchange, orAgain: last)
  }

  /// The same for the other cases: the table is stale, requests in flight are counted, or some replicas
  /// were tried.
  private mutating func weigh(_ exchange: SlabSlot<Exchange>, orAgain last: Int?) {
    let pool = exchanges[exchange].pool
    // The requests that came first get the next room.
    if lanes[pool].dispatcher.mustQueue(exchanges[exchange].attempts, links.pool) {
      return hold(exchange, isFull: true)
    }
    let isFull: Bool
    switch choose(exchange) {
    case .replica(let replica): return attempt(exchange, at: replica)
    case .full: isFull = true
    case .none: isFull = false
    }
    switch lanes[pool].dispatcher.otherwise(isFull: isFull, orAgain: last, links.pool) {
    case .again(let replica):
      takeRoom(exchange, at: replica)
        ? attempt(exchange, at: replica) : hold(exchange, isFull: true)
    case .hold(let isFull): hold(exchange, isFull: isFull)
    case .noOther: answerNoOther(exchange)
    }
  }

  /// Hands the request to a replica. A retry opens a new connection: an idle one may have ended like
  /// the one before.
  mutating func attempt(_ exchange: SlabSlot<Exchange>, at replica: Int) {
    exchanges[exchange].attempts.begin(at: replica)
    rewind(exchange)
    let mayShare =
      !exchanges[exchange].attempts.hasFailed && !exchanges[exchange].request.hasProxyHeader
    if mayShare, let upstream = takeIdle(replica, isRepeatable: isRepeatable(exchange)) {
      attach(upstream, to: exchange)
      pumpRequest(exchange)
    } else {
      connect(exchange, to: replica)
    }
  }

  /// Whether the request may be sent again if its connection turns out to have ended: the request may
  /// be executed twice, and all of it is at hand.
  private mutating func isRepeatable(_ exchange: SlabSlot<Exchange>) -> Bool {
    exchanges[exchange].request.method.isIdempotent && exchanges[exchange].request.body.isDone
  }

  /// Makes the request ready to be sent from its beginning.
  mutating func rewind(_ exchange: SlabSlot<Exchange>) {
    clients[exchanges[exchange].client].input.rewind()
    exchanges[exchange].request.contact = .none
    exchanges[exchange].response.interims = 0
    exchanges[exchange].response.pending = 0
    exchanges[exchange].response.buffer.giveBack()
  }

  // MARK: Whose turn it is

  /// A replica for a request that waited, preferably one that was not tried; nil where there is none.
  mutating func chooseForHeld(_ exchange: SlabSlot<Exchange>) -> Int? {
    if case .replica(let replica) = choose(exchange) { return replica }
    guard exchanges[exchange].attempts.tried.count > 0 else { return nil }
    exchanges[exchange].attempts.forgetTried()
    if case .replica(let replica) = choose(exchange) { return replica }
    return nil
  }

  /// The first of the replicas, in the order of the request's turn, that was not tried and has room.
  private mutating func choose(_ exchange: SlabSlot<Exchange>) -> Choice {
    let pool = exchanges[exchange].pool
    refreshTable(pool)
    var isFull = false
    var candidates = lanes[pool].dispatcher.candidates(
      &exchanges[exchange].attempts, links.pool)
    while let replica = lanes[pool].dispatcher.next(&candidates, exchanges[exchange].attempts) {
      if takeRoom(exchange, at: replica) { return .replica(replica) }
      isFull = true
    }
    return isFull ? .full : .none
  }

  /// Counts the request among those in flight to a replica, where these are counted. False where the
  /// limit is reached.
  @inline(__always)
  private mutating func takeRoom(_ exchange: SlabSlot<Exchange>, at replica: Int) -> Bool {
    let pool = exchanges[exchange].pool
    return !lanes[pool].dispatcher.countsRequests || count(exchange, at: replica, of: pool)
  }

  private mutating func count(
    _ exchange: SlabSlot<Exchange>, at replica: Int, of pool: Int
  ) -> Bool {
    let limit = replica < limitsOfRequests.count ? limitsOfRequests[replica] : .max
    guard limit < .max || lanes[pool].dispatcher.rules.algorithm.countsRequests else { return true }
    guard mayConnect(to: replica, of: pool), links.pool.beginRequest(replica, limit: limit) else {
      return false
    }
    exchanges[exchange].attempts.isCounted = true
    return true
  }

  /// Frees the attempt's room at its replica, and tells the request that waits longest.
  mutating func freeRoom(_ exchange: SlabSlot<Exchange>) {
    guard exchanges[exchange].attempts.isCounted else { return }
    exchanges[exchange].attempts.isCounted = false
    links.pool.endRequest(exchanges[exchange].attempts.replica)
    wakeLongestWaiting(exchanges[exchange].pool)
  }

  // MARK: The table

  /// Whether any replica of a pool may get requests now.
  mutating func hasReplica(_ pool: Int) -> Bool {
    refreshTable(pool)
    return lanes[pool].dispatcher.hasReplica
  }

  /// Builds a pool's table anew where health, weights or replicas have changed since the last pick.
  @inline(__always)
  mutating func refreshTable(_ pool: Int) {
    if lanes[pool].dispatcher.isStale(links.pool) { rebuildTable(pool) }
  }

  private mutating func rebuildTable(_ pool: Int) {
    let epoch = links.pool.epoch(pool)
    candidates.removeAll(keepingCapacity: true)
    var hasLimits = false
    let limit = lanes[pool].policy.replicaConnections
    for replica in snapshot.pools[pool].replicas {
      guard replica.address != nil && links.pool.isUsable(replica.slot) else {
        // Idle connections to a replica that was out, and its idle limit, tell nothing of the replica
        // that comes back.
        closeIdle(replica.slot)
        learntRests[replica.slot] = IdleLimit()
        continue
      }
      candidates.append((replica.slot, replica.weight))
      if replica.maxRequests > 0 || limit < .max { hasLimits = true }
    }
    lanes[pool].dispatcher.rebuild(candidates, hasLimits: hasLimits, epoch: epoch)
  }
}
