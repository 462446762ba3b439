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
      try output.write(line: answer.json)
    } else {
      try output.write(lines: report.changes.map { Readable.clean($0) })
      tell(report)
    }
    return report.isAccepted ? .done : .failed
  }

  private func tell(_ report: ReloadReport) {
    for error in report.errors {
      for line in error.split(separator: "\n", omittingEmptySubsequences: false) {
        // Tabs stay: the caret below stands where they put it.
        let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
        Console.error(parts.map { Readable.clean(String($0)) }.joined(separator: "\t"))
      }
    }
    guard report.isAccepted else { return Command.say("refused: lbd goes on with the conf it has") }
    for line in report.leftOut + (report.unchecked ?? []) + (report.warnings ?? []) {
      Command.say(Readable.clean(line))
    }
    if report.changes.isEmpty && report.leftOut.isEmpty { Command.say("nothing changes") }
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
      try output.write(line: writer.bytes)
    } else {
      try output.write(line: text)
    }
    return .done
  }
}
