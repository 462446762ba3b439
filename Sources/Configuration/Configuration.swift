/// One complete configuration: what `lb.conf` says, every default filled in.
///
/// Owns nothing but values. `Configuration.load` makes it from text, `lbd` turns it into a snapshot;
/// nothing reads it per request. The initial value of each property *is* the default of its key:
/// `Schema` reads it from here, so that a default is written once.
package struct Configuration: Sendable, Equatable {
  /// The address to listen on: IPv4, IPv6 without brackets, or a name.
  package var host = "127.0.0.1"
  /// The port to listen on, 1 to 65535.
  package var mainPort: UInt16 = 8080
  /// What `ports` named, in its order; `replicas` begins with these.
  package var ports: [UInt16] = []
  /// Worker threads, 1 to 1024; nil is `auto`, one per core the process may use.
  package var workers: Int?
  /// The path of the control socket, at most 107 bytes. A load may have been told of another default.
  package var control = "/run/lbd/lbd.sock"
  /// Whether clients that have ended their sending side are served, not counted as gone.
  package var halfClose = false
  /// Whether lbd answers `/docs` and `/openapi.json` itself, and how much these tell to whom.
  package var docs = DocsScope.off
  /// The pool: first those of `ports`, then the `[replica NAME]` sections as they were read.
  /// In a loaded configuration 1 to 1024, names and addresses unique.
  package var replicas: [ReplicaConfiguration] = []
  package var algorithm = Algorithm.roundRobin
  package var health = HealthConfiguration()
  package var timeouts = TimeoutConfiguration()
  package var retry = RetryConfiguration()
  package var hold = HoldConfiguration()
  package var limits = LimitConfiguration()
  package var forward = ForwardConfiguration()
  package var log = LogConfiguration()
  package var metrics = MetricsConfiguration()

  package init() {}

  /// Where lbd is reached from its own machine: nobody can connect to a wildcard, so then its loopback.
  package var localHost: String {
    switch host {
    case "0.0.0.0": "127.0.0.1"
    case "::": "::1"
    default: host
    }
  }
}

/// What lbd answers of its own at `/docs`, `/docs/pool` and `/openapi.json`.
package enum DocsScope: String, Sendable, CaseIterable {
  /// Nothing: these are paths of the replicas, as all others are.
  case off
  /// The page, with names and states for everyone, and all about the pool for clients on this machine.
  case on
  /// All about the pool for everyone.
  case full
}

/// How a pool picks among its usable replicas.
package enum Algorithm: String, Sendable, CaseIterable {
  case roundRobin = "round_robin"
}
