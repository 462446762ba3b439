// Many replicas: what a request costs in a pool of 1,000, and what the probes alone do.

import LinuxIO

extension Bench {
  func replicasPlan() -> Plan {
    Plan(
      scenario: .replicas1000,
      about: "a pool of 1,000 replicas against one of 3: small GETs over 64 connections, and 10 s "
        + "without traffic, probes each second",
      measures: Bench.loadMeasures + [
        Measure("CPU per request, of the worker alone", .microseconds),
        Measure("core in use by probes alone", .share),
      ],
      rounds: options.rounds,
      subjects: balancers([.lbd]).flatMap { name in
        [3, 1000].map { count in
          Subject("\(name.rawValue), \(count) replicas") { _ throws(Failure) in
            try self.observeReplicas(name, count)
          }
        }
      })
  }

  /// Replicas of their own, each at an address of its own.
  private func observeReplicas(_ name: BalancerName, _ count: Int) throws(Failure) -> Observation {
    try writeConfs(count)
    let origin = try startOrigin(
      workspace.file("replicas-origin.conf"), ports: [18084], pinned: true)
    defer { processes.stop(origin) }
    var launch = Launch(name)
    launch.conf = workspace.file("replicas-lb.conf")
    var probes = 0.0
    _ = try withBalancer(launch) { tree throws(Failure) in
      try processes.pause(milliseconds: 3000)
      let before = tree.seconds
      try processes.pause(milliseconds: 10_000)
      probes = (tree.seconds - before) / 10
    }
    var observation = try observe(launch, .get64)
    observation.figures += [observation.byWorkers, probes]
    return observation
  }

  private func writeConfs(_ count: Int) throws(Failure) {
    let addresses = (0..<count).map { "127.1.\($0 / 250).\($0 % 250 + 1):18084" }
    let sections = addresses.enumerated().map { "[replica r\($0 + 1)]\naddress = \($1)" }
    try workspace.write(
      edited("lb.conf", without: "ports = ") + sections.joined(separator: "\n") + "\n",
      to: "replicas-lb.conf")
    let listens = (addresses + ["127.0.0.1:18084"]).map { "    listen \($0) backlog=4096;\n" }
    let origin = try edited("origin.conf", without: "    listen ")
    let parts = origin.split(separator: "  server {\n", omittingEmptySubsequences: false)
    try workspace.write(
      parts.joined(separator: "  server {\n" + listens.joined()), to: "replicas-origin.conf")
  }

  /// One of the confs without the lines that begin so.
  private func edited(_ name: String, without start: String) throws(Failure) -> String {
    do throws(SystemError) {
      let text = String(
        decoding: try Files.read("\(commands.confs)/\(name)", limit: 1 << 20), as: UTF8.self)
      return text.split(separator: "\n", omittingEmptySubsequences: false)
        .filter { !$0.hasPrefix(start) }.joined(separator: "\n")
    } catch {
      throw Failure("\(commands.confs)/\(name): \(error.reason)")
    }
  }
}
