// The balancers that are compared, and how each is started.

/// What stands between the load and the replicas.
enum BalancerName: String, CaseIterable {
  case lbd
  /// Another lbd, such as one from before a change.
  case lbdBefore = "lbd-before"
  case nginx
  case haproxy
  case relay

  /// As the confs in bench/ say it, or are told.
  var port: UInt16 {
    switch self {
    case .lbd: 18100
    case .lbdBefore: 18101
    case .nginx: 18102
    case .haproxy: 18103
    case .relay: 18104
    }
  }

  /// What does the work of one worker.
  var workers: ProcessTree.Workers {
    switch self {
    case .lbd, .lbdBefore: .threads("lbd-worker")
    case .nginx: .children
    case .haproxy: .threads("haproxy")
    case .relay: .threads("bench")
    }
  }
}

/// A balancer to start.
struct Launch {
  let name: BalancerName
  var workers = 1
  /// Of lbd: another conf than bench/lb.conf.
  var conf: String?
  /// Of lbd: `[log] access`.
  var accessLog = "off"
  /// The core that it is bound to; nil for any.
  var core: Int? = Launch.balancerCore
  /// Under what share of processor time it runs.
  var quota: Quota?

  static let balancerCore = 0
  static let loadCore = 1

  init(_ name: BalancerName) {
    self.name = name
  }
}

/// The commands of balancers and replicas: which program, with which conf.
struct Commands {
  let tools: Tools
  let workspace: Workspace
  /// Where the confs are; absolute, as nginx wants it.
  let confs: String
  /// Where bench and lbd are.
  let binaries: String
  let lbdBefore: String?

  func lbd(_ name: BalancerName) -> String {
    name == .lbdBefore ? lbdBefore ?? "" : "\(binaries)/lbd"
  }

  /// A balancer's command, before it is bound to a core or put under a quota.
  func plain(_ launch: Launch) -> [String] {
    switch launch.name {
    case .lbd, .lbdBefore:
      [lbd(launch.name), "-c", launch.conf ?? "\(confs)/lb.conf"]
    case .nginx: nginx("\(confs)/nginx.conf", workers: launch.workers)
    case .haproxy: [tools.haproxy, "-db", "-q", "-f", "\(confs)/haproxy.cfg"]
    case .relay:
      ["\(binaries)/bench", "relay", "\(launch.name.port)", "18081", "18082", "18083"]
    }
  }

  /// nginx in the foreground with its files in the workspace.
  func nginx(_ conf: String, workers: Int? = nil) -> [String] {
    let settings = "daemon off;" + (workers.map { " worker_processes \($0);" } ?? "")
    return [tools.nginx, "-e", "stderr", "-p", workspace.path, "-c", conf, "-g", settings]
  }

  /// The same bound to a core, or to none.
  func bound(_ command: [String], to core: Int?) -> [String] {
    core.map { [tools.taskset, "-c", "\($0)"] + command } ?? command
  }

  func variables(_ launch: Launch) -> [String: String] {
    [
      "BENCH_PORT": "\(launch.name.port)", "BENCH_WORKERS": "\(launch.workers)",
      "BENCH_CONTROL": workspace.file("\(launch.name.rawValue).sock"),
      "BENCH_ACCESS": launch.accessLog,
    ]
  }
}
