// Starting processes from many tests at once.

package import Foundation
import Synchronization

private let starts = Mutex(())

extension Process {
  /// Runs it, one at a time of all that a test run starts: two at the same moment have crashed inside of
  /// Foundation (Swift 6.3.1).
  package func start() throws {
    try starts.withLock { _ in try run() }
  }
}
