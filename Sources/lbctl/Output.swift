// Standard output of a command: lines and bytes, and whether they may be coloured or redrawn.

import LinuxIO

/// Where a command's data goes. What could not be written is a failure: data that is cut short must
/// not look whole to a script.
struct Output {
  let isTerminal: Bool
  let isColoured: Bool

  init(environment: [String: String]) {
    isTerminal = Terminal.isTerminal(.output)
    // no-color.org: present and not empty.
    isColoured = isTerminal && (environment["NO_COLOR"] ?? "").isEmpty
  }

  func write(lines: [String]) throws(Failure) {
    try write(lines.map { "\($0)\n" }.joined())
  }

  /// Writes bytes as they are and ends their last line.
  func write(line bytes: [UInt8]) throws(Failure) {
    try write(bytes.last == 0x0A ? bytes : bytes + [0x0A])
  }

  func write(_ text: String) throws(Failure) {
    try write(Array(text.utf8))
  }

  private func write(_ bytes: [UInt8]) throws(Failure) {
    do throws(SystemError) {
      try Terminal.write(bytes.span, to: .output)
    } catch {
      throw Failure(.failed, "standard output: \(error.reason)")
    }
  }
}
