// What the journal is told of an event, and that each kind has an id of its own for ever.

import Configuration
import Foundation
import Testing

@testable import Telemetry

@Suite struct JournalEntryTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  @Test func `each fact of an event is a field that journalctl can ask for`() {
    let entry = Log.entry(
      .warning, "replica 8082 is down",
      ["event": "state", "replica": "8082", "state": "down", "access-log": "x"])
    #expect(
      entry.map { "\($0.name)=\($0.value)" } == [
        "MESSAGE=replica 8082 is down", "PRIORITY=4", "SYSLOG_IDENTIFIER=lbd",
        "MESSAGE_ID=\(MessageID.all["state"] ?? "")", "LBD_EVENT=state", "LBD_REPLICA=8082",
        "LBD_STATE=down", "LBD_ACCESS_LOG=x",
      ])
  }

  @Test func `an entry's texts steer nobody's terminal`() {
    let entry = Log.entry(.info, "a\u{1B}[2Jb", ["cause": "x\u{202E}y\u{9B}z"])
    #expect(entry.first { $0.name == "MESSAGE" }?.value == "a\\u001b[2Jb")
    #expect(entry.first { $0.name == "LBD_CAUSE" }?.value == "x\\u202ey\\u009bz")
  }

  @Test func `an id is 128 bits and no other event's`() {
    let ids = MessageID.all.values
    #expect(Set(ids).count == ids.count)
    #expect(ids.allSatisfy { $0.wholeMatch(of: /[0-9a-f]{32}/) != nil })
  }

  @Test func `each event that the sources name has an id, and the document lists it`() throws {
    let sources = Self.root.appending(path: "Sources/lbd")
    let texts = try FileManager.default.subpathsOfDirectory(atPath: sources.path)
      .filter { $0.hasSuffix(".swift") }
      .map { try String(contentsOf: sources.appending(path: $0), encoding: .utf8) }
    let named = texts.flatMap { $0.matches(of: /"event": "([^"\\]+)"/).map { String($0.1) } }
    #expect(named.count > 5)
    #expect(Set(named).subtracting(MessageID.all.keys) == [])
    let document = try String(
      contentsOf: Self.root.appending(path: "docs/log.md"), encoding: .utf8)
    for (event, id) in MessageID.all {
      #expect(document.contains("| `\(event)` | `\(id)` |"), "docs/log.md lacks \(event)")
    }
  }
}
