// Where a command's data goes: standard output, and what is known of a terminal at its end.

import Glibc

/// Standard output and error as a command sees them. Blocking; for commands, not for lbd.
package enum Terminal {
  /// Which of the two.
  package enum Stream: Int32, Sendable {
    case output = 1
    case error = 2
  }

  /// Whether a person may be reading there.
  package static func isTerminal(_ stream: Stream) -> Bool {
    isatty(stream.rawValue) == 1
  }

  /// The size of the terminal at standard output, or nil where there is none or it tells none.
  package static func size() -> (columns: Int, rows: Int)? {
    var size = winsize()
    // Safe: the kernel writes a winsize during the call only.
    guard unsafe ioctl(Stream.output.rawValue, UInt(TIOCGWINSZ), &size) == 0,
      size.ws_col > 0, size.ws_row > 0
    else { return nil }
    return (Int(size.ws_col), Int(size.ws_row))
  }

  /// Writes all bytes, however many calls it takes and however long the reader does.
  package static func write(_ bytes: Span<UInt8>, to stream: Stream) throws(SystemError) {
    var offset = 0
    while offset < bytes.count {
      let rest = bytes.extracting(offset..<bytes.count)
      // Safe: the kernel reads the span's bytes during the call only.
      let count = unsafe rest.withUnsafeBytes { source in
        unsafe Glibc.write(stream.rawValue, source.baseAddress, source.count)
      }
      if count > 0 {
        offset += count
      } else if errno == EAGAIN {
        // A terminal that another program left non-blocking.
        Clock.sleep(milliseconds: 1)
      } else if errno != EINTR {
        throw SystemError("write", errno)
      }
    }
  }
}
