// What the control thread waits for, and how it notices that the process stood still meanwhile.

import ControlServer
import LinuxIO
import Probing
import Telemetry

extension Daemon {
  /// Longer than any turn of the loop.
  private static var standstill: UInt64 { 1_000_000_000 }

  /// Waits for events, or until something is due. Time in which lbd did not run speaks against no replica.
  mutating func awaitEvents() -> Int {
    let (before, most) = (now, nextWait())
    let count = poller.wait(milliseconds: most)
    now = Clock.now()
    let due = before + UInt64(most) * 1_000_000
    if now > due + Daemon.standstill { probes.prober.forgive(now - due, now: now) }
    return count
  }

  /// Milliseconds until something is due.
  private func nextWait() -> Int {
    let nextSecond = UInt64(second + 1) * 1_000_000_000
    let look = upgradeProcess == nil ? UInt64.max : now + Upgrade.pause
    let soonest = min(
      meters.nextRoll, nextSecond, stop.deadline ?? .max, nextLookup, probes.next(policy),
      history.due,
      watchdog.next, reloads.due, isReady ? .max : latestReady, succession.deadline ?? .max)
    let next = min(soonest, look)
    var wait = next <= now ? 0 : Int((next - now) / 1_000_000) + 1
    let (prober, control) = (probes.prober.wait(now: now), control.wait(now: now))
    let metrics = metrics.wait(now: now)
    if prober >= 0 { wait = min(wait, prober) }
    if control >= 0 { wait = min(wait, control) }
    if metrics >= 0 { wait = min(wait, metrics) }
    return wait
  }
}
