// The one place through which all that a command writes goes. Much of it was made elsewhere: by lbd, by
// whoever answers at its socket, by replicas. None of it reaches a terminal as more than text.

import CommandText
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

  /// Writes lines of text, of which only the colours of tables are more than that.
  func write(lines: [String]) throws(Failure) {
    try write(Array(clean(lines).map { "\($0)\n" }.joined().utf8))
  }

  /// Writes one value of JSON in a line.
  func write(json: [UInt8]) throws(Failure) {
    try write(ended(Readable.clean(json: json)))
  }

  /// Writes a document and ends its last line: as it came, but on a terminal as text.
  func write(document bytes: [UInt8]) throws(Failure) {
    guard isTerminal else { return try write(ended(bytes)) }
    let text = Readable.clean(String(decoding: bytes, as: UTF8.self), keepsLines: true)
    try write(ended(Array(text.utf8)))
  }

  /// Makes room on the terminal for the first of some frames.
  func clearScreen() throws(Failure) {
    try write(Array(Screen.clear.utf8))
  }

  /// Writes lines over what stands on the terminal, cut to its size so that nothing scrolls.
  /// - Parameter last: the lines below, which stay where there is no room for all.
  func redraw(_ lines: [String], above last: [String] = []) throws(Failure) {
    let screen = Screen(Terminal.size() ?? (80, 24))
    try write(Array(screen.frame(clean(lines), above: clean(last)).utf8))
  }

  /// Where long texts are broken: at a terminal's end. On a pipe each stays in its line, for grep and its
  /// like.
  var textWidth: Int? { isTerminal ? room.width : nil }

  /// How wide a table may be.
  var room: PoolTable.Room {
    isTerminal ? .terminal(Terminal.size()?.columns ?? 80) : .pipe
  }

  private func clean(_ lines: [String]) -> [String] {
    lines.map { Readable.clean($0, kept: isColoured ? Colour.sequences : []) }
  }

  private func ended(_ bytes: [UInt8]) -> [UInt8] { bytes.last == 0x0A ? bytes : bytes + [0x0A] }

  private func write(_ bytes: [UInt8]) throws(Failure) {
    do throws(SystemError) {
      try Terminal.write(bytes.span, to: .output)
    } catch {
      throw Failure(.failed, "standard output: \(error.reason)")
    }
  }
}

/// Standard error: messages.
enum Messages {
  /// Writes a line behind the command's name.
  static func say(_ message: String) {
    tell("lbctl: \(message)")
  }

  /// Writes a line. Tabs stay: a caret below stands where they put it.
  static func tell(_ line: String) {
    let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
    Console.error(parts.map { Readable.clean(String($0)) }.joined(separator: "\t"))
  }
}
