// What the access log costs.

import LinuxIO

extension Bench {
  func accessLogPlan() -> Plan {
    Plan(
      scenario: .accessLog,
      about: "an access log in a file against none: small GETs over 64 connections",
      notes: ["Records: lines in the file for each answered request, those of the warm-up too."],
      measures: Bench.loadMeasures + [
        Measure("CPU per request, of the worker alone", .microseconds), Measure("records", .share),
      ], rounds: options.rounds,
      subjects: balancers([.lbd]).flatMap { name in
        [false, true].map { isOn in
          Subject("\(name.rawValue), access log \(isOn ? "in a file" : "off")") {
            _ throws(Failure) in
            try self.observeAccessLog(name, isOn)
          }
        }
      })
  }

  private func observeAccessLog(_ name: BalancerName, _ isOn: Bool) throws(Failure) -> Observation {
    var launch = Launch(name)
    let path = workspace.file("access.log")
    if isOn { launch.accessLog = path }
    try requireConf(launch)
    defer { try? Files.remove(path) }
    var observation = try observe(launch, .get64)
    observation.figures.append(observation.byWorkers)
    if isOn { observation.figures.append(try records(path) / Double(observation.requests)) }
    return observation
  }

  /// What lbd itself says of the conf where it does not take it.
  private func requireConf(_ launch: Launch) throws(Failure) {
    let settings = commands.variables(launch).map { "\($0)=\($1)" }
    _ = try processes.output(
      of: ["/usr/bin/env"] + settings + [commands.lbd(launch.name), "-t", "-c"]
        + ["\(commands.confs)/lb.conf"])
  }

  private func records(_ path: String) throws(Failure) -> Double {
    let words = try processes.output(of: ["/usr/bin/wc", "-l", path]).split(separator: " ")
    return words.first.flatMap { Double($0) } ?? 0
  }
}
