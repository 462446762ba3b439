// What `lbctl explain` shows: the verdict in one line, the facts that it follows from, the probes and
// the events behind them.

import CommandText
import ControlProtocol

/// One replica's state and why, as lines of text.
struct ExplainText {
  private let report: ExplainReport
  private var replica: ReplicaReport { report.replica }

  init(_ report: ExplainReport) {
    self.report = report
  }

  /// - Parameter width: where texts are broken; nil for lines as long as they are.
  func lines(isColoured: Bool = false, within width: Int? = nil) -> [String] {
    let facts = factTable.lines(hasHeader: false, isColoured: isColoured, within: width)
    let first = width.map { Readable.broken(verdict, at: $0) } ?? [verdict]
    var lines = first + [""] + facts
    if !report.probes.isEmpty {
      lines += [""] + probeTable.lines(isColoured: isColoured, within: width)
    }
    if !report.events.isEmpty {
      var table = EventTable()
      lines += [""] + table.lines(report.events, isColoured: isColoured, within: width)
    }
    return lines
  }

  /// `8082 (127.0.0.1:8082) is ejected: request: Connection refused`.
  var verdict: String {
    let name =
      replica.name == replica.address ? replica.name : "\(replica.name) (\(replica.address))"
    let isLookedUp = replica.state == .unresolved
    let observed =
      report.cause ?? (isLookedUp ? "its name is being looked up" : "nothing was learnt yet")
    let why = replica.state.isOrderedOut ? "by order of an operator" : observed
    return "\(name) is \(replica.state.rawValue): \(why)"
  }

  // MARK: Facts

  private var factTable: Table {
    var table = Table([.left(""), .left("")])
    table.rows = [
      ["conf", Table.Cell("weight \(replica.config.weight)")]
    ]
    if let address { table.rows.append(["address", Table.Cell(address)]) }
    table.rows += [
      ["ordered", Table.Cell(ordered)],
      ["observed", Table.Cell(observed)],
      ["requests", Table.Cell(requests)],
      ["failures", Table.Cell(failures)],
    ]
    if let last = report.lastFailure { table.rows.append(["", Table.Cell(self.last(last))]) }
    table.rows.append(["next probe", Table.Cell(nextProbe)])
    return table
  }

  /// Where a name leads to, or why it leads nowhere.
  private var address: String? {
    switch (replica.resolved, replica.lookup) {
    case (let resolved?, let failure?):
      "\(resolved), in use since before; now it does not resolve: \(failure)"
    case (let resolved?, nil): resolved
    case (nil, let failure?): "does not resolve: \(failure)"
    case (nil, nil): nil
    }
  }

  private var ordered: String {
    let state = replica.order == .ready ? [] : [replica.order.rawValue]
    let isWeighted = replica.weight != replica.config.weight
    let orders = state + (isWeighted ? ["weight \(replica.weight)"] : [])
    return orders.isEmpty ? "nothing" : orders.joined(separator: ", ")
  }

  private var observed: String {
    let seconds = Readable.duration(seconds: replica.stateSeconds)
    return "\(replica.observed.rawValue) for \(seconds), since \(report.since)"
  }

  private var requests: String {
    "\(replica.requests) answered, \(replica.status5xx) with 5xx; "
      + "\(replica.retries) retried elsewhere; \(replica.active) in flight"
  }

  /// `connect 2, reset 1`.
  private var failures: String {
    let counts = report.failures.filter { $0.count != 0 }.map { "\($0.name) \($0.count)" }
    return counts.isEmpty ? "none" : counts.joined(separator: ", ")
  }

  private func last(_ last: LastFailure) -> String {
    let ago = Readable.duration(seconds: last.secondsAgo)
    return "the last \(ago) ago: \(last.name), \(last.cause)"
  }

  private var nextProbe: String {
    guard let next = replica.check.nextInMilliseconds else { return "-" }
    return next <= 0 ? "now" : "in \(Readable.duration(seconds: next / 1000))"
  }

  // MARK: Probes

  private var probeTable: Table {
    var table = Table([.left("TIME"), .left("PROBE"), .right("TOOK"), .left("RESULT")])
    table.rows = report.probes.map { probe in
      let (word, colour) = ExplainText.verdict(probe.verdict)
      return [
        Table.Cell(probe.time), Table.Cell(word, colour),
        Table.Cell(Readable.latency(milliseconds: probe.latencyMilliseconds)),
        Table.Cell(probe.hint.map { "\(probe.result): \($0)" } ?? probe.result),
      ]
    }
    return table
  }

  private static func verdict(_ verdict: ProbeReport.Verdict) -> (String, Colour) {
    switch verdict {
    case .passed: ("passed", .green)
    case .failed: ("failed", .red)
    case .notMade: ("not made", .yellow)
    }
  }
}
