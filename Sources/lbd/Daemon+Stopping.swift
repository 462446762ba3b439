// How lbd ends. Where a service manager holds the listener, clients cannot connect to another lbd before this
// one has ended, and would wait for it: so it serves newcomers until those that were connected are done,
// and then ends within two seconds. Elsewhere it accepts nothing more at once.

import Configuration
import ControlProtocol
import ControlServer
import Glibc
import Ledger
import LinuxIO
import Telemetry

/// How far lbd has come on its way to its end.
struct Stop {
  enum Stage {
    case none
    /// Who was connected is let go, newcomers are served as ever.
    case servesOn
    /// Newcomers are served, each for one request: those in between are let go.
    case lastCall
    /// Nobody is accepted.
    case drains
    /// What is left is cut.
    case over
  }

  /// How long the last call takes at most, and then the end of what came meanwhile, in nanoseconds. Together
  /// what newcomers may have begun is given this long; the second one keeps those waiting that come then.
  static let lastCall: UInt64 = 1_500_000_000
  static let rest: UInt64 = 500_000_000

  var stage = Stage.none
  /// When the next stage begins at the latest.
  var deadline: UInt64?
  /// When the conf's time for what is in flight is over.
  var end: UInt64 = 0
  /// Workers whose clients of this stage have not all gone.
  var waitsFor = 0

  /// Connections are accepted although lbd stops.
  var accepts: Bool { stage == .servesOn || stage == .lastCall }
}

extension Daemon {
  mutating func received(_ signal: Int32) {
    switch signal {
    case SIGHUP: reload(.hangUp)
    case SIGTERM, SIGINT: phase == .serving ? beginStop() : stopNow()
    default: reopenLogs()
    }
  }

  /// Told to end: what is in flight has the conf's time.
  private mutating func beginStop() {
    dropUpgrade()
    guard listener != nil, manager.isThere || listenerOrigin != .conf else { return drain() }
    sayStop("stops: serves on until what is in flight has ended")
    enter(.servesOn, until: stop.end - min(Stop.lastCall, stop.end - now))
  }

  private mutating func sayStop(_ line: String) {
    phase = .draining
    let time = configuration.timeouts.drain.nanoseconds
    stop.end = now + time
    // The conf may give what is in flight more time than the unit gives a stop.
    manager.notify("STOPPING=1\nEXTEND_TIMEOUT_USEC=\(time / 1000 + 10_000_000)")
    log.write(.info, line, ["event": "drain"])
    history.add(.drain, cause: "what is in flight may end")
  }

  private mutating func enter(_ stage: Stop.Stage, until deadline: UInt64) {
    stop.stage = stage
    stop.deadline = deadline
    stop.waitsFor = orders.count
    for mailbox in orders { mailbox.post(.drainClients(isLast: stage == .lastCall)) }
  }

  /// A worker's clients that were let go have gone.
  mutating func areGone(isLast: Bool) {
    guard stop.stage == (isLast ? .lastCall : .servesOn) else { return }
    stop.waitsFor -= 1
    if stop.waitsFor == 0 { goOnStopping() }
  }

  /// The time of a stage is over, or what it waited for is.
  mutating func goOnStopping() {
    switch stop.stage {
    case .servesOn: enter(.lastCall, until: min(now + Stop.lastCall, max(now, stop.end)))
    case .lastCall:
      for mailbox in orders { mailbox.post(.cut) }
      drain()
      stop.deadline = now + Stop.rest
    case .none, .drains, .over: stopNow()
    }
  }

  /// New connections are refused from now on, or wait for the next lbd; what is in flight ends, within the
  /// conf's time.
  mutating func drain() {
    if phase == .serving {
      sayStop("stops: what is in flight may end")
    } else {
      log.write(.info, "stops: accepts nothing more", ["event": "drain"])
    }
    let isHeld = stop.stage == .lastCall
    stop.stage = .drains
    stop.deadline = stop.end
    for mailbox in orders { mailbox.post(.drain(takesWaiting: !isHeld)) }
    listener = nil
  }

  mutating func stopNow() {
    stop.stage = .over
    stop.deadline = nil
    history.add(.stop, cause: "what is in flight is cut")
    for mailbox in orders { mailbox.post(.stop) }
  }

  mutating func finish() {
    reportSkippedLines()
    finishAccessLog()
    control.remove()
    metrics.remove()
    log.write(.info, "stopped", ["event": "stop"])
  }
}
