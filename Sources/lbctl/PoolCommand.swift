// `lbctl pool`: the table and its summary once, or again and again.

import CommandText
import ControlProtocol
import LinuxIO

extension Command {
  func pool() throws(Failure) -> ExitCode {
    let first = try look()
    guard let interval = invocation.watch else {
      try output.write(lines: first)
      return .done
    }
    return try watch(from: first, every: interval)
  }

  /// What there is to show: lines of a table, or one of JSON. Without the header the summary goes
  /// too, so that every line is a replica.
  private func look() throws(Failure) -> [String] {
    let answer: ControlClient.Answer<PoolReport> = try client.get(ControlPath.pool)
    var report = answer.report
    if let name = invocation.operand {
      report.pools = try Command.choose(name, of: report.pools)
      if invocation.isJSON { return [String(decoding: report.json, as: UTF8.self)] }
    } else if invocation.isJSON {
      return [String(decoding: answer.json, as: UTF8.self)]
    }
    let table = PoolTable(report.pools)
    return table.lines(hasHeader: invocation.hasHeader, isColoured: output.isColoured)
      + (invocation.hasHeader ? [table.summary] : [])
  }

  static func choose(_ name: String, of pools: [PoolStatus]) throws(Failure) -> [PoolStatus] {
    let chosen = pools.filter { $0.name == name }
    guard chosen.isEmpty else { return chosen }
    let names = pools.map { Readable.clean($0.name) }.joined(separator: ", ")
    throw Failure(
      .noSuchReplica,
      "no pool \"\(Readable.clean(name))\"; there is \(names.isEmpty ? "none" : names)")
  }

  // MARK: Watching

  /// Ends on SIGINT or SIGTERM. An lbd that restarts meanwhile is waited for.
  private func watch(from first: [String], every interval: Int) throws(Failure) -> ExitCode {
    let interruption = try Interruption.awaited()
    let isRedrawn = output.isTerminal && !invocation.isJSON
    try output.write(isRedrawn ? Screen.clear : "")
    try isRedrawn ? redraw(first) : output.write(lines: first)
    var trouble: Failure?
    while !interruption.came(within: interval) {
      let lines: [String]
      do throws(Failure) {
        lines = try look()
        trouble = nil
      } catch {
        if isRedrawn { try redraw(["lbctl: \(error.message)"]) }
        if !isRedrawn && trouble != error { Command.say(error.message) }
        trouble = error
        continue
      }
      if isRedrawn {
        try redraw(lines)
      } else {
        try output.write(lines: (invocation.isJSON || !invocation.hasHeader ? [] : [""]) + lines)
      }
    }
    return .done
  }

  /// Writes over what stands on the screen, cut to its size so that nothing scrolls.
  private func redraw(_ lines: [String]) throws(Failure) {
    try output.write(Screen(Terminal.size() ?? (80, 24)).frame(lines))
  }
}
