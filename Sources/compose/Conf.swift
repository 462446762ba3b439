// A conf as compose needs it: which of its replicas are processes here, and whether a running lbd can
// take it over.

import Configuration
import ConfigurationIO

/// A loaded conf: the one that is asked for, or the one that the running lbd was given.
struct Conf {
  let path: String
  let configuration: Configuration
  /// What `lbd -T` prints; it loads as the same configuration.
  let effective: String

  /// Refused with all that is wrong, each with its file, line and column.
  static func load(_ path: String, _ environment: [String: String]) throws(Failure) -> Conf {
    switch Configuration.load(path: path, environment: environment) {
    case .loaded(let configuration, let effective):
      return Conf(path: path, configuration: configuration, effective: effective)
    case .refused(let diagnostics):
      throw Failure(diagnostics.map(\.description).joined(separator: "\n"))
    }
  }

  /// Where lbd and the replicas of `ports` are.
  var home: String { configuration.localHost }
  var mainPort: UInt16 { configuration.mainPort }

  /// Whether probes ask for what demo replicas answer.
  var isLikeDemo: Bool { configuration.health.path == "/health" }

  /// The replicas of this machine, in the conf's order.
  var replicas: [LocalReplica] {
    configuration.replicas.compactMap { LocalReplica($0.address, home: home) }
  }

  /// Whether a reload takes this conf over whole from an lbd that runs with `running`.
  func isReloadable(from running: Conf) -> Bool {
    let plan = ReloadPlan(from: running.configuration, to: configuration)
    // The replicas of `ports` are where lbd is.
    return plan.leftOut.isEmpty && home == running.home
  }
}
