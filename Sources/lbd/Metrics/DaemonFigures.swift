// What the metrics need to know of lbd as a whole and that nothing else keeps.

import LinuxIO

/// lbd's own figures. The control thread owns it.
struct DaemonFigures {
  /// The wall's clock when lbd began, in nanoseconds since 1970.
  let start = Clock.wall()
  /// Descriptors that lbd may have open.
  let descriptors = Descriptor.raiseLimit()
  /// When the conf in force was applied, in nanoseconds since 1970.
  private(set) var lastReload: UInt64
  private(set) var isLastReloadDone = true
  private(set) var reloadsDone = 0
  private(set) var reloadsRefused = 0
  /// What the listener was last answered, and when by the monotonic clock.
  var lastText: (time: UInt64, bytes: [UInt8]) = (0, [])

  init() {
    lastReload = start
  }

  mutating func reloaded(_ isDone: Bool) {
    isLastReloadDone = isDone
    if isDone {
      reloadsDone += 1
      lastReload = Clock.wall()
    } else {
      reloadsRefused += 1
    }
  }
}
