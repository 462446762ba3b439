// What each worker counts of its own connections. A worker writes its own line only; any thread may
// read any line, so that workers can see how busy the others are.

import LinuxIO

/// The workers' counts of connections, each worker's on cache lines of its own.
package final class WorkerCounts: Sendable {
  package enum Counter: Int, Sendable {
    /// Connections from clients that are open.
    case clients
    /// Connections from clients that were ever accepted.
    case accepted
    /// Connections to replicas that are open, and the control socket's, in use or idle.
    case upstreams
  }

  package let workers: Int
  /// Two lines of 64 bytes, since processors fetch them in pairs.
  private static var row: Int { 16 }
  private let cells: SharedCells

  package init(workers: Int) {
    self.workers = workers
    cells = SharedCells(count: workers * WorkerCounts.row)
  }

  /// The worker's own call.
  @inline(__always)
  package func add(_ counter: Counter, _ worker: Int, by amount: Int = 1) {
    cells.bump(worker * WorkerCounts.row + counter.rawValue, by: amount)
  }

  /// Any thread. Costs a plain load.
  @inline(__always)
  package func value(_ counter: Counter, _ worker: Int) -> Int {
    cells.peek(worker * WorkerCounts.row + counter.rawValue)
  }
}
