// A process under test: started, watched, and gone when the test is.

import Foundation
import LinuxIO

/// A running command. Its output goes to files, so that nothing waits for a reader; it is killed when
/// the value goes away.
final class Child {
  private let process = Process()
  private let outputPath: String
  private let errorPath: String
  private let keepsFiles: Bool

  /// Starts a command.
  /// - Parameter log: where the output goes, without `.out` and `.err`.
  init(
    _ path: String, _ arguments: [String], log: String? = nil, environment: [String: String] = [:]
  ) throws {
    let base =
      log ?? FileManager.default.temporaryDirectory.path + "/lbd-child-" + UUID().uuidString
    keepsFiles = log != nil
    outputPath = base + ".out"
    errorPath = base + ".err"
    for path in [outputPath, errorPath] {
      _ = FileManager.default.createFile(atPath: path, contents: nil)
    }
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.environment = ["PATH": "/usr/bin:/bin"].merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: outputPath))
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: errorPath))
    try process.run()
  }

  deinit {
    if process.isRunning {
      signal(SIGKILL)
      try? eventually("the end of a killed process") { !process.isRunning }
    }
    guard !keepsFiles else { return }
    for path in [outputPath, errorPath] { try? FileManager.default.removeItem(atPath: path) }
  }

  /// Starts one of the commands under test.
  static func start(
    _ name: String, _ arguments: [String], log: String? = nil, environment: [String: String] = [:]
  ) throws -> Child {
    try Child(Binaries.path(name), arguments, log: log, environment: environment)
  }

  /// Runs one of the commands under test to its end.
  static func run(
    _ name: String, _ arguments: [String], environment: [String: String] = [:],
    within seconds: Double = 30
  ) throws -> Outcome {
    let child = try start(name, arguments, environment: environment)
    return try child.outcome(within: seconds)
  }

  /// What a command left.
  struct Outcome: Equatable {
    let status: Int32
    let output: String
    let error: String
  }

  var pid: Int32 { process.processIdentifier }
  var isRunning: Bool { process.isRunning }
  var output: String { (try? String(contentsOfFile: outputPath, encoding: .utf8)) ?? "" }
  var error: String { (try? String(contentsOfFile: errorPath, encoding: .utf8)) ?? "" }

  func signal(_ number: Int32) {
    _ = kill(pid, number)
  }

  /// Waits for its end. A death by signal counts as 128 and the signal's number, as in a shell.
  func exitStatus(within seconds: Double = 10) throws -> Int32 {
    try eventually("the end of pid \(pid)\n\(error)", within: seconds) { !process.isRunning }
    let status = process.terminationStatus
    return process.terminationReason == .uncaughtSignal ? 128 + status : status
  }

  func outcome(within seconds: Double = 10) throws -> Outcome {
    let status = try exitStatus(within: seconds)
    return Outcome(status: status, output: output, error: error)
  }

  /// A number of `/proc/PID/status` in KiB, such as `VmRSS`.
  func kibibytes(_ name: String) throws -> Int {
    let text = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
    let line = text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
    guard let number = line?.split(whereSeparator: \.isWhitespace).dropFirst().first,
      let value = Int(number)
    else { throw Failure("/proc/\(pid)/status has no \(name)") }
    return value
  }
}
