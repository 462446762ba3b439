// The wish of a person, or of a supervisor, that a command which goes on by itself ends.

import Glibc
import LinuxIO

/// SIGINT and SIGTERM, held back from the moment this exists and waited for here.
struct Interruption: ~Copyable {
  private let signals: Signals

  init() throws(SystemError) {
    signals = try Signals([SIGINT, SIGTERM])
  }

  /// Waits so long for it. True when it came.
  func came(within milliseconds: Int) -> Bool {
    signals.descriptor.wait(until: .readable, milliseconds: milliseconds) == .ready
  }
}
