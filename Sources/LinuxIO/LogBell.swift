// How the threads that write into rings wake the one that empties them, without a call for each line:
// the reader says when it sleeps without end, and only then does a line ring.

/// A bell that is armed while its reader sleeps without end. Any number of writers, one reader.
package final class LogBell: Sendable {
  package let wakeUp: WakeUp
  private let cells = SharedCells(count: 1)

  package init() throws(SystemError) {
    wakeUp = try WakeUp()
  }

  /// A writer has something for a reader that may sleep without end.
  @inline(__always)
  func stir() {
    if cells.peek(0) == 1 && cells.exchange(0, from: 1, to: 0) { wakeUp.ring() }
  }

  /// The reader means to sleep without end. A writer that looks at this very moment may not see it
  /// yet, nor the reader what that one wrote: so the reader looks once more a good while later, when
  /// each has seen the other, and sleeps only then. It spares the writers a fence for each line.
  package func arm() {
    cells.store(0, 1)
  }
}
