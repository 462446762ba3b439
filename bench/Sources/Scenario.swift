// The names of what can be measured. How each is done is in the file of its plan.

/// A piece of work that balancers are compared by.
enum Scenario: String, CaseIterable {
  case get64 = "get-64"
  case get512 = "get-512"
  case close64 = "close-64"
  case post64k = "post-64k"
  case body1m = "body-1m"
  case start
  case rest
  case idle
  case download = "download-1g"
  case workers
  case uneven
  case replicas1000 = "replicas-1000"
  case accessLog = "access-log"

  /// What a run measures unless it is told: these have a plot.
  static let standard: [Scenario] = [.get64, .get512, .close64, .post64k, .body1m]

  static let further = allCases.filter { !standard.contains($0) }
}

/// What wrk is to do.
struct Workload {
  let connections: Int
  var path = "/getInfo"
  var arguments: [String] = []
  /// In Lua, for what wrk has no argument for.
  var script: String?
  let about: String

  static let get64 = Workload(
    connections: 64, about: "small GETs over 64 connections that stay open")

  /// The work of a standard scenario.
  init?(_ scenario: Scenario) {
    switch scenario {
    case .get64: self = .get64
    case .get512:
      self.init(connections: 512, about: "small GETs over 512 connections that stay open")
    case .close64:
      self.init(
        connections: 64, arguments: ["-H", "Connection: close"],
        about: "small GETs by 64 clients, a connection for each; so the relay opens two for each, "
          + "where a balancer keeps its own to the replicas")
    case .post64k:
      self.init(
        connections: 32, script: #"wrk.method="POST"; wrk.body=string.rep("x",65536)"#,
        about: "POSTs of 64 KiB over 32 connections")
    case .body1m:
      self.init(connections: 16, path: "/1m", about: "answers of 1 MiB over 16 connections")
    default: return nil
    }
  }

  init(
    connections: Int, path: String = "/getInfo", arguments: [String] = [], script: String? = nil,
    about: String
  ) {
    self.connections = connections
    self.path = path
    self.arguments = arguments
    self.script = script
    self.about = about
  }
}
