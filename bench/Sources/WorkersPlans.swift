// More than one worker: what a second one adds, and how evenly they share.

import LinuxIO

extension Bench {
  /// Under a quota, so that two cores are enough: what the balancer may not use is the load's.
  func workersPlan() -> Plan {
    Plan(
      scenario: .workers,
      about: "requests a second with two workers and twice the processor time, against one",
      notes: [
        "One worker may use 25 % of a core, two 50 %, by a control group; small GETs over 128 "
          + "connections. How far load and replicas were from a whole core each with two workers "
          + "tells that they were not the limit; one that did not get its own 25 % or 50 % shared the "
          + "machine with something else."
      ],
      measures: [
        Measure("two / one", .multiple), Measure("requests by one", .perSecond),
        Measure("core used by one", .share), Measure("requests by two", .perSecond),
        Measure("core used by two", .share), Measure("load busy", .share),
        Measure("replicas busy", .share),
      ], rounds: options.rounds, pinsOrigin: false,
      subjects: balancers([.lbd, .nginx, .haproxy]).map { name in
        Subject(name.rawValue) { origin throws(Failure) in
          let one = try self.observeShare(name, workers: 1, origin)
          let two = try self.observeShare(name, workers: 2, origin)
          guard one.figures[0] > 0 else { throw Failure("no request was answered") }
          return Observation(
            figures: [two.figures[0] / one.figures[0]] + one.figures.prefix(2) + two.figures,
            bad: one.bad + two.bad, errors: one.errors + two.errors)
        }
      })
  }

  private func observeShare(
    _ name: BalancerName, workers: Int, _ origin: Int32
  ) throws(Failure) -> Observation {
    let quota = try Quota.make(share: 0.25 * Double(workers))
    defer { quota.remove() }
    var launch = Launch(name)
    (launch.workers, launch.core, launch.quota) = (workers, nil, quota)
    let workload = Workload(connections: 128, about: "")
    return try withBalancer(launch) { tree throws(Failure) in
      try processes.pause(milliseconds: 500)
      _ = try load(name, workload, seconds: 1, pinned: false)
      let before = (tree.seconds, ProcessTree(root: origin).seconds)
      let outcome = try load(name, workload, seconds: options.seconds, pinned: false)
      let own = tree.seconds - before.0
      let replicas = ProcessTree(root: origin).seconds - before.1
      return Observation(
        figures: [outcome.report.perSecond]
          + [own, outcome.cpu, replicas].map { $0 / outcome.seconds }, bad: outcome.report.bad,
        errors: outcome.report.errors)
    }
  }

  func unevenPlan() -> Plan {
    let cases = balancers([.lbd, .nginx, .haproxy]).flatMap { name in
      [(2, 64), (2, 512), (4, 64), (4, 512)].map { (name, $0.0, $0.1) }
    }
    return Plan(
      scenario: .uneven,
      about: "processor time of the busiest worker against the mean of all, on connections that "
        + "last for the whole run",
      measures: [Measure("busiest / mean", .multiple), Measure("idlest / mean", .multiple)],
      rounds: options.rounds, pinsOrigin: false,
      subjects: cases.map { name, workers, connections in
        Subject("\(name.rawValue), \(workers) workers, \(connections) connections") {
          _ throws(Failure) in
          try self.observeEvenness(name, workers, connections)
        }
      })
  }

  private func observeEvenness(
    _ name: BalancerName, _ workers: Int, _ connections: Int
  ) throws(Failure) -> Observation {
    var launch = Launch(name)
    (launch.workers, launch.core) = (workers, nil)
    return try withBalancer(launch) { tree throws(Failure) in
      try processes.pause(milliseconds: 500)
      let before = tree.secondsOfWorkers(name.workers)
      let workload = Workload(connections: connections, about: "")
      let report = try load(name, workload, seconds: options.seconds, pinned: false).report
      let used = tree.secondsOfWorkers(name.workers).map { $1 - (before[$0] ?? 0) }
      let mean = used.reduce(0, +) / Double(workers)
      guard used.count == workers, mean > 0, let most = used.max(), let least = used.min() else {
        throw Failure("\(used.count) workers were found, and \(workers) asked for")
      }
      return Observation(
        figures: [most / mean, least / mean], bad: report.bad, errors: report.errors)
    }
  }
}
