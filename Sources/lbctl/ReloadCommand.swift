// `lbctl reload` and `lbctl config`: the conf that lbd has, and the one that it would have.

import CommandText
import ControlProtocol
import LinuxIO

extension Command {
  /// Has lbd reload its conf, or shows what that would change. Changes go to standard output; what is
  /// wrong with a conf, and what takes a restart, to standard error.
  func reload() throws(Failure) -> ExitCode {
    let answer = try client.reload(isRehearsal: invocation.isRehearsal)
    let report = answer.report
    if invocation.isJSON {
      try output.write(json: answer.json)
    } else {
      try output.write(lines: report.changes)
      tell(report)
    }
    return report.isAccepted ? .done : .failed
  }

  private func tell(_ report: ReloadReport) {
    for error in report.errors {
      for line in error.split(separator: "\n", omittingEmptySubsequences: false) {
        Messages.tell(String(line))
      }
    }
    guard report.isAccepted else {
      return Messages.say("refused: lbd goes on with the conf it has")
    }
    let warnings = (report.warnings ?? []).map { "warning: \($0)" }
    for line in report.leftOut + (report.unchecked ?? []) + warnings { Messages.say(line) }
    if report.changes.isEmpty && report.leftOut.isEmpty { Messages.say("nothing changes") }
  }

  func config() throws(Failure) -> ExitCode {
    if invocation.isRehearsal { return try reload() }
    let text = try client.text(ControlPath.conf)
    if invocation.isJSON {
      var writer = JSONWriter()
      writer.object {
        $0.field("schema", 1)
        $0.field("conf", String(decoding: text, as: UTF8.self))
      }
      try output.write(json: writer.bytes)
    } else {
      try output.write(document: text)
    }
    return .done
  }
}
