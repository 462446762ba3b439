// The few numbers about pools and replicas that all workers and the control thread share: the next turn,
// the usable replicas, each replica's failures in a row, the requests that wait. All workers see a change
// at their next pick.

import Balancing
package import LinuxIO
import Plan

/// The shared cells, by pool and by replica. Any thread may use any call.
package final class SharedPool: Sendable {
  // A pool's cells, far enough apart that drawing tickets does not slow the readers of the epoch.
  private static var ticketCell: Int { 0 }
  private static var epochCell: Int { 16 }
  private static var heldCell: Int { 17 }
  private static var usableCountCell: Int { 18 }
  private static var emptySinceCell: Int { 19 }
  private static var poolRow: Int { 32 }
  private let poolCells = SharedCells(count: poolRow * Numbering.pools)

  /// Whether each replica is usable. Every worker reads these cells; writes are rare.
  private let usableCells = SharedCells(count: Numbering.slots)
  /// Each replica's failures in a row.
  private let failures = SharedCells(count: Numbering.slots)
  /// Requests in flight to each replica that has a limit of them, or whose pool's algorithm asks for them.
  private let inFlightCells = SharedCells(count: Numbering.slots)
  /// Open connections to each replica.
  private let connectionCells = SharedCells(count: Numbering.slots)
  private let retries = RetryWindow(pools: Numbering.pools)
  /// By worker and pool: the time at which the request that has waited longest began to wait, 0 where
  /// none waits; then whether the worker was told to look for a replica and has not looked yet. Each
  /// worker has cache lines of its own.
  private let waiting: SharedCells
  private let told: SharedCells
  private static var workerRow: Int { SharedCells.wholePairs(Numbering.pools) }
  /// The mailboxes of the workers, which are told when a replica becomes usable while requests wait.
  private let workers: [Mailbox<Order>]
  /// The time since which a pool counts as empty that has never had a usable replica.
  private let startedAt: UInt64

  package init(workers: [Mailbox<Order>] = [], now: UInt64 = Clock.now()) {
    self.workers = workers
    startedAt = now
    waiting = SharedCells(count: SharedPool.workerRow * max(1, workers.count))
    told = SharedCells(count: SharedPool.workerRow * max(1, workers.count))
    setUsable(Numbering.controlSlot, in: Numbering.controlPool, true, now: now)
  }

  @inline(__always)
  private static func cell(_ cell: Int, of pool: Int) -> Int { pool * poolRow + cell }

  // MARK: Usable replicas

  // The values of a replica's cell.
  private static var out: Int { 0 }
  private static var usable: Int { 1 }
  /// Usable for workers whose snapshot still has the replica, and not counted as usable.
  private static var leaving: Int { 2 }

  /// Makes a replica usable, or not. The control thread's call. A replica that becomes usable begins with
  /// no failures in a row.
  package func setUsable(
    _ slot: Int, in pool: Int, _ isUsable: Bool, now: UInt64 = Clock.now()
  ) {
    if isUsable && !self.isUsable(slot) { forgetFailures(slot) }
    if isUsable {
      if change(slot, from: SharedPool.out, to: SharedPool.usable) {
        addUsable(1, in: pool, now: now)
      }
    } else if change(slot, from: SharedPool.usable, to: SharedPool.out) {
      addUsable(-1, in: pool, now: now)
    } else {
      _ = change(slot, from: SharedPool.leaving, to: SharedPool.out)
    }
    poolCells.add(SharedPool.cell(SharedPool.epochCell, of: pool), 1)
    if isUsable { wakeHeld(pool) }
  }

  /// Marks a replica that leaves the pool. A worker may choose the replica until the worker has adopted a
  /// snapshot without it.
  package func markLeaving(_ slot: Int, of pool: Int, now: UInt64 = Clock.now()) {
    if change(slot, from: SharedPool.usable, to: SharedPool.leaving) {
      addUsable(-1, in: pool, now: now)
    }
  }

  private func change(_ slot: Int, from old: Int, to new: Int) -> Bool {
    usableCells.exchange(slot, from: old, to: new)
  }

  /// Marks a replica down that could not be reached. True for the one caller whose call changed the cell;
  /// that caller tells the control thread.
  package func markDown(_ slot: Int, in pool: Int, now: UInt64) -> Bool {
    guard change(slot, from: SharedPool.usable, to: SharedPool.out) else {
      _ = change(slot, from: SharedPool.leaving, to: SharedPool.out)
      return false
    }
    addUsable(-1, in: pool, now: now)
    poolCells.add(SharedPool.cell(SharedPool.epochCell, of: pool), 1)
    return true
  }

  private func addUsable(_ change: Int, in pool: Int, now: UInt64) {
    let before = poolCells.add(SharedPool.cell(SharedPool.usableCountCell, of: pool), change)
    guard before + change == 0 else { return }
    poolCells.store(SharedPool.cell(SharedPool.emptySinceCell, of: pool), Int(now))
  }

  // MARK: Requests that wait

  /// Tells all workers that the requests waiting for a pool may have a replica now.
  private func wakeHeld(_ pool: Int) {
    SharedCells.fence()
    guard held(pool) > 0 else { return }
    for worker in workers { worker.post(.serveHeld(pool: pool)) }
  }

  /// The worker's own call: sets the time at which its longest-waiting request for a pool began to wait; 0
  /// where none waits.
  package func setWaiting(since time: UInt64, for pool: Int, worker: Int) {
    waiting.store(worker * SharedPool.workerRow + pool, Int(time))
  }

  /// Whether to tell a worker to look for its requests that wait for a pool: not where the worker was told
  /// already and has not looked yet.
  package func tell(_ worker: Int, of pool: Int) -> Bool {
    told.exchange(worker * SharedPool.workerRow + pool, from: 0, to: 1)
  }

  /// The worker's own call: the worker is about to look, so that the next word is sent anew.
  package func hear(_ worker: Int, of pool: Int) {
    told.store(worker * SharedPool.workerRow + pool, 0)
  }

  /// The worker whose request has waited longest for a pool; nil where none waits.
  package func longestWaiting(_ pool: Int) -> Int? {
    var longest: (worker: Int, since: Int)?
    for worker in workers.indices {
      let since = waiting.load(worker * SharedPool.workerRow + pool)
      if since != 0 && since < longest?.since ?? .max { longest = (worker, since) }
    }
    return longest?.worker
  }

  // MARK: Requests in flight, where they are counted

  /// Counts a request that is to go to a replica. False, and nothing counted, where `limit` are in flight.
  package func beginRequest(_ slot: Int, limit: Int) -> Bool {
    while true {
      let count = inFlightCells.load(slot)
      if count >= limit { return false }
      if inFlightCells.exchange(slot, from: count, to: count + 1) { return true }
    }
  }

  /// Counts a request no more: it is over. The caller then tells the worker whose request waits longest.
  package func endRequest(_ slot: Int) {
    inFlightCells.add(slot, -1)
    SharedCells.fence()
  }

  // MARK: Connections to replicas

  /// Counts a connection that is to be opened. False, and nothing counted, when a replica has `limit`
  /// already.
  package func openConnection(_ slot: Int, limit: Int) -> Bool {
    if connectionCells.add(slot, 1) < limit { return true }
    connectionCells.add(slot, -1)
    return false
  }

  /// Counts a connection no more: it is closed.
  package func closeConnection(_ slot: Int) { connectionCells.add(slot, -1) }

  /// Open connections to a replica, over all workers, probes not counted.
  package func connections(_ slot: Int) -> Int { connectionCells.load(slot) }

  // MARK: Retries

  /// The control thread's call, once in each second without exception.
  package func beginSecond(_ second: Int, of pool: Int) {
    retries.begin(second: second, of: pool, ticket: drawn(pool))
  }

  /// The number of turns of a pool that were ever drawn, which is the number of its requests.
  package func drawn(_ pool: Int) -> Int {
    poolCells.load(SharedPool.cell(SharedPool.ticketCell, of: pool))
  }

  // MARK: Failures in a row

  /// Counts a gateway failure of a replica that was reached: a 502, 503 or 504, a broken connection, a
  /// timeout, an invalid response. A failed connect is `markDown`'s.
  ///
  /// The worker that gets a multiple of `Policy.failuresToEject`, where that is not 0, posts
  /// `WorkerReport.failing`. A later multiple makes up for a report that was dropped, or that came while
  /// too many replicas were out.
  /// - Returns: the failures in a row, over all workers.
  package func recordFailure(_ slot: Int) -> Int { failures.add(slot, 1) + 1 }

  /// Ends the row of failures: a replica gave any other response. On each request's path; costs one load
  /// as long as nothing fails.
  @inline(__always)
  package func recordSuccess(_ slot: Int) {
    if failures.peek(slot) != 0 { forgetFailures(slot) }
  }

  /// Begins the count anew.
  package func forgetFailures(_ slot: Int) { failures.store(slot, 0) }
}

