// The man page has what lbctl can be asked.

import Foundation
import Testing

@testable import lbctl

@Suite struct ManualTests {
  private static let page = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs/man/lbctl.1")

  @Test(arguments: Verb.allCases)
  func `each verb is in the man page`(_ verb: Verb) throws {
    let lines = try String(contentsOf: Self.page, encoding: .utf8).split(separator: "\n")
    #expect(lines.contains { $0 == ".B \(verb.rawValue)" || $0.hasPrefix(".BI \(verb.rawValue) ") })
  }

  @Test func `each option is in the man page`() throws {
    let text = try String(contentsOf: Self.page, encoding: .utf8)
    for option in Option.allCases {
      let name = option == .watch ? "-w" : option.rawValue
      #expect(text.contains(name.replacing("-", with: "\\-")), "\(name)")
    }
  }
}
