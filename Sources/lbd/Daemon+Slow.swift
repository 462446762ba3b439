// Silence alone does not empty a pool. A replica whose probes time out is out for as long as another one
// answers; where none does it stays, as slow, and gets requests until one of them answers, which takes
// the silent others out, or until it refuses, resets or answers badly itself.

import Balancing
import ControlProtocol
import LinuxIO
import Probing
import Roster
import Telemetry

extension ProbeResult {
  /// There was no answer in time, good or bad.
  var isSilence: Bool { verdict == .failure && text == "timeout" }
}

extension Daemon {
  /// Whether no other replica answers, so that this one's silence must not take it out.
  func isLastToAnswer(_ index: Int) -> Bool {
    replicas[index].adminState.order == .ready
      && !replicas.indices.contains { $0 != index && isAnswering($0) }
  }

  private func isAnswering(_ index: Int) -> Bool {
    replicas[index].isUsable && replicas[index].health.isAnswering
  }

  /// A probe of a replica passed: the slow ones beside it are needed no more.
  mutating func otherAnswered(than index: Int) {
    guard mayBeSlow, isAnswering(index) else { return }
    mayBeSlow = false
    for other in replicas.indices where other != index {
      let wasUsable = replicas[other].isUsable
      guard replicas[other].health.otherAnswered(now: now) else { continue }
      if wasUsable { meters.count(.probe, replicas[other].slot) }
      healthChanged(other, "probe: timeout; \(replicas[index].name) answers")
    }
  }

  /// Why a probe changed what was observed.
  func cause(of result: ProbeResult, at index: Int) -> String {
    guard replicas[index].observed == .slow else { return "probe: \(result.text)" }
    return "probe: \(result.text); no other replica answers"
  }
}
