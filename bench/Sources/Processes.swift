// The processes of this run and the signals that end it. Whatever happens, what was started is ended:
// every wait here can be cut short by SIGINT, SIGTERM and SIGHUP, which then come out as a Failure.

import Glibc
import LinuxIO

/// Starts processes, waits for them and ends them. Each leads a group of its own.
final class Processes {
  private let signals: Signals
  private let environment: [String: String]
  private var started: [Int32] = []
  private var interruption: Failure?
  /// When the last one was started, by `Clock`.
  private(set) var lastStart: UInt64 = 0

  init(environment: [String: String]) throws(Failure) {
    self.environment = environment
    do throws(SystemError) {
      signals = try Signals([SIGINT, SIGTERM, SIGHUP, SIGCHLD])
    } catch {
      throw Failure("\(error)")
    }
  }

  /// Starts a program; its outputs go to `log`.
  /// - Parameter command: the program's path, then its arguments.
  func start(
    _ command: [String], _ variables: [String: String] = [:], log: String
  ) throws(Failure) -> Int32 {
    if let interruption { throw interruption }
    do throws(SystemError) {
      let program = Program(command, environment: environment.merging(variables) { $1 })
      let file = try Descriptor.open(log, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644)
      lastStart = Clock.now()
      let pid = try program.startApart(log: file)
      started.append(pid)
      return pid
    } catch {
      throw Failure("cannot start \(command[0]): \(error)")
    }
  }

  /// Runs a program that takes no time to its end and gives what it wrote, without empty lines.
  func output(of command: [String]) throws(Failure) -> String {
    let outcome: Program.Outcome
    do throws(SystemError) {
      outcome = try Program(command, environment: environment).run()
    } catch {
      throw Failure("\(command[0]): \(error)")
    }
    let lines = String(decoding: outcome.output, as: UTF8.self).split(separator: "\n")
    guard outcome.status == 0 else {
      throw Failure("\(command[0]) failed: \(lines.joined(separator: "\n"))")
    }
    return lines.joined(separator: "\n")
  }

  // MARK: Waiting

  /// Whether a process has ended; its times can still be read until `reap` or `stop`.
  func hasEnded(_ pid: Int32) -> Bool {
    ProcessTable.startTime(of: pid) == nil
  }

  /// Waits until `holds` does; false when it does not in time. Looks at least once.
  func wait(milliseconds: Int, until holds: () -> Bool) throws(Failure) -> Bool {
    let deadline = Clock.now() + UInt64(milliseconds) * 1_000_000
    while !holds() {
      let now = Clock.now()
      guard now < deadline else { return false }
      sleep(min(100, Int((deadline - now) / 1_000_000) + 1))
      if let interruption { throw interruption }
    }
    return true
  }

  func pause(milliseconds: Int) throws(Failure) {
    _ = try wait(milliseconds: milliseconds) { false }
  }

  /// Takes a signal that came, if one did: for loops that do not wait here.
  func check() throws(Failure) {
    sleep(0)
    if let interruption { throw interruption }
  }

  /// The end of a child ends it, so that nobody waits for longer than that takes.
  private func sleep(_ milliseconds: Int) {
    guard signals.descriptor.wait(until: .readable, milliseconds: milliseconds) == .ready else {
      return
    }
    while let number = signals.next() {
      switch number {
      case SIGINT: interruption = interruption ?? Failure("interrupted", .interrupted)
      case SIGTERM: interruption = interruption ?? Failure("terminated", .terminated)
      case SIGHUP: interruption = interruption ?? Failure("hung up", .hungUp)
      default: break
      }
    }
  }

  // MARK: Ending

  /// Takes the status of a process that has ended.
  func reap(_ pid: Int32) -> Int32 {
    started.removeAll { $0 == pid }
    return Program.awaitEnd(of: pid)
  }

  /// Asks a process to end, waits for it, and ends by force what is left of its group after 3 s. No
  /// signal cuts this short.
  func stop(_ pid: Int32) {
    guard started.contains(pid) else { return }
    try? ProcessTable.signal(pid, SIGTERM)
    let deadline = Clock.now() + 3_000_000_000
    while !hasEnded(pid) && Clock.now() < deadline { sleep(100) }
    // Not yet reaped, so the group's number is still its own.
    try? ProcessTable.signal(-pid, SIGKILL)
    _ = reap(pid)
  }

  func stopAll() {
    for pid in started.reversed() { stop(pid) }
  }
}
