// Giving this lbd's place to the next one. The listener is one socket in both processes, so the kernel
// refuses nobody; what this one has begun it ends. What may be said when is FormerSide's.

import Configuration
import ControlProtocol
import ControlServer
import Glibc
import LinuxIO
import Roster
import Telemetry

/// What an lbd knows of the one that takes its place, and of its own takeover.
struct Succession {
  /// How long the next lbd may say nothing while it starts and probes, in nanoseconds.
  static let startTime: UInt64 = 60_000_000_000
  /// The same once it is about to serve: nobody takes orders meanwhile.
  static let patience: UInt64 = 10_000_000_000

  var side = FormerSide()
  /// When the next lbd is given up.
  var deadline: UInt64?
  /// Processes that were to take over and did not: what they put in the control socket's place is in the
  /// way.
  var gaveUp: Set<Int32> = []
  /// What was last said of a control socket that is not where it should be.
  var trouble: String?
}

extension Daemon {
  /// Gives the next lbd the listener and the orders, and goes on as before.
  /// - Parameter connection: the token of the one that asks.
  mutating func handOver(_ request: ControlRequest, _ connection: UInt64) -> ControlAnswer {
    guard phase == .serving, listener != nil else { return refusal(409, "lbd is stopping") }
    // The control socket's group may give orders; it may not end lbd, nor serve in its place.
    guard let user = request.user, user == geteuid() || user == 0 else {
      return refusal(403, "only lbd's own user and root may take it over")
    }
    if let refusal = refusalOfStranger(connection) { return refusal }
    guard succession.side.hear(.listener, from: connection) else { return refusal(409, busyText) }
    control.pin(connection)
    succession.deadline = now + Succession.startTime
    log.write(
      .info, "the listener was handed to another lbd of user \(user)",
      ["event": "takeover", "uid": "\(user)"])
    var answer = ordersAnswer()
    answer.passesListener = true
    return answer
  }

  /// Why a process other than the one that lbd has started for an upgrade may not take over now.
  private mutating func refusalOfStranger(_ connection: UInt64) -> ControlAnswer? {
    if let next = upgradeProcess {
      return isNext(connection)
        ? nil : refusal(409, "an upgrade is under way: process \(next) is to take over")
    }
    // A process that the manager knows nothing of would end with the former one.
    guard listenerOrigin.isConf && environment["NOTIFY_SOCKET"] == nil else {
      return refusal(
        409, "a service manager runs lbd: use systemctl restart lbd, or lbctl upgrade")
    }
    return nil
  }

  var busyText: String {
    guard let successor = succession.side.successor else {
      return "the lbd before this one has not answered it yet, or stands still"
    }
    let process = control.process(of: successor).map { ", process \($0)," } ?? ""
    return "another lbd\(process) is taking over already"
  }

  /// The next lbd is ready: it has the last word on orders, and no other is taken as long as it is there.
  mutating func promise(_ connection: UInt64) -> ControlAnswer {
    guard succession.side.hear(.promise, from: connection) else { return notHandedOver }
    succession.deadline = now + Succession.patience
    return ordersAnswer()
  }

  /// The next lbd serves: this one drains. It writes no state any more, since that is the other's now.
  mutating func endTakeover(_ connection: UInt64) -> ControlAnswer {
    let isThere = !control.hasEnded(connection)
    var isAnotherThere = false
    if !isThere, case .another = control.look() { isAnotherThere = true }
    guard
      succession.side.hear(
        .done, from: connection, isThere: isThere, isAnotherThere: isAnotherThere)
    else { return notHandedOver }
    succession.deadline = nil
    // The next one listens there.
    metrics.remove()
    endUpgrade()
    if phase == .serving || stop.accepts { drain() }
    return ordersAnswer()
  }

  private var notHandedOver: ControlAnswer {
    refusal(409, "the listener was not handed over on this connection, or it was given up since")
  }

  private func ordersAnswer() -> ControlAnswer {
    var answer = ControlAnswer(200, Array(adminStates.text.utf8))
    answer.type = "text/plain; charset=utf-8"
    return answer
  }

  /// Why no order is taken, while the next lbd is about to serve or does; else nil.
  func refusalOfOrders(_ path: String) -> ControlAnswer? {
    guard !succession.side.takesOrders else { return nil }
    switch path {
    case ControlPath.takeover, ControlPath.takeoverReady, ControlPath.takeoverDone: return nil
    default: break
    }
    let isFollowed = succession.side.state == .followed
    return refusal(
      409,
      isFollowed
        ? "another lbd has taken over, this one takes no orders"
        : "another lbd is about to take over, this one takes no orders; try again")
  }

  /// A duplicate of the listener goes with the answer; without it the next lbd gives up.
  mutating func passListener(to slot: SlabSlot<ControlConnection>) {
    switch listener {
    case .some(let listener):
      if let duplicate = try? listener.duplicate() { control.pass(duplicate, to: slot) }
    case .none: break
    }
  }

  /// Sees whether the next lbd has died, or was silent for too long.
  mutating func watchSuccessor() {
    guard let successor = succession.side.successor else { return }
    guard control.isOpen(successor) else { return goOn(without: successor) }
    if let deadline = succession.deadline, now >= deadline {
      succession.deadline = nil
      succession.side.lapse()
      log.write(
        .warning, "the lbd that was to take over says nothing: it is given up",
        ["event": "takeover"])
    }
    guard case .revoking = succession.side.state else { return }
    if let process = control.process(of: successor) { succession.gaveUp.insert(process) }
    control.revoke(successor, refusal(409, "it was given up, as it had said nothing for too long"))
    if !control.isOpen(successor) { goOn(without: successor) }
  }

  private mutating func goOn(without successor: UInt64) {
    guard succession.side.end(of: successor) else { return }
    succession.deadline = nil
    log.write(
      .warning, "the lbd that was to take over has not: this one serves on", ["event": "takeover"])
    keepControlSocket()
  }
}
