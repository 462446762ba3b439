// The two reads of the control socket that answer "why": the events, and one replica with all that
// speaks for and against it.

import Balancing
import ControlProtocol
import Glibc
import LinuxIO

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
      pid: Int(getpid()), started: Log.timestamp(figures.start), events: history.since(number))
    return ControlAnswer(200, report)
  }

  func explainAnswer(_ request: ControlRequest) -> ControlAnswer {
    guard case .value(let text) = ControlQuery.read(ControlQuery.replica, of: request.path) else {
      return refusal(400, "explain takes replica=NAME: a name, a port or an address")
    }
    guard let index = find(text) else { return noReplica(text) }
    return ControlAnswer(200, explain(replicas[index]))
  }

  /// A replica that is not in the pool, and those that are, as far as a line has room.
  func noReplica(_ text: String) -> ControlAnswer {
    let names = replicas.prefix(20).map(\.name).joined(separator: ", ")
    let more = replicas.count > 20 ? " and \(replicas.count - 20) more" : ""
    let pool = replicas.isEmpty ? "the pool is empty" : "the pool has \(names)\(more)"
    return refusal(404, "there is no replica \(text); \(pool)")
  }

  private func explain(_ replica: ReplicaRecord) -> ExplainReport {
    let clocks = Clocks(now: now, wall: Clock.wall())
    let counts = replica.counts.traffic(slot: replica.slot, tallies: tallies).failures
    return ExplainReport(
      replica: replica.report(now: now, nextProbe: schedule.due(replica.slot)),
      since: clocks.text(replica.health.since), cause: replica.stateCause,
      probes: replica.probeHistory.report(clocks),
      failures: zip(FailureClass.allCases, counts).map { FailureCount(name: "\($0)", count: $1) },
      lastFailure: replica.lastFailure.map { failure, cause, time in
        LastFailure(
          time: clocks.text(time), secondsAgo: clocks.secondsAgo(time), name: "\(failure)",
          cause: cause)
      },
      events: history.about(replica.name, last: Daemon.eventsAbout))
  }
}
