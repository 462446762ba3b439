// `lbctl pool`: the table and its summary once, or again and again.

import CommandText
import ControlProtocol
import LinuxIO

extension Command {
  func pool() throws(Failure) -> ExitCode {
    let first = try look()
    guard let interval = invocation.watch else {
      try write(first)
      return .done
    }
    return try watch(from: first, every: interval)
  }

  /// What one look shows.
  private enum View {
    case json([UInt8])
    /// Without the headings the summary goes too, so that every line is a replica.
    case table(rows: [String], summary: [String])
  }

  private func look() throws(Failure) -> View {
    let answer: ControlClient.Answer<PoolReport> = try client.get(ControlPath.pool)
    var report = answer.report
    if let name = invocation.operand {
      report.pools = try Command.choose(name, of: report.pools)
      if invocation.isJSON { return .json(report.json) }
    } else if invocation.isJSON {
      return .json(answer.json)
    }
    let table = PoolTable(report.pools)
    // A terminal may be made wider or narrower between two looks.
    let room = invocation.isWide ? .all : output.room
    let rows = table.lines(
      hasHeader: invocation.hasHeader, isColoured: output.isColoured, in: room)
    guard invocation.hasHeader else { return .table(rows: rows, summary: []) }
    let summary = room.width.map { Readable.broken(table.summary, at: $0) } ?? [table.summary]
    return .table(rows: rows, summary: summary)
  }

  private func write(_ view: View) throws(Failure) {
    switch view {
    case .json(let json): try output.write(json: json)
    case .table(let rows, let summary): try output.write(lines: rows + summary)
    }
  }

  static func choose(_ name: String, of pools: [PoolStatus]) throws(Failure) -> [PoolStatus] {
    let chosen = pools.filter { $0.name == name }
    guard chosen.isEmpty else { return chosen }
    let names = pools.map(\.name).joined(separator: ", ")
    throw Failure(
      .noSuchReplica,
      "no pool \"\(name)\"; there is \(names.isEmpty ? "none" : names)")
  }

  // MARK: Watching

  /// Ends on SIGINT or SIGTERM, or when nobody reads any more. An lbd that restarts meanwhile is waited
  /// for.
  private func watch(from first: View, every interval: Int) throws(Failure) -> ExitCode {
    let interruption = try Interruption.awaited()
    let isRedrawn = output.isTerminal && !invocation.isJSON
    if isRedrawn { try output.clearScreen() }
    try isRedrawn ? redraw(first) : write(first)
    var trouble: Failure?
    while !interruption.came(within: interval) {
      let view: View
      do throws(Failure) {
        view = try look()
        trouble = nil
      } catch {
        if isRedrawn { try output.redraw(["lbctl: \(error.message)"]) }
        if !isRedrawn && trouble != error { Messages.say(error.message) }
        trouble = error
        continue
      }
      if isRedrawn {
        try redraw(view)
      } else {
        if case .table = view, invocation.hasHeader { try output.write(lines: [""]) }
        try write(view)
      }
    }
    return .done
  }

  private func redraw(_ view: View) throws(Failure) {
    guard case .table(let rows, let summary) = view else { return }
    try output.redraw(rows, above: summary)
  }
}
