// How far a run is: one line on standard error, on a terminal always the same one.

import CommandText
import LinuxIO

/// Counts steps and guesses from those that were done how long the others take.
final class Progress {
  var total = 0
  private var done = 0
  private let start = Clock.now()
  private let isTerminal = Terminal.isTerminal(.error)

  /// Begins a step.
  func step(_ what: String) {
    let elapsed = Double(Clock.now() - start) / 1e9
    let left = elapsed / Double(max(1, done)) * Double(total - done)
    let guess = done == 0 ? "" : ", about \(Readable.duration(seconds: left)) left"
    done += 1
    show("[\(done)/\(total)] \(what)\(guess)")
  }

  /// Nothing more is to come.
  func end() {
    if isTerminal { show("") }
  }

  private func show(_ text: String) {
    guard isTerminal else { return Console.error(text) }
    let bytes = Array("\r\u{1B}[K\(text)".utf8)
    try? Terminal.write(bytes.span, to: .error)
  }
}
