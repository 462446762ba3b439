// Signals as something to read: blocked in every thread, taken from a signalfd by the control thread.

import CLinux
import Glibc

/// A signalfd over a set of signals that are blocked in the whole process.
package struct Signals: ~Copyable {
  package let descriptor: Descriptor

  /// Blocks the signals in the calling thread and all that it starts, and opens the descriptor.
  /// Call it before any other thread is started. SIGPIPE and SIGXFSZ are ignored too.
  package init(_ numbers: [Int32]) throws(SystemError) {
    var set = sigset_t()
    // Safe: each call reads or writes the set while it runs only.
    unsafe sigemptyset(&set)
    for number in numbers { unsafe sigaddset(&set, number) }
    unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    _ = signal(SIGPIPE, SIG_IGN)
    // A file that may not grow any more refuses what is written, as a full disk does.
    _ = signal(SIGXFSZ, SIG_IGN)
    var copy = set
    descriptor = Descriptor(
      owning: try retrying("signalfd") {
        unsafe signalfd(-1, &copy, Int32(SFD_CLOEXEC | SFD_NONBLOCK))
      })
  }

  /// The next signal that came, or nil.
  package func next() -> Int32? {
    var info = signalfd_siginfo()
    let size = MemoryLayout<signalfd_siginfo>.size
    // Safe: the kernel writes at most the size of `info`, any bytes of which are a value.
    let count = unsafe read(descriptor.raw, &info, size)
    return count == size ? Int32(bitPattern: info.ssi_signo) : nil
  }
}
