// A process under test: started, watched, and gone when the test is.

import Foundation
import Glibc
import LinuxIO
import TestSupport

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
    _ path: String, _ arguments: [String], log: String? = nil,
    environment: [String: String] = [:], input: FileHandle = .nullDevice
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
    process.standardInput = input
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: outputPath))
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: errorPath))
    try process.start()
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

  /// Stops it, does something that it sees all at once, and lets it go on.
  func paused<Value>(_ body: () throws -> Value) throws -> Value {
    signal(SIGSTOP)
    defer { signal(SIGCONT) }
    try eventually("pid \(pid) stands still") { try areThreadsStopped() }
    return try body()
  }

  /// Waits for its end. A death by signal counts as 128 and the signal's number, as in a shell.
  func exitStatus(within seconds: Double = 60) throws -> Int32 {
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
    else { throw TestFailure("/proc/\(pid)/status has no \(name)") }
    return value
  }

  /// Each thread stops when it gets to it, after what it finds on its way out of a system call.
  private func areThreadsStopped() throws -> Bool {
    let threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")
    return try threads.allSatisfy { thread in
      let text = try String(contentsOfFile: "/proc/\(pid)/task/\(thread)/stat", encoding: .utf8)
      guard let name = text.lastIndex(of: ")") else { throw TestFailure("\(thread): \(text)") }
      return text[name...].dropFirst(2).first == "T"
    }
  }

  /// The fields of `/proc/PID/stat` from the third on, which is the state.
  private func statistics() throws -> [Substring] {
    let text = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
    guard let name = text.lastIndex(of: ")") else {
      throw TestFailure("/proc/\(pid)/stat: \(text)")
    }
    return text[name...].dropFirst().split(separator: " ")
  }

  /// How much processor time it uses while `seconds` pass, in hundredths of one processor.
  func load(seconds: Int = 1) throws -> Int {
    let before = try processorTicks()
    let start = Clock.now()
    Clock.sleep(milliseconds: seconds * 1000)
    let ticks = try processorTicks() - before
    return ticks * 1_000_000_000 / Int(Clock.now() - start)
  }

  /// Processor time so far, in hundredths of a second.
  private func processorTicks() throws -> Int {
    let fields = try statistics()
    guard let user = Int(fields[11]), let system = Int(fields[12]) else {
      throw TestFailure("/proc/\(pid)/stat has no times")
    }
    return (user + system) * 100 / sysconf(Int32(_SC_CLK_TCK))
  }

  /// How many descriptors it has open.
  func descriptors() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count
  }

  /// How many threads it has.
  func threads() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task").count
  }

  /// Sets how many descriptors it may have. What it could raise the limit to stays.
  func limitDescriptors(to count: Int) throws {
    let prlimit = try Child("/usr/bin/prlimit", ["--pid", "\(pid)", "--nofile=\(count):"])
    let outcome = try prlimit.outcome()
    guard outcome.status == 0 else { throw TestFailure("prlimit: \(outcome.error)") }
  }
}
