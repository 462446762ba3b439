// What lbd says while it runs: an entry in systemd's journal for each event where standard error leads
// there, else a line to standard error, text for people at a terminal, one JSON object for the rest.

package import Configuration
import ControlProtocol
import HTTPWire
package import LinuxIO

/// The daemon's log. The control thread owns it; workers never write. It never waits: lines that a
/// slow reader leaves no room for are counted and dropped.
package struct Log {
  private let level: Int
  private let isJSON: Bool
  /// Where entries go while `[log] format` leaves the choice to lbd.
  private let usesJournal: Bool
  private let journal: Journal?
  private var dropped = 0
  /// Lines dropped since lbd began.
  package private(set) var drops = 0

  /// - Parameters:
  ///   - former: the log that this one takes over from, with its journal.
  ///   - journal: systemd's, where standard error leads there.
  package init(_ configuration: LogConfiguration, after former: Log? = nil, journal: Journal? = nil)
  {
    drops = former?.drops ?? 0
    self.journal = journal ?? former?.journal
    usesJournal = configuration.format == .auto
    level = Log.rank(configuration.level)
    switch configuration.format {
    case .text: isJSON = false
    case .json: isJSON = true
    case .auto: isJSON = !Terminal.isTerminal(.error)
    }
  }

  private static func rank(_ level: LogLevel) -> Int {
    LogLevel.allCases.firstIndex(of: level) ?? 0
  }

  /// Writes an event.
  /// - Parameters:
  ///   - message: a sentence for people, in small letters.
  ///   - fields: the same facts for programs, in their order.
  package mutating func write(
    _ level: LogLevel, _ message: String, _ fields: KeyValuePairs<String, String> = [:]
  ) {
    guard Log.rank(level) >= self.level else { return }
    if dropped > 0 && put(.warning, "\(dropped) lines of this log were dropped", [:]) {
      dropped = 0
    }
    if !put(level, message, fields) { (dropped, drops) = (dropped + 1, drops + 1) }
  }

  /// False when there was no room.
  private func put(
    _ level: LogLevel, _ message: String, _ fields: KeyValuePairs<String, String>
  ) -> Bool {
    if usesJournal, let journal {
      switch journal.send(Log.entry(level, message, fields)) {
      case .sent: return true
      case .full: return false
      case .refused: break
      }
    }
    var text = line(level, message, fields, most: .max)
    if text.utf8.count >= Console.most {
      let texts = isJSON ? fields.count + 1 : 1
      text = line(level, message, fields, most: Log.mostOfLong / texts)
    }
    return Console.errorIfReady(text)
  }

  /// Of a line that is too long for a pipe, each text keeps its part of this many bytes: escaped, one
  /// byte may become six.
  private static let mostOfLong = (Console.most - 512) / 6

  /// A text's first bytes, at most so many.
  private static func clipped(_ text: String, most: Int) -> String {
    guard text.utf8.count > most else { return text }
    return String(decoding: text.utf8.prefix(most), as: UTF8.self) + "…"
  }

  private func line(
    _ level: LogLevel, _ message: String, _ fields: KeyValuePairs<String, String>, most: Int
  ) -> String {
    let message = Log.clipped(message, most: most)
    let time = Timestamp.text(Clock.wall())
    guard isJSON else {
      return "\(time) \(level.rawValue) \(HiddenText.shown(message))"
    }
    var writer = JSONWriter()
    writer.object {
      $0.field("time", time)
      $0.field("level", level.rawValue)
      $0.field("message", message)
      for (name, value) in fields { $0.field(name, Log.clipped(value, most: most)) }
    }
    return String(decoding: writer.bytes, as: UTF8.self)
  }
}

/// How many lines a second one kind of event may write, since a dead pool answers faster than
/// anyone reads.
package struct LineBudget {
  private static let linesPerSecond = 20
  private var second: UInt64 = 0
  private var lines = 0
  private var skipped = 0

  package init() {}

  /// Whether one more line may be written.
  package mutating func take(now: UInt64) -> Bool {
    let current = now / 1_000_000_000
    if current != second { (second, lines) = (current, 0) }
    lines += 1
    let fits = lines <= LineBudget.linesPerSecond
    if !fits { skipped += 1 }
    return fits
  }

  /// How many lines were not written since the last call; nil for none.
  package mutating func takeSkipped() -> Int? {
    guard skipped > 0 else { return nil }
    defer { skipped = 0 }
    return skipped
  }
}
