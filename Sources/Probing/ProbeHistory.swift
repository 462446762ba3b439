// The last probes of one replica, for whoever asks why it is in its state.

package import ControlProtocol

/// The last few probes that have ended.
package struct ProbeHistory {
  private struct Entry {
    let time: UInt64
    let nanoseconds: UInt64
    let verdict: ProbeReport.Verdict
    let text: String
    let hint: String?
  }

  static let limit = 10

  private var entries: [Entry] = []

  /// - Parameters:
  ///   - host: what the probe asked for; empty where it made no request.
  ///   - now: by the monotonic clock.
  mutating func add(_ result: ProbeResult, host: String, now: UInt64) {
    if entries.count == ProbeHistory.limit { entries.removeFirst() }
    entries.append(
      Entry(
        time: now, nanoseconds: result.nanoseconds, verdict: result.reportedVerdict,
        text: result.text, hint: ProbeHistory.hint(result.text, host: host)))
  }

  /// 400 and 421 are what servers say to a Host that they don't serve, Django above all.
  private static func hint(_ text: String, host: String) -> String? {
    guard !host.isEmpty, text == "400" || text == "421" else { return nil }
    return "it was asked as Host \(host); if it serves other names only, set host in [health]"
  }

  /// Newest last.
  package func report(_ clocks: Clocks) -> [ProbeReport] {
    entries.map { entry in
      ProbeReport(
        time: clocks.text(entry.time), verdict: entry.verdict, result: entry.text,
        latencyMilliseconds: Double(entry.nanoseconds) / 1e6, hint: entry.hint)
    }
  }
}
