// Standard output: written at once, since programs that are started here write there too.

import LinuxIO

/// Where the lines go that were asked for.
enum Output {
  static func write(_ text: String) throws(Failure) {
    let bytes = Array((text.hasSuffix("\n") || text.isEmpty ? text : text + "\n").utf8)
    do throws(SystemError) {
      try Terminal.write(bytes.span, to: .output)
    } catch {
      throw Failure("standard output: \(error.reason)")
    }
  }
}
