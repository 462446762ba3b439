// The limit of connections: what it is and where it comes from is said at the start, that it was met when it
// is: a client that rests is closed for the next one, and while none rests the next one waits in the kernel's
// queue, where nobody would see it.

import Configuration
import ControlProtocol
import Ledger
import LinuxIO
import Telemetry

/// What is known of how often the limit was met.
struct LimitWatch {
  /// From one look to the next, and from one line of the log to the next, in nanoseconds.
  static let period: UInt64 = 1_000_000_000
  static let pause: UInt64 = 60_000_000_000

  var nextLook: UInt64 = 0
  fileprivate var nextLine: UInt64 = 0
  /// How often it was met, over all workers; how often as of the last line.
  fileprivate var count = 0
  fileprivate var told = 0
  /// When it was last seen to have been met.
  fileprivate var metAt: UInt64?
}

extension Daemon {
  /// What the clients may be, for the start and for a reload that changes it.
  mutating func logLimits() {
    log.write(
      limits.isShort ? .warning : .info, limits.shortage ?? limits.text,
      [
        "event": "limits", "connections": "\(limits.clients)",
        "descriptors": "\(limits.descriptors)",
      ])
  }

  /// Notices that the limit was met, and says so at once, then at most once a minute.
  mutating func watchLimit() {
    guard now >= limitWatch.nextLook else { return }
    limitWatch.nextLook = now + LimitWatch.period
    let count = workerCounts.sum(.limitMet)
    if count > limitWatch.count { (limitWatch.count, limitWatch.metAt) = (count, now) }
    guard count > limitWatch.told, now >= limitWatch.nextLine else { return }
    let times = count - limitWatch.told
    limitWatch.told = count
    limitWatch.nextLine = now + LimitWatch.pause
    let cause =
      "the limit of \(limits.clients) connections was met, \(times) time\(times == 1 ? "" : "s")"
    log.write(
      .warning,
      "\(cause): the client that has rested longest is closed, and while none rests new ones wait;"
        + " the limit comes from \(limits.origin)",
      ["event": "limit-met", "connections": "\(limits.clients)", "count": "\(times)"])
    history.add(.limitMet, cause: cause)
  }

  /// What `lbctl health` adds: that the limit is met, or was in the last ten minutes.
  var limitNote: String? {
    if workerCounts.sum(.clients) >= limits.clients {
      return "at the limit of \(limits.clients) connections"
    }
    guard let metAt = limitWatch.metAt, now < metAt + 600_000_000_000 else { return nil }
    let seconds = (now - min(metAt, now)) / 1_000_000_000
    return "the limit of \(limits.clients) connections was met \(seconds) s ago"
  }
}
