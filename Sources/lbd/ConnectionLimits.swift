// How many connections the descriptors allow. The same sum at a start, at a reload and at `lbctl add`, so
// that none of them accepts a pool that another one would not.

import Configuration
import ControlServer
import Ledger
import LinuxIO
import Probing

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
      128 + ControlEndpoint.control.most + ControlEndpoint.metrics.most + workers * 8
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

  /// Clients that lbd may have at once.
  var clients: Int { perWorker.clients * workers }

  /// The descriptors allow fewer clients than the conf does.
  var isShort: Bool { ordered.map { clients < $0 } ?? false }

  /// What the number of clients comes from.
  var origin: String {
    if let ordered, !isShort {
      let rounding =
        clients > ordered ? ", rounded up to as many for each of \(workers) workers" : ""
      return "connections in [limits]" + rounding
    }
    return
      "\(descriptors) descriptors (ulimit -n, LimitNOFILE=), of which \(reserve) are kept for probes,"
      + " control and files; a client may need two"
  }

  /// Says that the descriptors allow fewer clients than the conf does; nil where they do not.
  var shortage: String? {
    isShort ? "connections = \(ordered ?? 0) comes to less: \(text)" : nil
  }

  /// Says how many clients there may be, and why no more.
  var text: String { "at most \(clients) clients at once: \(origin)" }

  /// Says behind `connections` in what `lbd -T` prints what it comes to here.
  func annotate(_ effective: String) -> String {
    ConnectionLimits.annotate(effective, "\(clients) here, from \(origin)")
  }

  static func annotate(_ effective: String, _ note: String) -> String {
    effective.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      line.hasPrefix("connections = ") ? "\(line); \(note)" : String(line)
    }.joined(separator: "\n")
  }

  var perWorker: WorkerLimits {
    let ordered = ordered.map { ($0 + workers - 1) / workers }
    return WorkerLimits(clients: min(each, ordered ?? .max), upstreams: each)
  }
}
