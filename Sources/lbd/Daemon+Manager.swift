// What the service manager hears while lbd runs: how it goes, and that it is alive.

import ControlProtocol
import Ledger
import LinuxIO
import Roster
import Telemetry

extension Daemon {
  /// Such as `3/3 replicas up, 812 req/s`, over the last 5 to 10 s.
  var statusLine: String {
    let rate = replicas.reduce(0) { $0 + (meters.rate($1.slot, now: now) ?? 0) }
    let slow = replicas.count { $0.state == .slow }
    return "\(replicas.count { $0.isUsable })/\(replicas.count) replicas up, "
      + (slow > 0 ? "\(slow) slow, " : "") + "\(Daemon.short(rate)) req/s"
  }

  /// A rate as people read it: whole from 10 on, with one digit behind the point below.
  static func short(_ rate: Double) -> String {
    let tenths = (rate * 10).rounded()
    return tenths >= 100 || tenths == 0 ? "\(Int(rate.rounded()))" : "\(tenths / 10)"
  }

  /// Says how it goes, unless that is what was said last.
  /// - Parameter first: lines that go before it in any case.
  mutating func tellStatus(_ first: String = "") {
    let status = statusLine
    guard !first.isEmpty || status != toldStatus else { return }
    toldStatus = status
    manager.notify("\(first)STATUS=\(status)")
  }

  /// Pings the watchdog when every worker has shown that its loop runs. Those that are to end may be
  /// gone already: then this loop's own turn is what counts.
  mutating func lookAround() {
    let orders = phase == .serving || stop.accepts ? orders : nil
    let ask = orders.map { orders in { for mailbox in orders { mailbox.post(.tick) } } }
    if watchdog.look(now: now, workerCounts, ask: ask) { manager.notify("WATCHDOG=1") }
  }
}
