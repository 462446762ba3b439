// The man page has what lbd can be given.

import Foundation
import Testing

@testable import lbd

@Suite struct ManualTests {
  private static let page = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs/man/lbd.8")

  @Test func `each option is in the man page`() throws {
    let text = try String(contentsOf: Self.page, encoding: .utf8)
    let names = Options.usage.matches(of: /(?m)^  (--?[A-Za-z-]+)/).map { String($0.1) }
    #expect(names.count >= 5)
    for name in names { #expect(text.contains(name.replacing("-", with: "\\-")), "\(name)") }
  }
}
