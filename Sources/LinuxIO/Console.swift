// What a command is told at its start and what it says to people.

import Glibc

/// The process's environment and its standard error.
package enum Console {
  /// The environment as it was at the process's start. Call it before other threads are started.
  package static func environment() -> [String: String] {
    var found: [String: String] = [:]
    var next = unsafe environ
    while let entry = unsafe next.pointee {
      // Safe: `environ` ends with nil, and each entry is a NUL-terminated text that is copied here.
      let text = unsafe String(cString: entry)
      if let sign = text.firstIndex(of: "=") {
        found[String(text[..<sign])] = String(text[text.index(after: sign)...])
      }
      unsafe next += 1
    }
    return found
  }

  /// The bytes that a pipe which is ready takes without a wait, the end of the line included: PIPE_BUF.
  package static let most = 4096

  /// Writes a line to standard error unless its reader is behind. False when the line was not
  /// written: a full pipe must not stop the thread, and one that is ready promises room for no more
  /// than `most` bytes.
  package static func errorIfReady(_ line: String) -> Bool {
    guard line.utf8.count < most else { return false }
    var watched = pollfd(fd: 2, events: Int16(POLLOUT), revents: 0)
    // Safe: the kernel writes into the one entry during the call only.
    guard unsafe poll(&watched, 1, 0) == 1, watched.revents & Int16(POLLOUT) != 0 else {
      return false
    }
    error(line)
    return true
  }

  /// Writes a line to standard error, whole in one call so that lines of threads don't mix.
  package static func error(_ line: String) {
    let bytes = Array("\(line)\n".utf8)
    // Safe: the kernel reads the bytes during the call only. A failure has nobody to be told to.
    unsafe bytes.withUnsafeBytes { _ = unsafe write(2, $0.baseAddress, $0.count) }
  }
}
