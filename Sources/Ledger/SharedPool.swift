// The few numbers about a pool that every worker and the control thread share: whose turn it is,
// which replicas may get requests, how often each has failed in a row, who waits for one. A change is
// seen by all workers at their next pick.

import LinuxIO

/// The pool's shared cells. Any thread may use any call.
package final class SharedPool: Sendable {
  /// Replicas that all pools together may hold; one slot more is lbd's own control socket.
  package static var capacity: Int { 4096 }
  /// The slot of the control socket, which `/docs` asks through the same path as any replica.
  package static var controlSlot: Int { capacity }

  // Cells far apart, so that drawing tickets does not slow the readers of the epoch.
  private static var ticketCell: Int { 0 }
  private static var epochCell: Int { 16 }
  private static var heldCell: Int { 17 }
  private static var usableCountCell: Int { 18 }
  private static var emptySinceCell: Int { 19 }
  private static var firstUsable: Int { 32 }
  /// Of a row behind the usable bits, which every worker reads and hardly any writes.
  private static var firstFailures: Int { firstUsable + capacity + 16 }
  private let cells = SharedCells(count: firstFailures + controlSlot + 1)
  /// Requests in flight to each replica that has a limit of them.
  private let places = SharedCells(count: capacity)
  /// Open connections to each replica, and to the control socket.
  private let connections = SharedCells(count: capacity + 1)
  private let retries = RetryWindow()
  /// Who is told when a replica may get requests, where requests wait for one.
  private let workers: [Mailbox<Order>]

  package init(workers: [Mailbox<Order>] = [], now: UInt64 = Clock.now()) {
    self.workers = workers
    cells.store(SharedPool.emptySinceCell, Int(now))
  }

  /// Draws the next turn; no two requests have the same one.
  @inline(__always)
  package func drawTicket() -> Int {
    cells.add(SharedPool.ticketCell, 1)
  }

  // MARK: Usable replicas

  /// Grows with each change of what `isUsable` answers or of the replicas.
  @inline(__always)
  package var epoch: Int { cells.load(SharedPool.epochCell) }

  // What a cell says of its replica.
  private static var out: Int { 0 }
  private static var usable: Int { 1 }
  /// Usable for workers that still know it; counted no more.
  private static var leaving: Int { 2 }

  package func isUsable(_ slot: Int) -> Bool {
    cells.load(SharedPool.firstUsable + slot) != SharedPool.out
  }

  /// Lets requests go to a replica, or not. The control thread's order. One that comes back begins
  /// without failures in a row, whatever it was out for.
  package func setUsable(_ slot: Int, _ isUsable: Bool, now: UInt64 = Clock.now()) {
    if isUsable && !self.isUsable(slot) { forgetFailures(slot) }
    if isUsable {
      if move(slot, from: SharedPool.out, to: SharedPool.usable) { count(1, now) }
    } else if move(slot, from: SharedPool.usable, to: SharedPool.out) {
      count(-1, now)
    } else {
      _ = move(slot, from: SharedPool.leaving, to: SharedPool.out)
    }
    cells.add(SharedPool.epochCell, 1)
    if isUsable { wakeHeld() }
  }

  /// The replica leaves the pool: workers may choose it until they have adopted a snapshot without it.
  package func leave(_ slot: Int, now: UInt64 = Clock.now()) {
    if move(slot, from: SharedPool.usable, to: SharedPool.leaving) { count(-1, now) }
  }

  private func move(_ slot: Int, from old: Int, to new: Int) -> Bool {
    cells.exchange(SharedPool.firstUsable + slot, from: old, to: new)
  }

  /// Takes a replica out after a failure to reach it. True for the one caller whose call did it,
  /// who then tells the control thread.
  package func takeOut(_ slot: Int, now: UInt64) -> Bool {
    guard move(slot, from: SharedPool.usable, to: SharedPool.out) else {
      _ = move(slot, from: SharedPool.leaving, to: SharedPool.out)
      return false
    }
    count(-1, now)
    cells.add(SharedPool.epochCell, 1)
    return true
  }

  private func count(_ change: Int, _ now: UInt64) {
    let before = cells.add(SharedPool.usableCountCell, change)
    if before + change == 0 { cells.store(SharedPool.emptySinceCell, Int(now)) }
  }

  /// Since when no replica is usable; means nothing while one is.
  package var emptySince: UInt64 { UInt64(cells.load(SharedPool.emptySinceCell)) }

  // MARK: Requests that wait

  /// Requests that wait for a replica, over all workers.
  @inline(__always)
  package var held: Int { cells.load(SharedPool.heldCell) }

  /// Announces a request that begins to wait. False when there are `limit` already. Whether there is
  /// still nothing for it has to be looked at once more behind this call.
  package func beginHold(limit: Int) -> Bool {
    if cells.add(SharedPool.heldCell, 1) < limit {
      SharedCells.fence()
      return true
    }
    cells.add(SharedPool.heldCell, -1)
    return false
  }

  package func endHold() { cells.add(SharedPool.heldCell, -1) }

  /// There may be something for those that wait, whoever they are.
  private func wakeHeld() {
    SharedCells.fence()
    guard held > 0 else { return }
    for worker in workers { worker.post(.serveHeld) }
  }

  // MARK: Places at replicas that have a limit

  /// Takes one of a replica's places. False when all are taken.
  package func takePlace(_ slot: Int, of limit: Int) -> Bool {
    while true {
      let taken = places.load(slot)
      if taken >= limit { return false }
      if places.exchange(slot, from: taken, to: taken + 1) { return true }
    }
  }

  /// Gives a place back. Behind it, whoever waits is to be told.
  package func leavePlace(_ slot: Int) {
    places.add(slot, -1)
    SharedCells.fence()
  }

  // MARK: Connections to replicas

  /// Counts a connection that is to be opened. False, and nothing counted, when a replica has `limit`
  /// already.
  package func openConnection(_ slot: Int, limit: Int) -> Bool {
    if connections.add(slot, 1) < limit { return true }
    connections.add(slot, -1)
    return false
  }

  /// A connection that was counted is closed.
  package func closeConnection(_ slot: Int) { connections.add(slot, -1) }

  /// Open connections to a replica, over all workers, probes not counted.
  package func connections(_ slot: Int) -> Int { connections.load(slot) }

  /// Requests in flight to a replica that has a limit of them or of connections.
  package func places(_ slot: Int) -> Int { places.load(slot) }

  // MARK: Retries

  /// Takes one retry from the budget. False when that is spent.
  package func takeRetry(percent: Int, now: UInt64) -> Bool {
    retries.take(
      second: Int(now / 1_000_000_000), ticket: cells.load(SharedPool.ticketCell), percent: percent)
  }

  /// The control thread's call, once in each second, none left out.
  package func beginSecond(_ second: Int) {
    retries.begin(second: second, ticket: cells.load(SharedPool.ticketCell))
  }

  // MARK: Failures in a row

  /// A worker met a gateway failure of a replica it had reached: a 502, 503 or 504 that it answered, a
  /// connection that it broke, a time that it let pass, an invalid response. Not for a connect that
  /// failed, which is `takeOut`'s. Gives how many there were in a row, over all workers. The worker that
  /// gets a multiple of `Settings.failuresToEject`, where that is not 0, posts `Evidence.failing`; so
  /// one that was dropped, or came when too many were out, is made up for by a later one.
  package func failed(_ slot: Int) -> Int {
    cells.add(SharedPool.firstFailures + slot, 1) + 1
  }

  /// A worker had any other response of a replica. On each request's path: one load, as long as
  /// nothing fails.
  @inline(__always)
  package func succeeded(_ slot: Int) {
    if cells.peek(SharedPool.firstFailures + slot) != 0 { forgetFailures(slot) }
  }

  /// Begins the count anew.
  package func forgetFailures(_ slot: Int) {
    cells.store(SharedPool.firstFailures + slot, 0)
  }
}
