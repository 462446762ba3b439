// A point that one thread passes only after another has come to its own.

import LinuxIO
import Synchronization
import TestSupport

/// Closed at first; once opened it stays so.
final class Gate: Sendable {
  private let state = Atomic(false)

  var isOpen: Bool { state.load(ordering: .acquiring) }

  func open() { state.store(true, ordering: .releasing) }

  func wait() throws {
    try eventually("the gate opens") { isOpen }
  }
}
