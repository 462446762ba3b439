// How a command ends when it does not do what it was asked: a code for scripts, a line for people, or
// both in JSON.

import ControlProtocol

/// The exit codes, which scripts rely on.
enum ExitCode: Int32 {
  case done = 0
  case failed = 1
  case usage = 2
  case notRunning = 3
  case noSuchReplica = 4
  case timedOut = 5

  /// The same for JSON.
  var word: String {
    switch self {
    case .done: "done"
    case .failed: "failed"
    case .usage: "usage"
    case .notRunning: "not-running"
    case .noSuchReplica: "no-such-replica"
    case .timedOut: "timed-out"
    }
  }
}

/// Why a command ends early. The message goes to standard error behind `lbctl: `, or with `--json` in
/// an object to standard output.
struct Failure: Error, Equatable, JSONWritable {
  let code: ExitCode
  let message: String

  init(_ code: ExitCode, _ message: String) {
    self.code = code
    self.message = message
  }

  static func usage(_ message: String) -> Failure {
    Failure(.usage, message)
  }

  func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("schema", 1)
      write(fieldsTo: &$0)
    }
  }

  /// The fields alone, where an object has others too.
  func write(fieldsTo writer: inout JSONWriter) {
    writer.field("error", code.word)
    writer.field("code", Int(code.rawValue))
    writer.field("detail", message)
  }
}
