// What a refused system call comes to. Thrown at the edges (opening, binding, spawning); the calls
// that move bytes answer with outcomes instead, since there "would block" is no error.

import Glibc

/// A system call that failed: which one, on what, and the kernel's `errno`.
package struct SystemError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The call's name, such as `bind`.
  package let call: String
  /// The kernel's reason, as `errno` gave it.
  package let code: Int32

  package init(_ call: String, _ code: Int32) {
    self.call = call
    self.code = code
  }

  /// The kernel's reason in words, such as `Address already in use`.
  package var reason: String { SystemError.text(code) }

  package var description: String { "\(call): \(reason)" }

  /// Whether an `errno` says that this process or machine is short of something, and nothing of the
  /// peer.
  package static func isOwnFault(_ code: Int32) -> Bool {
    switch code {
    case EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL: true
    default: false
    }
  }

  /// Whether an `errno` says that something took too long.
  package static func isTimeout(_ code: Int32) -> Bool { code == ETIMEDOUT }

  /// The words of an `errno` value.
  package static func text(_ code: Int32) -> String {
    // Safe: strerror answers with a NUL-terminated text for every value, copied at once.
    unsafe String(cString: strerror(code))
  }
}

extension SystemError {
  /// An `errno` in the one or two words that a table has room for.
  package static func brief(_ code: Int32) -> String { brief(text(code)) }

  /// The same of a reason in words.
  package static func brief(_ text: String) -> String {
    for (long, short) in [
      ("Connection refused", "refused"), ("Connection reset by peer", "reset"),
      ("Connection timed out", "timeout"), ("No route to host", "no route"),
      ("Network is unreachable", "unreachable"), ("No such file or directory", "no socket"),
    ] where text == long { return short }
    return text.lowercased()
  }
}

/// Runs a call again while a signal interrupts it, then gives its value or the `errno`.
@inline(__always)
func retrying(_ call: String, _ body: () -> Int32) throws(SystemError) -> Int32 {
  while true {
    let value = body()
    if value >= 0 { return value }
    let code = errno
    if code != EINTR { throw SystemError(call, code) }
  }
}
