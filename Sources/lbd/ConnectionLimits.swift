// How many connections the descriptors allow. The same sum at a start, at a reload and at `lbctl add`, so
// that none of them accepts a pool that another one would not.

import Configuration
import LinuxIO
import Proxy

/// The connections that lbd may have, and what that comes from.
struct ConnectionLimits {
  /// The fewest connections of either kind that a worker can serve with.
  private static let least = 16

  /// Descriptors that lbd may have open.
  let descriptors: Int
  /// Of these, kept for probes, the control socket, mailboxes and files.
  let reserve: Int
  let workers: Int
  /// What `[limits] connections` says; nil for as many as there are descriptors for.
  let ordered: Int?

  /// Raises the process's own limit as far as it may.
  /// - Parameter replicas: how many the pool is to have.
  init(_ configuration: Configuration, replicas: Int, workers: Int) throws(StartFailure) {
    descriptors = min(Descriptor.raiseLimit(), 2 << 20)
    reserve =
      128 + Door.control.most + Door.metrics.most + workers * 8
      + HealthProber.descriptors(replicas: replicas, configuration.health)
    self.workers = workers
    ordered = configuration.limits.connections
    guard each >= ConnectionLimits.least else {
      let needed = reserve + workers * 2 * ConnectionLimits.least
      throw StartFailure(
        "not enough descriptors: the limit is \(descriptors), \(needed) are needed for \(workers)"
          + " workers and \(replicas) replicas; raise it (ulimit -n, LimitNOFILE=) or lower workers"
          + " in [lbd]")
    }
  }

  /// What each worker has descriptors for, of clients and of replicas.
  private var each: Int { (descriptors - reserve) / 2 / workers }

  var perWorker: WorkerLimits {
    let ordered = ordered.map { ($0 + workers - 1) / workers }
    return WorkerLimits(clients: min(each, ordered ?? .max), upstreams: each)
  }
}
