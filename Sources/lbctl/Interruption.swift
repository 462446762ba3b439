// The wish of a person, or of a supervisor, that a command which goes on by itself ends; also said by
// no longer reading what it writes.

import Glibc
import LinuxIO

/// SIGINT and SIGTERM, held back from the moment this exists and waited for here.
struct Interruption: ~Copyable {
  private let signals: Signals

  init() throws(SystemError) {
    signals = try Signals([SIGINT, SIGTERM])
  }

  /// Awaited from now on.
  static func awaited() throws(Failure) -> Interruption {
    do throws(SystemError) {
      return try Interruption()
    } catch {
      throw Failure(.failed, error.description)
    }
  }

  /// Waits so long for it, or for the reader of standard output to be gone. True when it came.
  func came(within milliseconds: Int) -> Bool {
    signals.descriptor.wait(until: .readable, orUnread: .output, milliseconds: milliseconds)
      != .timedOut
  }
}
