// The man page has what lbctl can be asked.

import ControlProtocol
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

  @Test func `the states that help and the man page list are all that there are, and no other`()
    throws
  {
    let states = Set(ReplicaState.allCases.map(\.rawValue))
    let help = Help.text(for: .pool).split(separator: "\n").filter { $0.hasPrefix("States: ") }
    #expect(
      Set(help.joined().dropFirst(8).dropLast().split(separator: " ").map(String.init)) == states)
    let page = try String(contentsOf: Self.page, encoding: .utf8)
    let list = try #require(page.split(separator: "States:\n").last?.split(separator: ".TP").first)
    let bold = list.split(separator: "\n").filter { $0.hasPrefix(".B") }
    #expect(Set(bold.map { String($0.split(separator: " ")[1]) }) == states)
  }
}
