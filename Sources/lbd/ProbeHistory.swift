// The last probes of one replica, for whoever asks why it is in its state.

import ControlProtocol

/// The last few probes that have ended. A part of the replica's record.
struct ProbeHistory {
  private struct Entry {
    let time: UInt64
    let nanoseconds: UInt64
    let verdict: ProbeResult.Verdict
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
        time: now, nanoseconds: result.nanoseconds, verdict: result.verdict, text: result.text,
        hint: ProbeHistory.hint(result.text, host: host)))
  }

  /// 400 and 421 are what servers say to a Host that they don't serve, Django above all.
  private static func hint(_ text: String, host: String) -> String? {
    guard !host.isEmpty, text == "400" || text == "421" else { return nil }
    return "it was asked as Host \(host); if it serves other names only, set host in [health]"
  }

  /// Newest last.
  func report(_ clocks: Clocks) -> [ProbeReport] {
    entries.map { entry in
      let verdict: ProbeReport.Verdict =
        switch entry.verdict {
        case .pass: .passed
        case .failure: .failed
        case .none: .notMade
        }
      return ProbeReport(
        time: clocks.text(entry.time), verdict: verdict, result: entry.text,
        latencyMilliseconds: Double(entry.nanoseconds) / 1e6, hint: entry.hint)
    }
  }
}

/// Both clocks at one moment, so that what was noted by the monotonic one can be told by the wall's.
struct Clocks {
  let now: UInt64
  let wall: UInt64

  func secondsAgo(_ time: UInt64) -> Double {
    Double(now - min(time, now)) / 1e9
  }

  /// The wall's time of a moment of the monotonic clock, as the log writes it.
  func text(_ time: UInt64) -> String {
    let past = now - min(time, now)
    return Log.timestamp(wall - min(past, wall))
  }
}
