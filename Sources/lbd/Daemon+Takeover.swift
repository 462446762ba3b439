// Giving the place to the next lbd, and taking it from the former one. The listener is one socket in both
// processes, so the kernel refuses nobody; what the former one has begun it ends.

import Configuration
import ControlProtocol
import LinuxIO
import Proxy

// MARK: The former one

extension Daemon {
  /// Gives the next lbd the listener and the orders, and goes on as before.
  mutating func handOver(_ request: ControlRequest) -> ControlAnswer {
    guard phase == .serving, listener != nil else { return refusal(409, "lbd is stopping") }
    let caller = request.user.map { "\($0)" } ?? "-"
    log.write(
      .info, "the listener was handed to another lbd of user \(caller)",
      ["event": "takeover", "uid": caller])
    hasHandedOver = true
    var answer = ordersAnswer()
    answer.passesListener = true
    return answer
  }

  /// The next lbd serves: this one drains. It writes no state any more, since that is the other's now.
  mutating func endTakeover(_ request: ControlRequest) -> ControlAnswer {
    guard phase == .serving, hasHandedOver else {
      return refusal(409, "nobody was handed the listener")
    }
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
      if var former = takeover.take() { adopt(try former.finish()) }
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
    }
  }
}
