// The standard scenarios: each balancer under one sort of load.

import LinuxIO

extension Bench {
  static let loadMeasures = [
    Measure("CPU per request", .microseconds), Measure("requests", .perSecond),
    Measure("p50", .milliseconds), Measure("p99", .milliseconds), Measure("PSS", .mebibytes),
    Measure("core in use", .share),
  ]

  func loadPlan(_ scenario: Scenario, _ workload: Workload) -> Plan {
    Plan(
      scenario: scenario, about: workload.about, measures: Bench.loadMeasures,
      rounds: options.rounds,
      subjects: balancers([.lbd, .nginx, .haproxy, .relay]).map { name in
        Subject(name.rawValue) { _ throws(Failure) in
          try self.observe(Launch(name), workload)
        }
      })
  }

  /// A start, a second to get warm, the measured load.
  func observe(_ launch: Launch, _ workload: Workload) throws(Failure) -> Observation {
    try withBalancer(launch) { tree throws(Failure) in
      // Until each replica has passed its first probes.
      try processes.pause(milliseconds: 500)
      let warmUp = try load(launch.name, workload, seconds: 1).report
      let before = (tree.seconds, tree.secondsOfWorkers(launch.name.workers))
      let outcome = try load(launch.name, workload, seconds: options.seconds)
      let used = tree.seconds - before.0
      let work = tree.secondsOfWorkers(launch.name.workers).map { $1 - (before.1[$0] ?? 0) }
      let report = outcome.report
      guard report.requests > 0 else { throw Failure("no request was answered") }
      return Observation(
        figures: [
          used * 1e6 / Double(report.requests), report.perSecond, report.p50, report.p99,
          tree.proportionalBytes, used / outcome.seconds,
        ], byWorkers: work.reduce(0, +) * 1e6 / Double(report.requests),
        requests: warmUp.requests + report.requests, bad: warmUp.bad + report.bad,
        errors: warmUp.errors + report.errors)
    }
  }
}
