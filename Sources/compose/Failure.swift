// How a run of compose ends when it does not do what it was asked.

/// The exit codes.
enum ExitCode: Int32 {
  case done = 0
  case failed = 1
  case usage = 2
}

/// Why a run ends early. The message goes to standard error: what, where, and what to do next.
struct Failure: Error {
  let code: ExitCode
  let message: String

  init(_ message: String) {
    code = .failed
    self.message = message
  }

  private init(_ code: ExitCode, _ message: String) {
    self.code = code
    self.message = message
  }

  static func usage(_ message: String) -> Failure {
    Failure(.usage, message)
  }
}
