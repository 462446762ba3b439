// The few numbers about a pool that every worker and the control thread share: whose turn it is,
// and which replicas may get requests. A change is seen by all workers at their next pick.

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
  private static var firstUsable: Int { 32 }
  private let cells = SharedCells(count: firstUsable + capacity)

  package init() {}

  /// Draws the next turn; no two requests have the same one.
  @inline(__always)
  package func drawTicket() -> Int {
    cells.add(SharedPool.ticketCell, 1)
  }

  /// Grows with each change of what `isUsable` answers or of the replicas.
  @inline(__always)
  package var epoch: Int { cells.load(SharedPool.epochCell) }

  package func isUsable(_ slot: Int) -> Bool {
    cells.load(SharedPool.firstUsable + slot) == 1
  }

  /// Lets requests go to a replica, or not. The control thread's order.
  package func setUsable(_ slot: Int, _ isUsable: Bool) {
    cells.store(SharedPool.firstUsable + slot, isUsable ? 1 : 0)
    cells.add(SharedPool.epochCell, 1)
  }

  /// Takes a replica out after a failure to reach it. True for the one caller whose call did it,
  /// who then tells the control thread.
  package func takeOut(_ slot: Int) -> Bool {
    guard cells.exchange(SharedPool.firstUsable + slot, from: 1, to: 0) else { return false }
    cells.add(SharedPool.epochCell, 1)
    return true
  }
}
