// Signals as something to read: blocked in every thread, taken from a signalfd by the control thread.

import CLinux
import Glibc

/// A signalfd over a set of signals that are blocked in the whole process.
package struct Signals: ~Copyable {
  package let descriptor: Descriptor

  /// Blocks the signals in the calling thread and all that it starts, and opens the descriptor.
  /// Call it before any other thread is started. SIGPIPE and SIGXFSZ are ignored too.
  package init(_ numbers: [Int32]) throws(SystemError) {
    Signals.hold(numbers)
    _ = signal(SIGPIPE, SIG_IGN)
    // A file that may not grow any more refuses what is written, as a full disk does.
    _ = signal(SIGXFSZ, SIG_IGN)
    var set = Signals.set(numbers)
    descriptor = Descriptor(
      owning: try retrying("signalfd") {
        unsafe signalfd(-1, &set, Int32(SFD_CLOEXEC | SFD_NONBLOCK))
      })
  }

  /// Keeps signals from having any effect until they are released or read: those that come wait, one of
  /// each. For the calling thread and all that it starts.
  package static func hold(_ numbers: [Int32]) {
    var set = set(numbers)
    // Safe: the set is read while the call runs only.
    unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
  }

  /// Lets signals have their effect again, also those that wait.
  package static func release(_ numbers: [Int32]) {
    var set = set(numbers)
    // Safe: the set is read while the call runs only.
    unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
  }

  /// Has these signals, which were held, end the process at once with status 0, as long as nothing is
  /// open that would have to be put in order: until they are made something to read. Those that whoever
  /// started the process had it ignore stay ignored.
  package static func endAtOnce(on numbers: [Int32]) {
    for number in numbers {
      var former = sigaction()
      // Safe: the kernel writes the one value during the call only.
      guard unsafe sigaction(number, nil, &former) == 0 else { continue }
      let handler = unsafe former.__sigaction_handler.sa_handler
      // SIG_IGN is the address 1, SIG_DFL none at all.
      if unsafe unsafeBitCast(handler, to: Int.self) == 1 { continue }
      _ = signal(number) { _ in _exit(0) }
    }
    release(numbers)
  }

  private static func set(_ numbers: [Int32]) -> sigset_t {
    var set = sigset_t()
    // Safe: each call writes the set while it runs only.
    unsafe sigemptyset(&set)
    for number in numbers { unsafe sigaddset(&set, number) }
    return set
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
