// Whether the machine went on all the time. One that stands still for a second, as virtual ones do,
// makes everything late, and no measure of lateness means anything.

import LinuxIO
import Synchronization

/// A thread that looks at the clock every few milliseconds, for as long as the value lives.
final class Pulse: Sendable {
  private final class Gaps: Sendable {
    let longest = Atomic<UInt64>(0)
    let isOver = Atomic(false)
  }

  private let gaps = Gaps()

  init() throws {
    try Thread.start("pulse") { [gaps] in
      var last = Clock.now()
      while !gaps.isOver.load(ordering: .acquiring) {
        Clock.sleep(milliseconds: 5)
        let now = Clock.now()
        gaps.longest.max(now - last, ordering: .relaxed)
        last = now
      }
    }.detach()
  }

  deinit { gaps.isOver.store(true, ordering: .releasing) }

  /// Whether it went on since the last call, but for a tenth of a second.
  func wasSteady() -> Bool {
    gaps.longest.exchange(0, ordering: .relaxed) < 100_000_000
  }
}
