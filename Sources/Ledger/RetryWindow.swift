// Each pool's budget of retries, over all workers: the requests and the retries of the last ten
// seconds, second by second. Each request draws one ticket, so the tickets tell how many requests there
// were, and a request that does not fail costs nothing here.

import Balancing
import LinuxIO

/// Retries and tickets by pool and second. The control thread rolls it; any worker takes from it.
package final class RetryWindow: Sendable {
  private static var slices: Int { 16 }
  /// A pool's retries of each second, then the ticket at each second's beginning.
  private static var row: Int { slices * 2 }
  private let cells: SharedCells

  package init(pools: Int) {
    cells = SharedCells(count: RetryWindow.row * pools)
  }

  /// The control thread's call, once in each second without exception.
  /// - Parameter ticket: the number of tickets that were ever drawn.
  package func begin(second: Int, of pool: Int, ticket: Int) {
    let row = pool * RetryWindow.row
    cells.store(row + RetryWindow.slices + second % RetryWindow.slices, ticket)
    cells.store(row + (second + 1) % RetryWindow.slices, 0)
  }

  /// Takes one retry. False when the budget is spent.
  /// - Parameters:
  ///   - second: the time in whole seconds.
  ///   - percent: the share of the requests that may be made again.
  package func take(second: Int, of pool: Int, ticket: Int, percent: Int) -> Bool {
    let row = pool * RetryWindow.row
    let oldest = max(0, second - RetryBudget.window + 1)
    var retries = 0
    for slice in oldest...second { retries += cells.load(row + slice % RetryWindow.slices) }
    let drawn = ticket - cells.load(row + RetryWindow.slices + oldest % RetryWindow.slices)
    guard RetryBudget.allows(retries: retries, requests: drawn, percent: percent) else {
      return false
    }
    cells.add(row + second % RetryWindow.slices, 1)
    return true
  }
}
