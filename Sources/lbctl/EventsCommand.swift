// `lbctl events`: what happened last, once or for as long as somebody looks.

import CommandText
import ControlProtocol
import LinuxIO

/// Where a reader of events is: which lbd told it, and up to which event.
struct EventCursor {
  private var started: String?
  private var last = 0

  /// The target to ask next.
  var target: String {
    last == 0
      ? ControlPath.events
      : ControlQuery.target(ControlPath.events, ControlQuery.since, "\(last)")
  }

  /// What an answer means for who has read so far.
  enum Step: Equatable {
    case new([EventReport])
    /// So many events are kept no more.
    case gap(Int, [EventReport])
    /// Another lbd than before: its events are to be asked for from the first on.
    case restarted
  }

  mutating func take(_ report: EventsReport) -> Step {
    defer { started = report.started }
    if let started, started != report.started {
      last = 0
      return .restarted
    }
    guard let first = report.events.first, let newest = report.events.last else { return .new([]) }
    let (lost, _) = first.number.subtractingReportingOverflow(last &+ 1)
    let isBehind = last > 0 && lost > 0
    last = max(0, newest.number)
    return isBehind ? .gap(lost, report.events) : .new(report.events)
  }
}

extension Command {
  /// Milliseconds between two questions for new events.
  private static var followInterval: Int { 500 }
  /// Events that come before those that are followed, unless `-n` says otherwise.
  private static var followedTail: Int { 10 }

  func events() throws(Failure) -> ExitCode {
    // Before the first look, so that a signal ends it cleanly from then on.
    let interruption = invocation.follows ? try Interruption.awaited() : nil
    var cursor = EventCursor()
    var table = EventTable(hasHeader: invocation.hasHeader)
    let answer: ControlClient.Answer<EventsReport> = try client.get(cursor.target)
    var report = answer.report
    _ = cursor.take(report)
    let tail = invocation.tail ?? (invocation.follows ? Command.followedTail : .max)
    report.events = report.events.suffix(tail)
    try write(report, &table)
    if let interruption { try follow(&cursor, &table, interruption) }
    return .done
  }

  private func write(_ report: EventsReport, _ table: inout EventTable) throws(Failure) {
    if invocation.isJSON {
      try output.write(json: report.json)
    } else {
      try output.write(
        lines: table.lines(
          report.events, isColoured: output.isColoured, within: output.textWidth))
    }
  }

  /// Ends on SIGINT or SIGTERM, or when nobody reads any more. An lbd that restarts meanwhile is waited
  /// for.
  private func follow(
    _ cursor: inout EventCursor, _ table: inout EventTable, _ interruption: borrowing Interruption
  ) throws(Failure) {
    var trouble: Failure?
    var wait = Command.followInterval
    while !interruption.came(within: wait) {
      wait = Command.followInterval
      let answer: ControlClient.Answer<EventsReport>
      do throws(Failure) {
        answer = try client.get(cursor.target)
        trouble = nil
      } catch {
        if trouble != error { Messages.say("\(error.message); waiting for it") }
        trouble = error
        continue
      }
      if try !take(answer.report, &cursor, &table) { wait = 0 }
    }
  }

  /// Shows what is new. False when it has to be asked for again, at once.
  private func take(
    _ report: EventsReport, _ cursor: inout EventCursor, _ table: inout EventTable
  ) throws(Failure) -> Bool {
    var report = report
    switch cursor.take(report) {
    case .new(let events): report.events = events
    case .gap(let count, let events):
      Messages.say("\(count) events came and went between two looks")
      report.events = events
    case .restarted:
      Messages.say("lbd was started anew; its events follow")
      return false
    }
    if !report.events.isEmpty { try write(report, &table) }
    return true
  }
}
