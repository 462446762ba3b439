// The one clock: monotonic, so that a change of the wall's clock moves no deadline.

import Glibc

/// Monotonic time. Workers read it once for each batch of events (24 ns).
package enum Clock {
  /// Nanoseconds since a point that does not move while the machine is up.
  package static func now() -> UInt64 {
    read(CLOCK_MONOTONIC)
  }

  /// Nanoseconds since 1970 by the wall's clock, for what people and logs read.
  package static func wall() -> UInt64 {
    read(CLOCK_REALTIME)
  }

  /// Seconds since 1970 by the wall's clock, as a Date field says it.
  package static func wallSeconds() -> Int { Int(wall() / 1_000_000_000) }

  private static func read(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    // Safe: the kernel writes one timespec during the call only.
    _ = unsafe clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  /// Blocks the calling thread. For commands and trial servers; lbd's own threads wait in a Poller.
  package static func sleep(milliseconds: Int) {
    guard milliseconds > 0 else { return }
    var time = timespec(tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000)
    var left = timespec()
    while unsafe nanosleep(&time, &left) != 0 && errno == EINTR { time = left }
  }
}
