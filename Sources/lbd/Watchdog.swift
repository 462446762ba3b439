// The service manager's watchdog: it is told that lbd is alive only while that is true of every
// thread that serves, so that one which hangs has lbd started again.

import Ledger
import LinuxIO

/// What the watchdog was told and what the workers were asked. The control thread owns it, and has it
/// look around from its own loop: a control thread that hangs pings no more either.
struct Watchdog {
  /// From one look to the next, in nanoseconds: a third of what the manager waits; nil without one.
  let period: UInt64?
  /// When to look next; never without a watchdog.
  private(set) var next: UInt64 = .max
  /// How often each worker was asked to show that its loop runs.
  private var asked = 0

  init(environment: [String: String], process: Int32, now: UInt64) {
    period = Watchdog.period(environment, process: process)
    if period != nil { next = now }
  }

  /// Looks at once, where there is a watchdog: who was told of this process waits for its first ping.
  mutating func hasten(_ now: UInt64) {
    if period != nil { next = now }
  }

  /// - Parameter environment: `WATCHDOG_USEC`, and `WATCHDOG_PID` where it is not for everyone.
  static func period(_ environment: [String: String], process: Int32) -> UInt64? {
    if let pid = environment["WATCHDOG_PID"], pid != "\(process)" { return nil }
    guard let text = environment["WATCHDOG_USEC"], let time = UInt64(text), time > 0,
      time < UInt64.max / 1000
    else { return nil }
    return time * 1000 / 3
  }

  /// Whether the manager is to hear that lbd is alive. Workers that have answered are asked again.
  /// - Parameter ask: posts `.tick` to every worker; nil when they are about to end and owe nothing.
  mutating func look(now: UInt64, _ counts: WorkerCounts, ask: (() -> Void)?) -> Bool {
    guard let period, now >= next else { return false }
    next = now + period
    guard let ask else { return true }
    let isAlive = (0..<counts.workers).allSatisfy { counts.value(.ticks, $0) == asked }
    // Whoever has not answered has the question already.
    guard isAlive else { return false }
    asked += 1
    ask()
    return true
  }
}
