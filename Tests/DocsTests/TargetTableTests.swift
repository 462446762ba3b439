// The table of targets in docs/request-path.md, Package.swift and the sources say the same of who imports
// whom.

import Foundation
import Testing

@Suite struct TargetTableTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// The targets beside the daemon. What they know of each other is the roster.
  private static let control = [
    "ControlServer", "Discovery", "Pages", "Probing", "Roster", "Telemetry",
  ]

  private func text(_ name: String) throws -> String {
    try String(contentsOf: Self.root.appending(path: name), encoding: .utf8)
  }

  /// The libraries and commands of Package.swift with what they depend on.
  private func manifest() throws -> [String: Set<String>] {
    let calls = try text("Package.swift").matches(
      of: /(?:pathLibrary|library|command)\(\s*"(\w+)"(?:,\s*\[([^\]]*)\])?/)
    return Dictionary(uniqueKeysWithValues: calls.map { (String($0.1), names($0.2 ?? "", "\"")) })
  }

  /// The same as the document's table has it.
  private func table() throws -> [String: Set<String>] {
    let document = try text("docs/request-path.md")
    let section = try #require(document.components(separatedBy: "\n## Targets\n").last)
    let rows = section.split(separator: "\n").filter { $0.hasPrefix("| `") }
      .map { $0.split(separator: "|") }
    let pairs = rows.flatMap { cells in names(cells[0], "`").map { ($0, names(cells[1], "`")) } }
    return Dictionary(uniqueKeysWithValues: pairs)
  }

  /// The names between marks of this kind.
  private func names(_ text: Substring, _ mark: Character) -> Set<String> {
    let parts = text.split(separator: mark, omittingEmptySubsequences: false)
    return Set(parts.enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) })
  }

  /// What the sources of a target import, the system's modules too.
  private func imports(of target: String) throws -> Set<String> {
    let directory = Self.root.appending(path: "Sources/\(target)")
    let files = try FileManager.default.subpathsOfDirectory(atPath: directory.path)
      .filter { $0.hasSuffix(".swift") }
    let lines = try files.flatMap { file in
      try String(contentsOf: directory.appending(path: file), encoding: .utf8)
        .matches(of: /(?m)^(?:[a-z@]+ )?import (\w+)/).map { String($0.1) }
    }
    return Set(lines)
  }

  @Test func `the table of targets says of each what Package swift says`() throws {
    let (manifest, table) = (try manifest(), try table())
    #expect(manifest.count > 15)
    #expect(Set(table.keys) == Set(manifest.keys))
    for (target, imports) in manifest {
      #expect(table[target] == imports, "\(target) in docs/request-path.md")
    }
  }

  @Test func `the sources of a target import what Package swift says, all of it and no more`()
    throws
  {
    let manifest = try manifest()
    let ours = Set(manifest.keys).union(["CLinux"])
    for (target, dependencies) in manifest {
      let imports = try imports(of: target).intersection(ours)
      #expect(imports == dependencies, "the sources of \(target)")
    }
  }

  @Test func `no target beside the daemon imports another but the roster, and none the daemon`()
    throws
  {
    let manifest = try manifest()
    for target in Self.control {
      let imports = try #require(manifest[target])
      #expect(imports.intersection(Self.control).isSubset(of: ["Roster"]), "\(target)")
    }
    #expect(manifest.values.allSatisfy { !$0.contains("lbd") })
  }
}
