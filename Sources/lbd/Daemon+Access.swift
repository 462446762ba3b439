// What the control thread does about the access log, and says of it.

import Configuration
import ControlProtocol
import LinuxIO
import Telemetry

extension Daemon {
  /// USR1: whoever rotates the log has moved its file away.
  mutating func reopenLogs() {
    guard case .path(let path) = access.target else {
      return log.write(.info, "nothing to reopen: no log of lbd's goes to a file")
    }
    // The one under way may have found the file before it was moved away.
    if isReopening {
      isReopenDue = true
      return
    }
    do throws(SystemError) {
      try files.open(.path(path))
      isReopening = true
    } catch {
      log.write(
        .error, "no thread to open the access log anew: \(error.reason)", ["event": "access-log"])
    }
  }

  /// It is open anew, or cannot be. A reload may have named another file meanwhile.
  mutating func reopened(_ target: AccessTarget, _ file: Result<OpenedFile, StartFailure>) {
    isReopening = false
    switch file {
    case .success(let file):
      guard target == access.target, case .path(let path) = target else { break }
      access.use(file.take(), target)
      log.write(.info, "the access log \(path) is open anew", ["event": "reopened", "path": path])
    case .failure(let failure):
      log.write(
        .error, "\(failure.line); lines go on to the file that is open", ["event": "access-log"])
    }
    guard isReopenDue else { return }
    isReopenDue = false
    reopenLogs()
  }

  /// The access log's file refuses what is written, or takes it again.
  mutating func accessLogFailed(_ code: Int32?) {
    guard let code else {
      return log.write(.info, "the access log is written again", ["event": "access-log"])
    }
    let reason = SystemError.text(code)
    log.write(
      .error, "the access log cannot be written: \(reason); lines wait, then are dropped",
      ["event": "access-log", "cause": reason])
  }

  /// Says how many lines were lost since the last call.
  mutating func reportDroppedLines() {
    guard let count = access.takeDropped() else { return }
    log.write(
      .warning, "\(count) lines of the access log were dropped: its file takes them too slowly",
      ["event": "access-log", "dropped": "\(count)"])
  }

  /// Before the end: what was recorded is written, unless the file takes nothing.
  mutating func finishAccessLog() {
    let isWritten = access.finish()
    reportDroppedLines()
    guard !isWritten else { return }
    let count = access.unwritten
    log.write(
      .warning,
      "the access log's last lines were not written, \(count) of them: its file took nothing in time",
      ["event": "access-log", "dropped": "\(count)"])
  }
}
