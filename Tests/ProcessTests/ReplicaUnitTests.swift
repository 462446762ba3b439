// What deploy/systemd/replicad@.service lets a replica do, and its orders to lbd.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite(.waiting) struct ReplicaUnitTests {
  /// The unit's settings in their order.
  private func settings() throws -> [(key: String, value: String)] {
    let path = Binaries.package + "/deploy/systemd/replicad@.service"
    return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").compactMap {
      guard !$0.hasPrefix("#"), let sign = $0.firstIndex(of: "=") else { return nil }
      return (String($0[..<sign]), String($0[$0.index(after: sign)...]))
    }
  }

  /// Its commands that order something of lbd, by what runs them.
  private func orders() throws -> [(key: String, prefix: Substring, words: [String])] {
    try settings().filter { $0.key.hasPrefix("Exec") && $0.value.contains("lbctl") }.map {
      let prefix = $0.value.prefix { !"/".contains($0) }
      return (
        $0.key, prefix, $0.value.dropFirst(prefix.count).split(separator: " ").map(String.init)
      )
    }
  }

  @Test func `a replica is in no group of lbd's, and only systemd's own commands may give orders`()
    throws
  {
    let settings = try settings()
    for key in ["User", "Group", "SupplementaryGroups"] {
      #expect(!settings.contains { $0.key == key }, "\(key)")
    }
    #expect(settings.contains { $0 == ("DynamicUser", "yes") })
    let orders = try orders()
    #expect(orders.map(\.key) == ["ExecStop", "ExecStopPost", "ExecStartPost"])
    for (key, prefix, words) in orders {
      #expect(prefix == "-+", "\(key)")
      #expect(
        words.prefix(8) == [
          "/usr/bin/setpriv", "--reuid=lbd", "--regid=lbd", "--clear-groups", "--no-new-privs",
          "--inh-caps=-all", "--bounding-set=-all", "/usr/bin/lbctl",
        ], "\(key)")
    }
  }

  @Test(.enabled(if: geteuid() == 0, "only root can become another user"))
  func `its commands reach an lbd of another user, as that user`() throws {
    let directory = try Ownership.directory(of: Ownership.stranger, mode: 0o750)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let stage = try Stage()
    try stage.startReplica()
    let socket = directory + "/lbd.sock"
    let conf =
      "[lbd]\nmain_port = \(stage.mainPort)\nports = \(stage.names[0])\ncontrol = \(socket)\n"
    try stage.write(conf + "[health]\n\(Stage.fastProbes)")
    let lbd = try Ownership.start(
      as: Ownership.stranger, group: Ownership.stranger, "lbd", ["-c", stage.confPath])
    try eventually("it is up: \(lbd.error)") { lbd.error.contains("is up") }
    for (key, _, words) in try orders() {
      let command = try words.map { word in
        switch word {
        case "/usr/bin/lbctl": try Binaries.path("lbctl")
        case "%i": stage.names[0]
        default: word.replacing("=lbd", with: "=65534")
        }
      }
      let outcome = try Child(
        command[0], Array(command.dropFirst()), environment: ["LBD_SOCKET": socket]
      ).outcome(within: 30)
      #expect(outcome.status == 0, "\(key): \(outcome)")
      #expect(lbd.error.contains("\"uid\":\"65534\""))
    }
    #expect(lbd.error.contains("\"order\":\"drain\"") && lbd.error.contains("\"order\":\"ready\""))
  }
}
