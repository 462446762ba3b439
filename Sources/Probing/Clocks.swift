// When something was, in the words of the log, for what was noted by the clock that never jumps.

import HTTPWire

/// Both clocks at one moment, so that what was noted by the monotonic one can be told by the wall's.
package struct Clocks {
  package let now: UInt64
  package let wall: UInt64

  package init(now: UInt64, wall: UInt64) {
    self.now = now
    self.wall = wall
  }

  package func secondsAgo(_ time: UInt64) -> Double {
    Double(now - min(time, now)) / 1e9
  }

  /// The wall's time of a moment of the monotonic clock, as the log writes it.
  package func text(_ time: UInt64) -> String {
    let past = now - min(time, now)
    return Timestamp.text(wall - min(past, wall))
  }
}
