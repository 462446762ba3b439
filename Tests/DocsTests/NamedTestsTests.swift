// What docs/ says is held by a test is held by one of that name.

import Foundation
import Testing

struct NamedTestsTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// The texts of the files below a directory whose names end so.
  private func texts(_ directory: String, _ ending: String) throws -> [String] {
    let base = Self.root.appending(path: directory)
    return try FileManager.default.subpathsOfDirectory(atPath: base.path)
      .filter { $0.hasSuffix(ending) }
      .map { try String(contentsOf: base.appending(path: $0), encoding: .utf8) }
  }

  @Test(arguments: ["http.md", "invariants.md"])
  func `each row of a table names tests that exist`(_ document: String) throws {
    let tests = try texts("Tests", ".swift").joined()
    let text = try #require(try texts("docs", document).first)
    let rows = text.split(separator: "\n").filter { $0.hasPrefix("| ") }
    let cells = rows.compactMap { $0.split(separator: "|").last }
    let names = cells.flatMap { $0.matches(of: /\*([^*]+)\*/).map { String($0.1) } }
    #expect(names.count >= rows.count - 15, "\(names.count) names in \(rows.count) rows")
    for name in Set(names) where !tests.contains("func `\(name)`") {
      Issue.record("\(document) names a test that is not there: \(name)")
    }
  }
}
