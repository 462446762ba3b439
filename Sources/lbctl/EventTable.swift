// What `lbctl events` shows: a line for each event, oldest first. Lines that follow later stand in the
// same columns.

import CommandText
import ControlProtocol

/// Events as lines of text.
struct EventTable {
  private static let eventWidth = EventKind.allCases.map(\.rawValue.count).max() ?? 0
  /// The widest name so far.
  private var replicaWidth = 7
  private var needsHeader: Bool

  init(hasHeader: Bool = true) {
    needsHeader = hasHeader
  }

  /// The lines of more events; headings stand over the first of all.
  /// - Parameter width: where causes are broken; nil for a line for each event, however long.
  mutating func lines(
    _ events: [EventReport], isColoured: Bool = false, within width: Int? = nil
  ) -> [String] {
    replicaWidth = max(replicaWidth, events.map { ($0.replica ?? "").count }.max() ?? 0)
    var table = Table([.left("TIME"), .left("EVENT"), .left("REPLICA"), .left("CAUSE")])
    table.rows = events.map(row)
    defer { needsHeader = false }
    return table.lines(hasHeader: needsHeader, isColoured: isColoured, within: width)
  }

  private func row(_ event: EventReport) -> [Table.Cell] {
    let word = event.state?.rawValue ?? event.event.rawValue
    return [
      Table.Cell(event.time),
      Table.Cell(EventTable.pad(word, EventTable.eventWidth), EventTable.colour(event)),
      Table.Cell(EventTable.pad(event.replica ?? "-", replicaWidth)),
      Table.Cell(EventTable.cause(event)),
    ]
  }

  private static func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  private static func colour(_ event: EventReport) -> Colour? {
    if let state = event.state { return PoolTable.colour(state) }
    switch event.event {
    case .answered, .reloadRefused, .unresolved, .limitMet: return .red
    case .start, .state, .resolved, .added, .removed, .order, .reload, .drain, .stop: return nil
    }
  }

  /// The cause with what belongs to it: `503 214 times: no replica is available (tried 8081 8082)`.
  private static func cause(_ event: EventReport) -> String {
    var text = event.cause ?? ""
    if let answers = event.answers {
      let count = answers.count == 1 ? "" : " \(answers.count) times"
      text = "\(answers.status)\(count): \(text)"
      if !answers.tried.isEmpty { text += " (tried \(answers.tried.joined(separator: " ")))" }
    }
    if let uid = event.uid { text += " (user \(uid))" }
    return text.isEmpty ? "-" : text
  }
}
