// Each worker's counts of its own connections. A worker writes its own line only. Any thread may read
// any line, so that workers see how busy the others are.

import LinuxIO

/// The workers' counts of connections, each worker's on cache lines of its own.
package final class WorkerCounts: Sendable {
  package enum Counter: Int, CaseIterable, Sendable {
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
    /// Requests whose time to wait ran out.
    case heldExpired
    /// Requests that could not wait: too many waited already, or the wait had no end in sight.
    case heldRefused
    /// Times the worker's loop has shown that it runs: once for each `.tick`.
    case ticks
    /// Connections that came while the worker had as many clients as it may.
    case limitMet
    /// Idle clients that were closed since another client came at that limit.
    case restingClosed
    /// Connections that were closed since their address had as many as one address may.
    case tooManyOfOne
  }

  /// Counters that other threads write too.
  enum SharedCounter: Int, CaseIterable {
    /// Connections handed to a worker.
    case handed
  }

  package let workers: Int
  /// Cells of the counters that only the worker writes. The shared counters follow, on cache lines of
  /// their own.
  private static var own: Int { SharedCells.wholePairs(Counter.allCases.count) }
  private static var row: Int { own + SharedCells.wholePairs(SharedCounter.allCases.count) }
  private let cells: SharedCells

  package init(workers: Int) {
    self.workers = workers
    cells = SharedCells(count: workers * WorkerCounts.row)
  }

  @inline(__always)
  static func cell(_ counter: Counter, of worker: Int) -> Int {
    worker * row + counter.rawValue
  }

  @inline(__always)
  static func cell(_ counter: SharedCounter, of worker: Int) -> Int {
    worker * row + own + counter.rawValue
  }

  /// The worker's own call.
  @inline(__always)
  package func add(_ counter: Counter, _ worker: Int, by amount: Int = 1) {
    cells.bump(WorkerCounts.cell(counter, of: worker), by: amount)
  }

  /// Any thread. Costs a plain load.
  @inline(__always)
  package func value(_ counter: Counter, _ worker: Int) -> Int {
    cells.peek(WorkerCounts.cell(counter, of: worker))
  }

  /// Any thread: over all workers.
  package func sum(_ counter: Counter) -> Int {
    (0..<workers).reduce(0) { $0 + value(counter, $1) }
  }

  // MARK: Sharing connections evenly

  /// Open connections of a worker and those on their way to it.
  package func load(_ worker: Int) -> Int {
    value(.clients, worker) + cells.peek(WorkerCounts.cell(.handed, of: worker))
      - value(.taken, worker)
  }

  /// The worker that should serve a connection that `worker` has accepted: the one with the fewest
  /// connections, where `worker` would have notably more or is full; nil for `worker` itself. The kernel
  /// wakes workers unevenly; without this call one worker could get most of the lasting connections.
  /// - Parameter limit: the most that a worker can hold.
  package func lighter(than worker: Int, limit: Int) -> Int? {
    var least = (worker: worker, load: Int.max)
    for other in 0..<workers where other != worker {
      let load = load(other)
      if load < least.load { least = (other, load) }
    }
    let own = load(worker)
    let isHeavy = own > least.load &+ least.load / 16 || own >= limit
    return isHeavy && least.load < limit ? least.worker : nil
  }

  /// Announces a connection to another worker. False when that worker takes no more.
  package func hand(to worker: Int) -> Bool {
    cells.add(WorkerCounts.cell(.handed, of: worker), 1) >= 0
  }

  /// The worker's own call: takes no more connections from others. False when some are on their way; the
  /// worker takes these first.
  package func close(_ worker: Int) -> Bool {
    cells.exchange(
      WorkerCounts.cell(.handed, of: worker), from: value(.taken, worker),
      to: Int.min / 2)
  }
}
