// Whose files lbd obeys at its start, and what it says of a place that others may write to.

import ControlProtocol
import Foundation
import Glibc
import TestSupport
import Testing

@Suite(.waiting) struct StateTrustTests {
  private func state(_ stage: Stage) -> String { stage.directory + "/lbd.state" }

  /// A stage whose state has its replica drained; lbd does not run yet.
  private func drained(mode: mode_t, owner: uid_t = geteuid()) throws -> Stage {
    let stage = try Stage()
    try stage.startReplica()
    try stage.writeConf(ports: stage.ports)
    try "lbd-state 1\norder \(stage.names[0]) drain\nend\n".write(
      toFile: state(stage), atomically: true, encoding: .utf8)
    try Ownership.change(state(stage), mode: mode)
    if owner != geteuid() { try Ownership.give(state(stage), to: owner) }
    return stage
  }

  @Test(arguments: [mode_t(0o600), 0o644, 0o400])
  func `a state of one's own that nobody else may write to is obeyed`(_ mode: mode_t) throws {
    let stage = try drained(mode: mode)
    try stage.launch()
    try stage.awaitPool("it drains") { $0[0].state == .draining }
  }

  @Test(arguments: [mode_t(0o666), 0o620, 0o602])
  func `a state that others may write to is not obeyed, and that is said`(_ mode: mode_t) throws {
    let stage = try drained(mode: mode)
    try stage.start()
    let log = stage.lbd?.error ?? ""
    #expect(log.contains("\"event\":\"state-refused\""), "\(log)")
    #expect(log.contains("others than its owner may write to it"), "\(log)")
    // The next order is kept in a file that is lbd's own.
    #expect(try stage.lbctl("drain", stage.names[0]).status == 0)
    let facts = try FileManager.default.attributesOfItem(atPath: state(stage))
    #expect(facts[.posixPermissions] as? Int == 0o600)
  }

  @Test(.enabled(if: geteuid() == 0, "only root can give a file to another"))
  func `a state of another user is not obeyed, and root's is by everyone`() throws {
    let stage = try drained(mode: 0o644, owner: 65534)
    try stage.start()
    try eventually("the log says so") {
      stage.lbd?.error.contains("it belongs to user 65534") == true
    }
    let roots = try drained(mode: 0o644)
    try Ownership.give(roots.directory, to: Ownership.stranger)
    try roots.launch(
      by: "exec setpriv --reuid=65534 --regid=65534 --clear-groups \"$0\" \"$@\"")
    try roots.awaitPool("it drains") { $0[0].state == .draining }
  }

  @Test(arguments: [
    (mode_t(0o755), false, false), (0o1777, false, true), (0o777, false, true),
    (0o757, false, true),
    (0o755, true, false), (0o777, true, true), (0o1777, true, false),
  ])
  func `a directory where others can replace the control socket is warned of`(
    _ mode: mode_t, _ isInside: Bool, _ isWarnedOf: Bool
  ) throws {
    let stage = try Stage()
    try Ownership.change(stage.directory, mode: mode)
    // Whoever may write to a directory above it may move that one away.
    if isInside {
      try FileManager.default.createDirectory(
        atPath: stage.directory + "/own", withIntermediateDirectories: false)
    }
    let conf = "[lbd]\nmain_port = \(stage.mainPort)\nports = 1\ncontrol = "
    try stage.write(conf + stage.directory + (isInside ? "/own/lbd.sock\n" : "/lbd.sock\n"))
    try stage.launch()
    try eventually("it has started") { stage.lbd?.error.contains("\"event\":\"start\"") == true }
    // What comes behind it is there, too.
    stage.lbd?.signal(SIGTERM)
    #expect(try stage.lbd?.exitStatus() == 0)
    let log = stage.lbd?.error ?? ""
    #expect(log.contains("\"event\":\"control-exposed\"") == isWarnedOf, "\(log)")
  }
}
