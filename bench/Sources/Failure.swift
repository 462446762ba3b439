// How a run of bench ends when it does not do what it was asked.

/// The exit codes.
enum ExitCode: Int32 {
  case done = 0
  case failed = 1
  case usage = 2
  /// As a shell says it of what a signal ended.
  case hungUp = 129
  case interrupted = 130
  case terminated = 143
}

/// Why a run ends early. The message goes to standard error: what, where, and what to do next.
struct Failure: Error {
  let code: ExitCode
  let message: String

  init(_ message: String, _ code: ExitCode = .failed) {
    self.code = code
    self.message = message
  }
}
