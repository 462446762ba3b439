// The verbs that answer in a line: health and version.

import CommandText
import ControlProtocol

extension Command {
  /// Has exit codes of its own (0 all up, 1 some down, 2 none up, 3 unreachable), so whatever keeps
  /// an answer from being read is "unreachable". With `--serving` some down is 0, too: who restarts lbd
  /// for what this says must not do so for a replica.
  func health() throws(Failure) -> ExitCode {
    let answer: ControlClient.Answer<HealthReport>
    do throws(Failure) {
      answer = try client.get(ControlPath.health)
    } catch {
      throw Failure(.notRunning, error.message)
    }
    if invocation.isJSON {
      try? output.write(json: answer.json)
    } else {
      try? output.write(lines: [answer.report.detail])
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
        try output.write(lines: ["lbd \(answer.report.version)"])
      }
      return .done
    } catch {
      guard invocation.isJSON else { throw error }
      try write(version: nil, error)
      return error.code
    }
  }

  /// One object, with why lbd's is not known.
  private func write(version: String?, _ failure: Failure? = nil) throws(Failure) {
    var writer = JSONWriter()
    writer.object {
      $0.field("schema", 1)
      $0.field("lbctl", Release.version)
      $0.field("lbd", optional: version)
      failure?.write(fieldsTo: &$0)
    }
    try output.write(json: writer.bytes)
  }
}
