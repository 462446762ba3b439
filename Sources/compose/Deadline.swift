// Waiting for what another process does: every wait here has an end.

import LinuxIO

/// A time by which something must have happened, counted from now on.
struct Deadline {
  private let end: UInt64

  init(seconds: Int) {
    end = Clock.now() + UInt64(seconds) * 1_000_000_000
  }

  /// Waits until `holds` does; false when it does not in time. Looks at least once.
  func wait<Trouble: Error>(until holds: () throws(Trouble) -> Bool) throws(Trouble) -> Bool {
    while try !holds() {
      guard Clock.now() < end else { return false }
      Clock.sleep(milliseconds: 30)
    }
    return true
  }
}
