// What the workers tell the control thread, and the answers of lbd's own that are told of in the log.

import Balancing
import Configuration
import Ledger
import LinuxIO
import Telemetry

extension Daemon {
  /// Takes the reports of the workers.
  mutating func takeReports() {
    for message in reports.take() {
      switch message {
      case .unreachable(let slot, let cause): unreachable(slot, cause)
      case .failing(let slot, let cause): failing(slot, cause)
      case .failed(let slot, let failure, let cause): attemptFailed(slot, failure, cause)
      case .answered(let status, let tried, let attempts, let cause):
        answered(status, tried, attempts, cause)
      case .accessLog(let failure): accessLogFailed(failure)
      case .gone(let isLast): areGone(isLast: isLast)
      case .stopped:
        running -= 1
        if running == 0 { phase = .ended }
      }
    }
  }

  /// A 5xx of lbd's own, with its cause and the replicas that were tried.
  private mutating func answered(
    _ status: Int, _ tried: TriedReplicas, _ attempts: Int, _ cause: String
  ) {
    let tried = tried.list.map { name(of: $0) }
    history.answered(status, tried: tried, cause: cause, now: now)
    guard answerLines.take(now: now) else { return }
    let names = tried.joined(separator: " ")
    log.write(
      .warning, "answered \(status): \(cause)" + (names.isEmpty ? "" : " (tried \(names))"),
      [
        "event": "answered", "status": "\(status)", "cause": cause, "tried": names,
        "attempts": "\(attempts)",
      ])
  }

  /// Says how many answers had no line of their own.
  mutating func reportSkippedLines() {
    guard let count = answerLines.takeSkipped() else { return }
    log.write(
      .warning, "\(count) more answers of 5xx had no line here",
      ["event": "answered", "count": "\(count)"])
  }
}
