// Processes that are known by a name: started, found again in a later run, stopped.

import FoundationEssentials
import Glibc
import LinuxIO

/// Starts and ends the processes of one run directory.
struct Supervisor {
  let run: RunDirectory
  /// Where lbd, replicad and lbctl are: beside compose.
  let binaries: String
  let environment: [String: String]
  /// Seconds that a process may take to stop.
  let grace: Int

  /// The pid of a process that runs.
  func pid(of name: String) -> Int32? {
    run.record(name).flatMap { $0.isAlive ? $0.pid : nil }
  }

  /// A program of this build.
  func program(_ name: String, _ arguments: [String]) throws(Failure) -> Program {
    let path = "\(binaries)/\(name)"
    guard FileManager.default.isExecutableFile(atPath: path) else {
      throw Failure("compose: there is no \(path): run make build")
    }
    return Program([path] + arguments, environment: environment)
  }

  /// Starts a program under a name. It lives on when this run ends; what it writes is added to its log.
  func launch(_ name: String, _ program: Program) throws(Failure) {
    let record: ProcessRecord
    do throws(SystemError) {
      let log = try Descriptor.open(
        run.logPath(name), O_WRONLY | O_CREAT | O_APPEND, mode: 0o644)
      let pid = try program.startApart(log: log)
      // One that has ended already has no start time; 0 is nobody's.
      record = ProcessRecord(pid: pid, start: ProcessTable.startTime(of: pid) ?? 0)
    } catch {
      throw Failure("compose: cannot start \(name): \(error)")
    }
    try run.write(record, for: name)
  }

  /// Asks all of them to stop, waits until they have, and stops by force what does not.
  func end(_ names: [String]) throws(Failure) {
    for name in names { try signal(name, SIGTERM) }
    let deadline = Deadline(seconds: grace)
    for name in names {
      if !deadline.wait(until: { pid(of: name) == nil }) { try endByForce(name) }
      run.forget(name)
    }
  }

  private func endByForce(_ name: String) throws(Failure) {
    guard let pid = pid(of: name) else { return }
    Console.error("compose: \(name) (pid \(pid)) does not stop: killed")
    try signal(name, SIGKILL)
    guard Deadline(seconds: 5).wait(until: { self.pid(of: name) == nil }) else {
      throw Failure(
        "compose: \(name) (pid \(pid)) outlives SIGKILL; see ps -o stat,wchan -p \(pid)")
    }
  }

  /// Signals a process if it runs.
  func signal(_ name: String, _ number: Int32) throws(Failure) {
    guard let pid = pid(of: name) else { return }
    do throws(SystemError) {
      try ProcessTable.signal(pid, number)
    } catch {
      throw Failure("compose: cannot signal \(name) (pid \(pid)): \(error.reason)")
    }
  }
}
