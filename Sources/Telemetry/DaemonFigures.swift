// What the metrics need to know of lbd as a whole and that nothing else keeps.

import LinuxIO

/// lbd's own figures. The control thread owns it.
package struct DaemonFigures {
  /// The wall's clock when lbd began, in nanoseconds since 1970.
  package let start = Clock.wall()
  /// Descriptors that lbd may have open.
  package let descriptors = Descriptor.raiseLimit()
  /// When the conf in force was applied, in nanoseconds since 1970.
  package private(set) var lastReload: UInt64
  package private(set) var isLastReloadDone = true
  package private(set) var reloadsDone = 0
  package private(set) var reloadsRefused = 0
  /// What the listener was last answered, and when by the monotonic clock.
  package var lastText: (time: UInt64, bytes: [UInt8]) = (0, [])

  package init() {
    lastReload = start
  }

  package mutating func reloaded(_ isDone: Bool) {
    isLastReloadDone = isDone
    if isDone {
      reloadsDone += 1
      lastReload = Clock.wall()
    } else {
      reloadsRefused += 1
    }
  }
}
