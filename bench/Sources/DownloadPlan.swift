// One large download: what a balancer costs by the byte.

import LinuxIO

extension Bench {
  func downloadPlan() -> Plan {
    Plan(
      scenario: .download, about: "one download of 1 GiB over one connection",
      measures: [Measure("CPU", .secondsPerGibibyte), Measure("speed", .gibibytesPerSecond)],
      rounds: options.rounds,
      subjects: balancers([.lbd, .nginx, .haproxy, .relay]).map { name in
        Subject(name.rawValue) { _ throws(Failure) in try self.observeDownload(Launch(name)) }
      })
  }

  private func observeDownload(_ launch: Launch) throws(Failure) -> Observation {
    // The first reader ever has the kernel make the file's pages; that shall be none of these.
    _ = try fetch(18081, "/1g")
    return try withBalancer(launch) { tree throws(Failure) in
      try processes.pause(milliseconds: 500)
      let before = tree.seconds
      let seconds = try fetch(launch.name.port, "/1g")
      return Observation(figures: [tree.seconds - before, 1 / seconds])
    }
  }

  /// Has another process receive it; the seconds that took.
  private func fetch(_ port: UInt16, _ path: String) throws(Failure) -> Double {
    let command = ["\(commands.binaries)/bench", "fetch", "\(port)", path]
    let pid = try processes.start(
      commands.bound(command, to: Launch.loadCore), log: workspace.file("fetch.log"))
    guard try processes.wait(milliseconds: 60_000, until: { processes.hasEnded(pid) }) else {
      processes.stop(pid)
      throw Failure("the download did not end in 60 s")
    }
    let status = processes.reap(pid)
    let text = workspace.logEnd("fetch.log")
    guard status == 0, let seconds = Double(text), seconds > 0 else { throw Failure(text) }
    return seconds
  }
}
