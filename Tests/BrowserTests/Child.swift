// A process that a test starts and that ends with it, whatever happens in between.

import Foundation
import Glibc
import Synchronization
import TestSupport

/// One running program. Its output is kept in a file, for the message of a failed test.
final class Child: Sendable {
  private let process: Mutex<Process>
  let pid: pid_t
  private let log: URL

  init(
    _ program: String, _ arguments: [String], in directory: URL,
    environment: [String: String] = [:]
  ) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.currentDirectoryURL = directory
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    log = directory.appending(path: "\(process.executableURL!.lastPathComponent)-\(UUID()).log")
    _ = FileManager.default.createFile(atPath: log.path, contents: nil)
    let output = try FileHandle(forWritingTo: log)
    process.standardOutput = output
    process.standardError = output
    try Child.start(process)
    pid = process.processIdentifier
    self.process = Mutex(process)
  }

  deinit { kill() }

  /// A child inherits the signals that its maker's thread blocks, and Swift's threads block TERM:
  /// so they are let through while it is made.
  private static func start(_ process: Process) throws {
    var (none, before) = (sigset_t(), sigset_t())
    unsafe pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
    do {
      try process.start()
    } catch {
      throw TestFailure("\(process.executableURL?.path ?? "-") does not start: \(error)")
    }
  }

  /// What it has written so far.
  var output: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

  func kill() {
    process.withLock { process in
      guard process.isRunning else { return }
      _ = Glibc.kill(pid, SIGKILL)
      process.waitUntilExit()
    }
  }

  /// Asks it to end, as systemd would, and waits until it has.
  func end() {
    process.withLock { process in
      guard process.isRunning else { return }
      process.terminate()
      process.waitUntilExit()
    }
  }
}

/// Tries every 50 ms, for up to `seconds`, until something is there.
@discardableResult
func until<Value>(
  _ what: String, seconds: Double = 10, _ attempt: () throws -> Value?
) async throws -> Value {
  let end = ContinuousClock.now + .seconds(seconds)
  while true {
    if let value = try attempt() { return value }
    guard ContinuousClock.now < end else { throw TestFailure("not within \(seconds) s: \(what)") }
    try await Task.sleep(for: .milliseconds(50))
  }
}
