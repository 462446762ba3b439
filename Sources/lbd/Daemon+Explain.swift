// The two reads of the control socket that answer "why": the events, and one replica with all that
// speaks for and against it.

import Balancing
import ControlProtocol
import ControlServer
import Glibc
import HTTPWire
import LinuxIO
import Probing
import Roster
import Telemetry

extension Daemon {
  /// Events about a replica that explain it.
  private static var eventsAbout: Int { 10 }

  func eventsAnswer(_ request: ControlRequest) -> ControlAnswer {
    let number: Int?
    switch ControlQuery.read(ControlQuery.since, of: request.path) {
    case .absent: number = 0
    case .value(let text): number = ControlQuery.number(text)
    case .malformed: number = nil
    }
    guard let number else {
      return refusal(400, "events takes since=N, the number of the last event known, or nothing")
    }
    let report = EventsReport(
      pid: Int(getpid()), started: Timestamp.text(figures.start), events: history.since(number))
    return ControlAnswer(200, report)
  }

  func explainAnswer(_ request: ControlRequest) -> ControlAnswer {
    guard case .value(let text) = ControlQuery.read(ControlQuery.replica, of: request.path) else {
      return refusal(400, "explain takes replica=NAME: a name, a port or an address")
    }
    guard let index = find(text) else { return noReplica(text) }
    return ControlAnswer(200, explain(replicas[index]))
  }

  /// Says that a text names no replica, or several, and what would name one.
  func noReplica(_ text: String) -> ControlAnswer {
    let found = ReplicaNaming.find(text, among: named)
    return refusal(404, ReplicaNaming.refusal(text, found: found, among: named))
  }

  private func explain(_ replica: ReplicaRecord) -> ExplainReport {
    let clocks = Clocks(now: now, wall: Clock.wall())
    return ExplainReport(
      replica: report(replica),
      since: clocks.text(replica.health.since), cause: replica.stateCause,
      probes: probes.history(of: replica.slot).report(clocks),
      failures: zip(FailureClass.allCases, meters.failures(replica.slot)).map {
        FailureCount(name: "\($0)", count: $1)
      },
      lastFailure: replica.lastFailure.map { failure, cause, time in
        LastFailure(
          time: clocks.text(time), secondsAgo: clocks.secondsAgo(time), name: "\(failure)",
          cause: cause)
      },
      events: history.about(replica.name, last: Daemon.eventsAbout))
  }
}
