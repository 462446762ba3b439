// `lbctl upgrade`: this lbd starts the next one, from the file that it was itself started from, and that one
// takes over as any other does. A service manager is told which process is the main one by the main one, this
// one, before the next one hears that it serves: whoever is not the main process is not listened to.

import Configuration
import ControlProtocol
import ControlServer
import Glibc
import LinuxIO
import Telemetry

/// The next lbd that this one has started, until it has taken over or ended.
struct Upgrade: ~Copyable {
  /// How long it has to ask for the listener, in nanoseconds. What comes then has times of its own.
  static let time: UInt64 = 60_000_000_000
  /// From one look for its end to the next.
  static let pause: UInt64 = 50_000_000

  var next: NextProgram
  /// Who ordered it waits for what it comes to.
  let connection: UInt64
  let deadline: UInt64
}

extension Daemon {
  /// Starts the next lbd; nil where the answer follows.
  mutating func orderUpgrade(
    _ request: ControlRequest, _ connection: UInt64
  ) -> ControlAnswer? {
    guard let user = request.user, user == geteuid() || user == 0 else {
      return refusal(403, "only lbd's own user and root may upgrade it")
    }
    guard phase == .serving, listener != nil else { return refusal(409, "lbd is stopping") }
    guard upgradeProcess == nil else { return refusal(409, "an upgrade is under way already") }
    guard succession.side.state == .serving else { return refusal(409, busyText) }
    do throws(SystemError) {
      let program = try nextProgram()
      let next = try NextProgram(
        program.command, environment: program.environment, isHandedUp: manager.isThere)
      log.write(
        .info, "upgrade: \(program.command[0]) is started, to take over",
        ["event": "upgrade", "uid": "\(user)", "path": program.command[0]])
      upgrade = Upgrade(next: next, connection: connection, deadline: now + Upgrade.time)
      return nil
    } catch {
      log.write(.error, "upgrade: the next lbd cannot be started: \(error)", ["event": "upgrade"])
      return refusal(409, "the next lbd cannot be started: \(error); this one serves on")
    }
  }

  /// The file that this lbd was started from, or what has been put in its place since.
  private func nextProgram() throws(SystemError) -> (
    command: [String], environment: [String: String]
  ) {
    var file = try ProcessTable.ownPath()
    let mark = " (deleted)"
    if file.hasSuffix(mark) { file.removeLast(mark.count) }
    var next = environment
    // These were said to this process alone.
    for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "WATCHDOG_PID"] { next[name] = nil }
    next[NextProgram.variable] = listenerOrigin.word
    return ([file, "--takeover", "-c", path], next)
  }

  var upgradeProcess: Int32? {
    switch upgrade {
    case .some(let upgrade): upgrade.next.process
    case .none: nil
    }
  }

  /// Whether the process at a connection is the next lbd.
  mutating func isNext(_ connection: UInt64) -> Bool {
    guard var upgrade = upgrade.take() else { return false }
    let isNext = control.process(of: connection).map { upgrade.next.isProgram($0) } ?? false
    self.upgrade = consume upgrade
    return isNext
  }

  /// Sees whether the next lbd has ended without having taken over, or says nothing at all.
  mutating func watchUpgrade() {
    guard let upgrade = upgrade.take() else { return }
    if let outcome = upgrade.next.end() {
      upgradeFailed(outcome, isLate: now >= upgrade.deadline, upgrade.connection)
      return
    }
    if now >= upgrade.deadline && succession.side.successor == nil { upgrade.next.kill() }
    self.upgrade = consume upgrade
  }

  private mutating func upgradeFailed(
    _ outcome: Program.Outcome, isLate: Bool, _ connection: UInt64
  ) {
    let said = String(decoding: outcome.output, as: UTF8.self).split(separator: "\n")
      .map { $0.hasPrefix("lbd: ") ? $0.dropFirst(5) : $0 }.joined(separator: "; ")
    let how =
      isLate
      ? "it was not ready within \(Upgrade.time / 1_000_000_000) s"
      : outcome.status > 128
        ? "it was ended by signal \(outcome.status - 128)" : "it ended with \(outcome.status)"
    let cause = said.isEmpty ? "\(how), and said nothing" : "\(how): \(said)"
    log.write(
      .error, "upgrade: the next lbd did not take over, this one serves on: \(cause)",
      ["event": "upgrade", "status": "\(outcome.status)"])
    lateAnswers.append(
      (connection, refusal(409, "the next lbd did not take over, this one serves on: \(cause)")))
  }

  /// The next lbd serves: the manager hears so, and nothing more from this one.
  mutating func endUpgrade() {
    guard let upgrade = upgrade.take() else { return }
    upgrade.next.handUp()
    manager.notify("MAINPID=\(upgrade.next.process)")
    manager = ServiceManager(environment: [:])
    lateAnswers.append(
      (
        upgrade.connection,
        ControlAnswer(
          200,
          DetailReport(
            "process \(upgrade.next.process) has taken over; process \(getpid()) ends once what it"
              + " has in flight has ended"))
      ))
  }

  /// lbd is to end, the next one too.
  func dropUpgrade() {
    switch upgrade {
    case .some(let upgrade): upgrade.next.kill()
    case .none: break
    }
  }

  // MARK: In the next lbd

  /// The former lbd has told the manager of this one, or has none: from now on this one speaks.
  mutating func meetManager() {
    NextReport(environment)?.close()
    manager = ServiceManager(environment: environment)
    guard manager.isThere else { return }
    watchdog.hasten(now)
    toldStatus = ""
    tellStatus()
    guard listenerOrigin.isConf else { return }
    // It may hold one of another address, and is as well given the same one anew.
    switch listener {
    case .some(let listener): MainListener.replace(listener, by: manager)
    case .none: break
    }
  }
}
