// What the threads say to each other: orders from the control thread to a worker, connections from
// one worker to another, reports from the workers to the control thread. A request on
// an open connection needs none of them.

package import Balancing
package import LinuxIO
package import Plan

/// What the control thread, or another worker, tells a worker.
package enum Order: Sendable {
  /// Go on with this configuration.
  case adopt(Snapshot)
  /// Serve a connection that another worker has accepted. The receiver owns the descriptor.
  case serve(Int32, from: SocketAddress)
  /// Look again for the requests that wait for a replica of a pool: there may be one.
  case serveHeld(pool: Int)
  /// Close the connections to the replica in this slot: idle ones now, others after what is in flight.
  case closeConnections(Int)
  /// Close one idle connection to the replica in this slot: another worker has a request for the replica
  /// and may open no more connections.
  case release(Int)
  /// Accept from this listener instead of the former one. The receiver owns the descriptor.
  case listen(Int32)
  /// End the connections that are open now, each after what is in flight on it, and say `gone` once all
  /// have ended. New connections are still accepted; `isLast`: each for its first request.
  case drainClients(isLast: Bool)
  /// Close the connections of the latest `drainClients` that are still open.
  case cut
  /// Accept nothing more, end what is in flight, then stop.
  /// - Parameter takesWaiting: see `Worker.drain`.
  case drain(takesWaiting: Bool)
  /// Close everything and stop.
  case stop
  /// Begin to accept connections. Until then connections wait in the kernel's queue.
  case welcome
  /// Show that the loop runs: count one more of `ticks`.
  case tick
}

/// What a worker tells the control thread.
package enum WorkerReport: Sendable {
  /// The replica was marked down: it could not be reached.
  case unreachable(slot: Int, cause: String)
  /// The replica's gateway failures in a row are a multiple of `Policy.failuresToEject`: see
  /// `SharedPool.recordFailure`. `cause` is the last one's, such as `502`. May be dropped.
  case failing(slot: Int, cause: String)
  /// An attempt at the replica failed. May be dropped.
  case failed(slot: Int, FailureClass, cause: String)
  /// lbd answered with a 5xx of its own, after these replicas were tried.
  case answered(status: Int, tried: TriedReplicas, attempts: Int, cause: String)
  /// The access log's file refuses lines; nil once it accepts lines again.
  case accessLog(failure: Int32?)
  /// The connections that `drainClients` was for have ended.
  case gone(isLast: Bool)
  /// The worker has stopped.
  case stopped
}
