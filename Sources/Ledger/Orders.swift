// What the threads say to each other: orders from the control thread to a worker, connections from
// one worker to another, reports from the workers to the control thread. None comes with a request
// on an open connection.

package import Balancing
package import LinuxIO
package import Plan

/// What the control thread, or another worker, tells a worker.
package enum Order: Sendable {
  /// Go on with this configuration.
  case adopt(Snapshot)
  /// Serve a connection that another worker has accepted; its descriptor is the reader's from now on.
  case serve(Int32, from: SocketAddress)
  /// There may be a replica for the requests that wait for one of a pool.
  case serveHeld(pool: Int)
  /// Keep no connection to the replica in this slot that is open now; what is in flight ends.
  case closeConnections(Int)
  /// Close a connection that rests to the replica in this slot: another worker has a request for it
  /// and may open no more.
  case release(Int)
  /// Accept from this listener, which is the reader's from now on, in the place of the former one.
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
  /// Begin to accept connections: they wait in the kernel's queue until then.
  case welcome
  /// Show that the loop runs: count one more of `ticks`.
  case tick
}

/// What a worker tells the control thread.
package enum WorkerReport: Sendable {
  /// The replica was taken out since it could not be reached.
  case unreachable(slot: Int, cause: String)
  /// The replica's gateway failures in a row are a multiple of `Policy.failuresToEject`: see
  /// `SharedPool.recordFailure`. `cause` is the last one's, such as `502`. May be dropped.
  case failing(slot: Int, cause: String)
  /// An attempt at the replica failed. May be dropped.
  case failed(slot: Int, FailureClass, cause: String)
  /// lbd answered with a 5xx of its own, after these replicas were tried.
  case answered(status: Int, tried: TriedReplicas, attempts: Int, cause: String)
  /// The access log's file refuses what is written; nil once it takes it again.
  case accessLog(failure: Int32?)
  /// The connections that `drainClients` was for have ended.
  case gone(isLast: Bool)
  /// The worker has stopped.
  case stopped
}
