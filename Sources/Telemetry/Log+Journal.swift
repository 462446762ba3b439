// An event of the log as the journal has it: each fact a field that journalctl can ask for.

import Configuration
import ControlProtocol
import LinuxIO

extension Log {
  /// The entry's fields: the journal's own, then the event's, `replica` as `LBD_REPLICA`.
  static func entry(
    _ level: LogLevel, _ message: String, _ fields: KeyValuePairs<String, String>
  ) -> [(name: String, value: String)] {
    var entry = [
      (name: "MESSAGE", value: HiddenText.shown(message)), ("PRIORITY", "\(priority(level))"),
      ("SYSLOG_IDENTIFIER", "lbd"),
    ]
    for (name, value) in fields {
      if name == "event", let id = MessageID.all[value] { entry.append(("MESSAGE_ID", id)) }
      entry.append(("LBD_" + journalName(name), HiddenText.shown(value)))
    }
    return entry
  }

  /// A level as syslog(3) counts it.
  private static func priority(_ level: LogLevel) -> Int {
    switch level {
    case .debug: 7
    case .info: 6
    case .warning: 4
    case .error: 3
    }
  }

  /// A field's name in the journal's letters.
  private static func journalName(_ name: String) -> String {
    let isKept = { (letter: Character) in letter.isASCII && (letter.isLetter || letter.isNumber) }
    return String(name.uppercased().map { isKept($0) ? $0 : "_" })
  }
}