extension SharedPool: PoolState {
  @inline(__always)
  package func drawTicket(_ pool: Int) -> Int {
    poolCells.add(SharedPool.cell(SharedPool.ticketCell, of: pool), 1)
  }

  @inline(__always)
  package func epoch(_ pool: Int) -> Int {
    poolCells.load(SharedPool.cell(SharedPool.epochCell, of: pool))
  }

  package func isUsable(_ slot: Int) -> Bool { usableCells.load(slot) != SharedPool.out }

  package func inFlight(_ slot: Int) -> Int { inFlightCells.load(slot) }

  package func emptySince(_ pool: Int) -> UInt64 {
    let since = poolCells.load(SharedPool.cell(SharedPool.emptySinceCell, of: pool))
    return since == 0 ? startedAt : UInt64(since)
  }

  @inline(__always)
  package func held(_ pool: Int) -> Int {
    poolCells.load(SharedPool.cell(SharedPool.heldCell, of: pool))
  }

  /// - Returns: false when `limit` wait already. After true, the caller looks once more whether there is a
  ///   replica.
  package func beginHold(_ pool: Int, limit: Int) -> Bool {
    let cell = SharedPool.cell(SharedPool.heldCell, of: pool)
    if poolCells.add(cell, 1) < limit {
      SharedCells.fence()
      return true
    }
    poolCells.add(cell, -1)
    return false
  }

  package func endHold(_ pool: Int) {
    poolCells.add(SharedPool.cell(SharedPool.heldCell, of: pool), -1)
  }

  package func takeRetry(_ pool: Int, percent: Int, now: UInt64) -> Bool {
    retries.take(
      second: Int(now / 1_000_000_000), of: pool, ticket: drawn(pool), percent: percent)
  }
}
