// How one thread ends another's wait: an eventfd in the other's Poller.

import CLinux
import Glibc

/// An eventfd. Any thread may ring it; the thread that watches it clears it.
package struct WakeUp: ~Copyable, Sendable {
  package let descriptor: Descriptor

  package init() throws(SystemError) {
    descriptor = Descriptor(
      owning: try retrying("eventfd") { eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK)) })
  }

  /// Makes the watcher's wait end. Rings before a clear count as one.
  package func ring() {
    var one: UInt64 = 1
    _ = unsafe write(descriptor.raw, &one, 8)
  }

  /// Takes note of all rings so far.
  package func clear() {
    var count: UInt64 = 0
    _ = unsafe read(descriptor.raw, &count, 8)
  }
}
