// The tables of a run. Pure.

/// Findings as Markdown that also reads well as plain text.
enum Markdown {
  /// A scenario: its heading, its table, and what is to be known of it.
  static func section(_ finding: Finding) -> String {
    let reference = finding.rows.first?.name ?? "the first row"
    let heading = "## \(finding.scenario.rawValue)\n\n\(capitalised(finding.about)).\n"
    let isCompared = finding.measures.contains { $0.unit.isCompared }
    let notes = (isCompared ? ["1.00 is \(reference)."] : []) + finding.notes
    let faults = finding.faults.map { "- **failed**: \(oneLine($0))" }
    let parts = [
      heading, table(finding), notes.joined(separator: " "), faults.joined(separator: "\n"),
    ]
    return parts.filter { !$0.isEmpty }.map { $0.hasSuffix("\n") ? $0 : $0 + "\n" }
      .joined(separator: "\n")
  }

  private static func table(_ finding: Finding) -> String {
    let header = [""] + finding.measures.map(\.name) + ["bad", "errors"]
    let rows = finding.rows.indices.map { row in
      let counts = [finding.rows[row].bad, finding.rows[row].errors]
      return [finding.rows[row].name] + finding.measures.indices.map { finding.cell(row, $0) }
        + counts.map { $0 == 0 ? "0" : "**\($0)**" }
    }
    return lines([header] + rows).joined(separator: "\n") + "\n"
  }

  /// Columns padded to one width; the second line is Markdown's rule.
  static func lines(_ rows: [[String]]) -> [String] {
    let widths = rows[0].indices.map { column in
      max(3, rows.map { $0[column].count }.max() ?? 0)
    }
    var lines = rows.map { row in
      "| "
        + row.indices.map { pad(row[$0], to: widths[$0]) }.joined(separator: " | ") + " |"
    }
    let rule = widths.map { String(repeating: "-", count: $0) }
    lines.insert("| " + rule.joined(separator: " | ") + " |", at: 1)
    return lines
  }

  private static func pad(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: width - text.count)
  }

  private static func capitalised(_ text: String) -> String {
    text.prefix(1).uppercased() + text.dropFirst()
  }

  /// A message of several lines must not end its paragraph.
  private static func oneLine(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).joined(separator: " / ")
  }
}
