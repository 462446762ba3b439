// Giving the place to the next lbd, and taking it from the former one. The listener is one socket in both
// processes, so the kernel refuses nobody; what the former one has begun it ends.

import Configuration
import ControlProtocol
import Glibc
import LinuxIO
import Proxy

// MARK: The former one

extension Daemon {
  /// Gives the next lbd the listener and the orders, and goes on as before.
  /// - Parameter connection: the token of the one that asks.
  mutating func handOver(_ request: ControlRequest, _ connection: UInt64) -> ControlAnswer {
    guard phase == .serving, listener != nil else { return refusal(409, "lbd is stopping") }
    // The control socket's group may give orders; it may not end lbd, nor serve in its place.
    guard let user = request.user, user == geteuid() || user == 0 else {
      return refusal(403, "only lbd's own user and root may take it over")
    }
    // A process that the manager has not started would end with the former one.
    guard listenerOrigin.isConf && environment["NOTIFY_SOCKET"] == nil else {
      return refusal(409, "a service manager runs lbd: use systemctl restart lbd")
    }
    let caller = request.user.map { "\($0)" } ?? "-"
    log.write(
      .info, "the listener was handed to another lbd of user \(caller)",
      ["event": "takeover", "uid": caller])
    successor = connection
    var answer = ordersAnswer()
    answer.passesListener = true
    return answer
  }

  /// The next lbd serves, as it says where it was handed the listener: this one drains. It writes no state any more, since that is the other's now.
  mutating func endTakeover(_ connection: UInt64) -> ControlAnswer {
    guard phase == .serving, successor == connection else {
      return refusal(409, "the listener was not handed over on this connection")
    }
    isFollowed = true
    // The next one listens there.
    metrics.remove()
    drain()
    return ordersAnswer()
  }

  private func ordersAnswer() -> ControlAnswer {
    var answer = ControlAnswer(200, Array(standing.text.utf8))
    answer.type = "text/plain; charset=utf-8"
    return answer
  }

  /// A duplicate of the listener goes with the answer; without it the next lbd gives up.
  mutating func passListener(to slot: UInt32) {
    switch listener {
    case .some(let listener):
      if let duplicate = try? listener.duplicate() { control.pass(duplicate, to: slot) }
    case .none: break
    }
  }
}

// MARK: The next one

extension Daemon {
  /// Once it knows its replicas: takes the control socket's path, has its workers accept, and tells the
  /// former lbd to drain. Until the first of these the former one knows of nothing.
  mutating func takeOver() {
    guard takeover != nil, phase == .serving else { return }
    do throws(SystemError) {
      try control.move(to: configuration.control)
    } catch {
      log.write(
        .error, "not taken over: \(configuration.control): \(error)", ["event": "takeover"])
      takeover = nil
      exitStatus = 1
      return stopNow()
    }
    if let listener = nextListener?.hand(to: orders) { use(listener) }
    do throws(StartFailure) {
      if var former = takeover.take() { adopt(ofConf(try former.finish())) }
      log.write(.info, "taken over: the former lbd drains", ["event": "takeover"])
    } catch {
      log.write(
        .warning, "\(error.line); this one serves, see that the former one ends",
        ["event": "takeover"])
    }
    _ = keepState()
    openMetrics()
  }

  /// What was ordered since the former lbd was first asked.
  private mutating func adopt(_ next: StandingOrders) {
    for index in replicas.indices {
      let wanted = next[replicas[index].name]
      take(wanted.order, at: index)
      replicas[index].standing.weight = wanted.weight
    }
    guard next != standing else { return }
    standing = next
    publish()
  }

  private mutating func openMetrics() {
    guard let place = configuration.metrics.listen else { return }
    do throws(StartFailure) {
      metrics.open(try ControlListener.metrics(at: place), poller)
    } catch {
      log.write(.error, "no metrics at \(place): \(error.line)", ["event": "takeover"])
      // A reload tries again.
      configuration.metrics.listen = nil
    }
  }
}
