// What README promises a newcomer.

import Foundation
import Testing

@Suite struct ReadmeTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  private func text(_ name: String) throws -> String {
    try String(contentsOf: Self.root.appending(path: name), encoding: .utf8)
  }

  @Test func `a newcomer is told what a first build takes, and of the licence`() throws {
    let readme = try text("README.md")
    #expect(readme.contains(/first build takes about \d+ minutes/))
    let licence = try #require(readme.components(separatedBy: "\n## Licence\n").last)
    #expect(licence.contains("The owner of this repository decides it"))
  }

  @Test func `each goal of make that README names is there`() throws {
    let goals = Set(try text("Makefile").matches(of: /(?m)^([a-z-]+):/).map { String($0.1) })
    let named = try text("README.md").matches(of: /`?make ([a-z-]+)/).map { String($0.1) }
    #expect(named.count > 8 && goals.count > 20)
    #expect(named.filter { !goals.contains($0) } == [])
  }
}
