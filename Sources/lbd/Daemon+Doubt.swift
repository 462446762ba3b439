// Probes that pass and say little. Unless the conf says what to ask for or what passes, any answer below 500
// to GET / does; but a 404 or 401 may as well be another server's altogether.

import Configuration
import ControlProtocol
import LinuxIO
import Probing
import Roster
import Telemetry

extension Daemon {
  /// Replicas that have a line of their own about it, until lbd ends.
  private static var mostDoubts: Int { 8 }

  /// Whether a probe passed by an answer that says only that some server is there.
  func isDoubtful(_ result: ProbeResult) -> Bool {
    guard result.verdict == .pass, configuration.health.check == .http,
      !configuration.health.isAimed.isSo, let status = Int(result.text)
    else { return false }
    return 400...499 ~= status
  }

  /// Says it once for a replica; `doubtsSaid` counts how many have had their line.
  mutating func sayDoubt(_ index: Int, _ status: String) {
    guard !replicas[index].isDoubtSaid, doubtsSaid < Daemon.mostDoubts else { return }
    replicas[index].isDoubtSaid = true
    doubtsSaid += 1
    let name = replicas[index].name
    log.write(
      .warning,
      "replica \(name) passes its probes with \(status) to \(configuration.health.method.rawValue) /, which may be another server's answer:"
        + " set path or expect in [health]",
      ["event": "probe-doubt", "replica": name, "status": status])
  }
}
