// What outlives lbd: the orders of operators.

import Configuration
import LinuxIO
import Roster
import Telemetry

extension Daemon {
  /// Takes up the orders of before. A state that cannot be read is said and left: lbd starts without.
  mutating func loadState() {
    if let orders = takeover?.orders {
      adminStates = ofConf(orders)
      return
    }
    do throws(StartFailure) {
      let kept = try stateFile.read()
      keptAdminStates = kept
      adminStates = ofConf(kept)
      guard !adminStates.byName.isEmpty else { return }
      let names = adminStates.byName.keys.sorted().joined(separator: ", ")
      log.write(
        .info, "orders of before are in force for \(names)",
        ["event": "state-loaded", "path": stateFile.path, "replicas": names])
    } catch {
      log.write(
        .error, "\(error.line); no order of before is in force, see lbctl pool",
        ["event": "state-refused", "path": stateFile.path])
    }
  }

  /// Without those of replicas that the conf does not name: nobody could take them back.
  func ofConf(_ orders: AdminStates) -> AdminStates {
    var orders = orders
    orders.keep(only: configuration.replicas.map(\.name))
    return orders
  }

  /// Writes the orders in force if they have changed, at the end too unless another lbd keeps them then.
  /// What to tell an operator where that fails.
  mutating func keepState() -> String? {
    guard adminStates != keptAdminStates, succession.side.state != .followed else { return nil }
    do throws(SystemError) {
      try stateFile.write(adminStates)
      keptAdminStates = adminStates
      return nil
    } catch {
      let line = "a restart forgets it: \(stateFile.path) cannot be written: \(error.reason)"
      log.write(.warning, line, ["event": "state-not-kept", "path": stateFile.path])
      return line
    }
  }
}
