// The verbs that answer in a line: health and version.

import CommandText
import ControlProtocol

extension Command {
  /// Has exit codes of its own (0 all up, 1 some down, 2 none up, 3 unreachable), so whatever keeps
  /// an answer from being read is "unreachable". With `--serving` some down is 0, too: who restarts lbd
  /// for what this says must not do so for a replica.
  func health() -> ExitCode {
    let answer: ControlClient.Answer<HealthReport>
    do throws(Failure) {
      answer = try client.get(ControlPath.health)
    } catch {
      Command.say(error.message)
      return .notRunning
    }
    if invocation.isJSON {
      try? output.write(line: answer.json)
    } else {
      try? output.write(lines: [Readable.clean(answer.report.detail)])
    }
    switch answer.report.verdict {
    case .allUp: return .done
    case .someDown: return invocation.asksForServing ? .done : .failed
    case .noneUp: return .usage
    }
  }

  /// lbctl's own version comes first and even when lbd does not run.
  func version() throws(Failure) -> ExitCode {
    if !invocation.isJSON { try output.write(lines: ["lbctl \(Release.version)"]) }
    guard invocation.asksLbd else {
      if invocation.isJSON { try write(version: nil) }
      return .done
    }
    do throws(Failure) {
      let answer: ControlClient.Answer<VersionReport> = try client.get(ControlPath.version)
      if invocation.isJSON {
        try write(version: answer.report.version)
      } else {
        try output.write(lines: ["lbd \(Readable.clean(answer.report.version))"])
      }
      return .done
    } catch {
      if invocation.isJSON { try write(version: nil) }
      throw error
    }
  }

  private func write(version: String?) throws(Failure) {
    var writer = JSONWriter()
    writer.object {
      $0.field("schema", 1)
      $0.field("lbctl", Release.version)
      $0.field("lbd", optional: version)
    }
    try output.write(line: writer.bytes)
  }
}
