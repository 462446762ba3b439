// The names that lbd and lbctl agree on: what the control socket serves, and the two fields by
// which a test request learns who answered it.

/// The targets of the control socket. Reads are GET, orders are POST.
package enum ControlPath {
  /// GET: a `PoolReport`.
  package static let pool = "/pool"
  /// GET: a `PublicPoolReport`, for lbd's own page: any client of the listener may ask.
  package static let publicPool = "/docs/pool"
  /// GET: a `PoolReport` without the test token, for the same page where its reader may see all. The
  /// listener has no such path: lbd says who may.
  package static let publicPoolAll = "/docs/pool/all"
  /// GET: a `HealthReport`.
  package static let health = "/health"
  /// GET: the metrics as Prometheus reads them, no JSON. The same at the metrics' own listener.
  package static let metrics = "/metrics"
  /// GET: a `VersionReport`.
  package static let version = "/version"
  /// GET with `ControlQuery.since`, or none for all that are kept: an `EventsReport`.
  package static let events = "/events"
  /// GET with `ControlQuery.replica`: an `ExplainReport`, or 404.
  package static let explain = "/explain"
  /// POST with an `OrderBody` of the key `address`: a `DetailReport`.
  package static let addReplica = "/replicas/add"
  /// POST with an `OrderBody` of the key `replica`: a `DetailReport`.
  package static let removeReplica = "/replicas/remove"
  /// POST with an `OrderBody` of the key `replica`, and of `if` or not: a `DetailReport`.
  package static func order(_ order: ReplicaOrder) -> String { "/replicas/\(order.rawValue)" }
  /// POST with an `OrderBody` of the keys `replica` and `weight`: a `DetailReport`.
  package static let weight = "/replicas/weight"

  /// POST: a `ReloadReport`, with the status `refusedConf` where nothing was changed.
  package static let reload = "/reload"
  /// GET: what a reload would come to, in the same way.
  package static let confChanges = "/conf/changes"
  /// GET: the conf in force, as `lbd -T` prints it; no JSON.
  package static let conf = "/conf"
  /// The status of an answer that says why a conf is refused.
  package static let refusedConf = 422

  /// POST: a `DetailReport`, once the next lbd, which this one starts, has taken over or has not.
  package static let upgrade = "/upgrade"
  /// POST: the orders in force as a text, and with it the listener (SCM_RIGHTS), for the next lbd.
  package static let takeover = "/takeover"
  /// POST: the next lbd is ready. The same text again, with the promise that no order is taken any more
  /// as long as that one is there.
  package static let takeoverReady = "/takeover/ready"
  /// POST: the next lbd serves. The same text again; this one drains and ends.
  package static let takeoverDone = "/takeover/done"

  /// Whether what is asked or ordered there is about a replica that is in the pool. A query may follow.
  package static func namesReplica(_ target: String) -> Bool {
    let path = String(target.prefix { $0 != "?" })
    return path == explain || path == removeReplica || path == weight
      || ReplicaOrder.allCases.contains { order($0) == path }
  }
}

/// Fields of requests through the listener.
package enum TestField {
  /// Carries the report's `test_token`; lbd takes it out before a replica sees the request.
  package static let token = "X-Lbd-Test"
  /// Names the replica in the answer to a request that carried the right token.
  package static let replica = "X-Lbd-Replica"
}
