// `lbctl explain`: why a replica is in its state.

import ControlProtocol

extension Command {
  func explain() throws(Failure) -> ExitCode {
    let target = ControlQuery.target(
      ControlPath.explain, ControlQuery.replica, invocation.operand ?? "")
    let answer: ControlClient.Answer<ExplainReport> = try client.get(target)
    if invocation.isJSON {
      try output.write(json: answer.json)
    } else {
      let text = ExplainText(answer.report)
      try output.write(
        lines: text.lines(isColoured: output.isColoured, within: output.textWidth))
    }
    return .done
  }
}
