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
    /// Connections that another worker had accepted and that this one has taken over.
    case taken
    /// Connections to replicas that are open, and the control socket's, in use or idle.
    case upstreams
    /// Requests that waited for a replica and were given to one.
    case heldServed
    /// Requests that waited for as long as they may.
    case heldExpired
    /// Requests that would have waited, where too many did already or the wait had no end in sight.
    case heldRefused
    /// Times the worker's loop has shown that it runs: once for each `.tick`.
    case ticks
    /// Times the worker had no room for one more client. Beside the cells below, as it is rare.
    case limitMet = 11
  }

  package let workers: Int
  /// Two lines of 64 bytes, since processors fetch them in pairs.
  private static var row: Int { 16 }
  /// When the request that waits longest began to; 0 where none does.
  private static var waitingSince: Int { 9 }
  /// 1 while a word is on its way to the worker that there may be a replica.
  private static var told: Int { 10 }
  /// Connections handed to a worker, on the row's second line, since others write it.
  private static var handed: Int { 8 }
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

  // MARK: Requests that wait

  /// The worker's own call.
  func setWaiting(since time: UInt64, _ worker: Int) {
    cells.store(worker * WorkerCounts.row + WorkerCounts.waitingSince, Int(time))
  }

  /// Whether a worker is to be told that there may be something for its requests that wait: not where
  /// it was told already and has not looked yet.
  func tell(_ worker: Int) -> Bool {
    cells.exchange(worker * WorkerCounts.row + WorkerCounts.told, from: 0, to: 1)
  }

  /// The worker's own call: it is about to look.
  func hear(_ worker: Int) {
    cells.store(worker * WorkerCounts.row + WorkerCounts.told, 0)
  }

  /// The worker whose oldest request has waited longest; nil where none waits.
  var longestWaiting: Int? {
    var longest: (worker: Int, since: Int)?
    for worker in 0..<workers {
      let since = cells.load(worker * WorkerCounts.row + WorkerCounts.waitingSince)
      if since != 0 && since < longest?.since ?? .max { longest = (worker, since) }
    }
    return longest?.worker
  }

  // MARK: Sharing connections evenly

  /// Open connections of a worker and those on their way to it.
  func load(_ worker: Int) -> Int {
    value(.clients, worker) + cells.peek(worker * WorkerCounts.row + WorkerCounts.handed)
      - value(.taken, worker)
  }

  /// The worker that should serve a connection that `worker` has accepted: the one with the fewest,
  /// where `worker` would have notably more; nil for itself. The kernel wakes whom it likes, so that
  /// without this one worker may end up with most of the connections that last.
  /// - Parameter limit: the most that a worker can hold.
  func lighter(than worker: Int, limit: Int) -> Int? {
    var least = (worker: worker, load: Int.max)
    for other in 0..<workers where other != worker {
      let load = load(other)
      if load < least.load { least = (other, load) }
    }
    let isHeavy = load(worker) > least.load &+ least.load / 16
    return isHeavy && least.load < limit ? least.worker : nil
  }

  /// Announces a connection to another worker. False when that one takes no more.
  func hand(to worker: Int) -> Bool {
    cells.add(worker * WorkerCounts.row + WorkerCounts.handed, 1) >= 0
  }

  /// The worker's own call: takes no more from others. False when some are on their way, which are
  /// to be taken first.
  func close(_ worker: Int) -> Bool {
    cells.exchange(
      worker * WorkerCounts.row + WorkerCounts.handed, from: value(.taken, worker),
      to: Int.min / 2)
  }
}
