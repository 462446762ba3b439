// How a command ends when it does not do what it was asked: a code for scripts, a line for people.

/// The exit codes, which scripts rely on.
enum ExitCode: Int32 {
  case done = 0
  case failed = 1
  case usage = 2
  case notRunning = 3
  case noSuchReplica = 4
  case timedOut = 5
}

/// Why a command ends early. The message goes to standard error behind `lbctl: `.
struct Failure: Error, Equatable {
  let code: ExitCode
  let message: String

  init(_ code: ExitCode, _ message: String) {
    self.code = code
    self.message = message
  }

  static func usage(_ message: String) -> Failure {
    Failure(.usage, message)
  }
}
