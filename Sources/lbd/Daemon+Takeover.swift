// Taking the place of the lbd that runs: its listener is here already, and its control socket's path, its
// orders and its metrics' address follow. What may be said when is NextSide's.

import Configuration
import ControlServer
import Glibc
import Ledger
import LinuxIO
import Roster
import Telemetry

extension Daemon {
  /// Once it knows its replicas: takes the control socket's path, tells the former lbd that it serves, and
  /// has its workers accept. Until it is told, the former one has lost nothing.
  mutating func takeOver() {
    guard phase == .serving, var former = takeover.take() else { return }
    former.askForPromise()
    var isMoved = false
    if case .moving(let isAlone) = former.side.state { isMoved = moveControlSocket(isAlone) }
    former.tell(isMoved: isMoved)
    guard former.side.serves else { return giveUp(former.reason) }
    // One of an older release had to be told first.
    if !isMoved { _ = moveControlSocket(true) }
    succession.side.takeOver(isSettled: former.side.state == .serving)
    if let listener = nextListener?.hand(to: orders) { use(listener) }
    adopt(ofConf(former.orders))
    let what = former.hasFormer ? "drains" : "has ended"
    log.write(.info, "taken over: the former lbd \(what)", ["event": "takeover"])
    // The state holds what the former one kept, for replicas that this conf may not name.
    keptAdminStates = nil
    _ = keepState()
    former.watch(poller, token: Source.former)
    takeover = consume former
    settleTakeover()
  }

  /// False when the socket cannot be there, which is said.
  private mutating func moveControlSocket(_ isAlone: Bool) -> Bool {
    do throws(StartFailure) {
      control.open(
        try ControlListener.make(replacing: configuration.control, patience: 5000), poller)
      return true
    } catch {
      log.write(.error, error.line, ["event": isAlone ? "control-socket" : "takeover"])
      return false
    }
  }

  /// Ends without having served; the former lbd goes on.
  private mutating func giveUp(_ reason: String) {
    log.write(.error, "not taken over: \(reason)", ["event": "takeover"])
    NextReport(environment)?.tell(reason)
    control.remove()
    exitStatus = 1
    stopNow()
  }

  /// The former lbd has said something, or ended.
  mutating func settleTakeover() {
    guard var former = takeover.take() else { return }
    former.listen()
    guard former.side.state == .serving else {
      takeover = consume former
      return
    }
    succession.side.takeOver(isSettled: true)
    openMetrics()
    meetManager()
  }

  /// What was ordered since the former lbd was first asked.
  private mutating func adopt(_ next: AdminStates) {
    for index in replicas.indices {
      let wanted = next[replicas[index].name]
      take(wanted.order, at: index)
      replicas[index].adminState.weight = wanted.weight
    }
    guard next != adminStates else { return }
    adminStates = next
    publish()
  }

  private mutating func openMetrics() {
    guard let address = configuration.metrics.listen else { return }
    do throws(StartFailure) {
      metrics.open(try ControlListener.metrics(at: address), poller)
    } catch {
      log.write(.error, "no metrics at \(address): \(error.line)", ["event": "takeover"])
      // A reload tries again.
      configuration.metrics.listen = nil
    }
  }
}
