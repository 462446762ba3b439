// Whoever answers at the control socket may say what it likes: it reaches a terminal as text.

import ControlProtocol
import Foundation
import LinuxIO
import Testing

@testable import lbctl

@Suite(.timeLimit(.minutes(1)))
struct HostileAnswerTests {
  /// Each character that a terminal may obey, and a title for it.
  private static let evil =
    "\u{1B}]0;owned\u{7}" + String(String.UnicodeScalarView(ReadableTests.unsafe)) + "ä"

  /// JSON in which only what must be escaped is.
  private static func raw(_ part: some JSONWritable) -> String {
    var text = String(decoding: part.json, as: UTF8.self)
    for scalar in ReadableTests.unsafe where scalar.value >= 0x7F {
      let digits = String(scalar.value, radix: 16)
      let escape = "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      text = text.replacing(escape, with: String(Character(scalar)))
    }
    return text
  }

  private static func answer(_ request: String) -> FakeServer.Reply {
    var bad = replica(evil, .down, check: evil)
    bad.address = evil
    let pool = PoolReport(
      version: evil, pid: 1, listener: evil, docs: evil, testToken: evil, uptimeSeconds: 1,
      pools: [PoolStatus(name: "default", algorithm: evil, replicas: [bad])])
    let event = EventReport(
      number: 1, time: evil, event: .state, replica: evil, state: .down, cause: evil)
    let target = request.split(separator: " ")[1].prefix { $0 != "?" }
    switch String(target) {
    case ControlPath.pool: return FakeServer.reply(200, raw(pool))
    case ControlPath.version: return FakeServer.reply(200, raw(VersionReport(version: evil)))
    case ControlPath.health: return FakeServer.reply(200, raw(HealthReport(pool.pools)))
    case ControlPath.events:
      return FakeServer.reply(200, raw(EventsReport(pid: 1, started: evil, events: [event])))
    case ControlPath.explain:
      let report = ExplainReport(
        replica: bad, since: evil, cause: evil,
        probes: [.init(time: evil, verdict: .failed, result: evil, latencyMilliseconds: 1)],
        failures: [FailureCount(name: evil, count: 1)],
        lastFailure: LastFailure(time: evil, secondsAgo: 1, name: evil, cause: evil),
        events: [event])
      return FakeServer.reply(200, raw(report))
    case ControlPath.reload, ControlPath.confChanges:
      let report = ReloadReport(
        isAccepted: true, changes: [evil], leftOut: [evil], errors: [evil])
      return FakeServer.reply(200, raw(report))
    case ControlPath.addReplica: return FakeServer.reply(409, raw(DetailReport(evil)))
    default: return FakeServer.reply(200, raw(DetailReport(evil, warning: evil)))
    }
  }

  @Test(arguments: [
    "pool", "pool --wide", "pool other", "version", "health", "events", "explain x", "reload",
    "reload --dry-run", "add x", "remove x", "weight x 5", "drain x", "test", "completion replicas",
  ])
  func `no byte of an answer controls the terminal, in text and in JSON`(_ line: String) throws {
    let path = FileManager.default.temporaryDirectory.path + "/lbctl-\(UUID().uuidString).sock"
    let server = try FakeServer(
      try #require(SocketAddress(path: path)), HostileAnswerTests.answer)
    defer {
      server.stop()
      try? FileManager.default.removeItem(atPath: path)
    }
    let arguments = line.split(separator: " ").map { String($0) } + ["--socket", path]
    for arguments in [arguments, arguments + ["--json"]] {
      let outcome = try lbctl(arguments)
      let text = outcome.output + outcome.error
      // Of names that a shell would not read as they are, none is completed.
      #expect(text.isEmpty == (line == "completion replicas"))
      // Tabs stay before a caret.
      let bad = text.unicodeScalars.filter {
        $0 != "\n" && $0 != "\t" && ReadableTests.unsafe.contains($0)
      }
      #expect(bad.isEmpty, "\(arguments): \(bad.map { String($0.value, radix: 16) })")
    }
  }
}
