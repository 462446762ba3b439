// A process under test that starts as a shell or a service manager starts it: with no signal blocked.
// What Foundation starts inherits the mask of the thread that asks, which blocks nearly all.

import Glibc
import LinuxIO
import TestSupport

/// A running command, killed when the value goes away. A single thread uses it.
final class Apart {
  let pid: Int32
  private let logPath: String
  private var status: Int32?

  /// - Parameter log: where both outputs go, behind what is there.
  init(_ command: [String], log: String) throws {
    logPath = log
    let file = try Files.openToAppend(log, mode: 0o644)
    pid = try Program(command, environment: ["PATH": "/usr/bin:/bin"]).startApart(log: file)
  }

  deinit {
    guard status == nil else { return }
    signal(SIGKILL)
    _ = try? exitStatus()
  }

  var log: String {
    String(decoding: (try? Files.read(logPath, limit: 1 << 20)) ?? [], as: UTF8.self)
  }

  func signal(_ number: Int32) {
    if status == nil { _ = kill(pid, number) }
  }

  var isRunning: Bool {
    guard status == nil else { return false }
    var word: Int32 = 0
    // Safe: the kernel writes the one number during the call only.
    guard unsafe waitpid(pid, &word, WNOHANG) == pid else { return true }
    status = word & 0x7F == 0 ? word >> 8 & 0xFF : 128 + word & 0x7F
    return false
  }

  /// Waits for its end. A death by signal counts as 128 and the signal's number, as in a shell.
  func exitStatus(within seconds: Double = 30) throws -> Int32 {
    try eventually("the end of pid \(pid)\n\(log)", within: seconds) { !isRunning }
    return status ?? -1
  }
}
