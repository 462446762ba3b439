// docs/security.md says each bound as the schema of the config has it.

import Configuration
import Foundation
import Testing

@Suite struct SecurityDocumentTests {
  private struct Row {
    let section: String
    let key: String
    /// What stands in the column of defaults, between the first two marks.
    let value: String?
  }

  /// The rows of tables whose second column names a key, as `[section] key`.
  private func rows() throws -> [Row] {
    let root = URL(filePath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(contentsOf: root.appending(path: "docs/security.md"), encoding: .utf8)
    return text.split(separator: "\n").compactMap { line in
      let cells = line.split(separator: "|", omittingEmptySubsequences: false)
      guard cells.count == 6,
        let match = cells[2].firstMatch(of: /`\[([a-z]+)(?: NAME)?\] ([a-z_]+)`/)
      else { return nil }
      let value = cells[3].firstMatch(of: /`([^`]+)`/).map { String($0.1) }
      return Row(section: String(match.1), key: String(match.2), value: value)
    }
  }

  @Test func `each bound that has a key is said with the default that the key has`() throws {
    let rows = try rows()
    #expect(rows.count > 15)
    for row in rows {
      let help = Configuration.help(key: "\(row.section).\(row.key)")
      let value = row.value ?? "nothing"
      #expect(help?.contains("; default \(value)\n") == true, "[\(row.section)] \(row.key)")
    }
  }

  @Test(arguments: ["limits", "timeouts", "hold"])
  func `each key of a section of bounds is in the document`(_ section: String) throws {
    let help = try #require(Configuration.help(key: section))
    let names = help.split(separator: "\n").compactMap { $0.wholeMatch(of: #/  ([a-z_]+) .*/#) }
    let keys = names.map { String($0.1) }
    #expect(!keys.isEmpty)
    let said = try rows().filter { $0.section == section }.map(\.key)
    for key in keys { #expect(said.contains(key), "[\(section)] \(key)") }
  }
}
