// `lbctl upgrade`: the next lbd takes the place of the one that runs.

import ControlProtocol

extension Command {
  /// Has lbd start what lies where its own program lay, and waits for what comes of that: lbd gives the next
  /// one a minute.
  func upgrade() throws(Failure) -> ExitCode {
    let before: ControlClient.Answer<PoolReport> = try client.get(ControlPath.pool)
    let former = before.report
    if !invocation.isJSON {
      try output.write(lines: [
        "process \(former.pid), lbd \(former.version), starts the next lbd; waiting up to 60 s"
      ])
    }
    _ = try client.upgrade()
    let after: ControlClient.Answer<PoolReport> = try client.get(ControlPath.pool)
    let next = after.report
    let detail =
      "process \(next.pid), lbd \(next.version), serves; process \(former.pid) ends once what it has in"
      + " flight has ended"
    guard invocation.isJSON else {
      try output.write(lines: [detail])
      return .done
    }
    var writer = JSONWriter()
    writer.object {
      $0.field("schema", 1)
      $0.field("detail", detail)
      $0.field("pid", next.pid)
      $0.field("version", next.version)
      $0.field("former_pid", former.pid)
      $0.field("former_version", former.version)
    }
    try output.write(json: writer.bytes)
    return .done
  }
}
