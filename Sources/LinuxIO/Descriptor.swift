// A file descriptor with exactly one owner. Whoever holds the value holds the resource, and the
// kernel's object goes when the value does: no path of the code can leak or close one twice.

import Glibc

/// The single owner of an open file descriptor; closes it at the end of its life.
package struct Descriptor: ~Copyable, Sendable {
  /// The number to name in a call. Borrow it for that call only; it is reused after the close.
  package let raw: Int32

  /// Takes over `raw`, which nobody else may close.
  package init(owning raw: Int32) {
    self.raw = raw
  }

  deinit {
    _ = close(raw)
  }

  /// Gives the number away without closing it, for a child or another owner.
  package consuming func release() -> Int32 {
    let number = raw
    discard self
    return number
  }
}

extension Descriptor {
  /// Opens a file. `mode` counts only when `flags` create it.
  package static func open(
    _ path: String, _ flags: Int32, mode: UInt32 = 0
  ) throws(SystemError) -> Descriptor {
    Descriptor(
      owning: try retrying("open") { unsafe Glibc.open(path, flags | O_CLOEXEC, mode) })
  }

  /// A second descriptor of the same open file; each is closed on its own.
  package func duplicate() throws(SystemError) -> Descriptor {
    Descriptor(owning: try retrying("fcntl") { fcntl(raw, F_DUPFD_CLOEXEC, 0) })
  }

  /// How many more descriptors this process could ever hold: the soft `RLIMIT_NOFILE`, raised to
  /// the hard limit first, since a balancer's connections are what the limit is there for.
  package static func raiseLimit() -> Int {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
      return 1024
    }
    if limit.rlim_cur < limit.rlim_max {
      var raised = limit
      raised.rlim_cur = limit.rlim_max
      if unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 {
        limit = raised
      }
    }
    return Int(clamping: limit.rlim_cur)
  }
}
