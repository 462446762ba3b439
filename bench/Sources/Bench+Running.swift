// Starting a balancer or the replicas, and putting load on them.

import LinuxIO

extension Bench {
  /// The replicas: one nginx with three ports.
  func startOrigin(pinned: Bool) throws(Failure) -> Int32 {
    try startOrigin(
      "\(commands.confs)/origin.conf", ports: [18081, 18082, 18083], pinned: pinned)
  }

  /// - Parameter ports: those of 127.0.0.1 that it listens on, the last one the last to be bound.
  func startOrigin(_ conf: String, ports: [UInt16], pinned: Bool) throws(Failure) -> Int32 {
    for port in ports { try requireFree(port) }
    let command = commands.bound(
      commands.nginx(conf), to: pinned ? Launch.loadCore : nil)
    let pid = try processes.start(command, log: workspace.file("origin.log"))
    do throws(Failure) {
      for port in ports { try awaitAnswer(port, from: pid, log: "origin.log") }
    } catch {
      processes.stop(pid)
      throw error
    }
    return pid
  }

  /// Starts a balancer, does something with it, and ends it.
  func withBalancer<Result>(
    _ launch: Launch, isAwaited: Bool = true,
    _ body: (ProcessTree) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let log = "\(launch.name.rawValue).log"
    try requireFree(launch.name.port)
    var command = commands.bound(commands.plain(launch), to: launch.core)
    if let quota = launch.quota { command = quota.around(command) }
    let pid = try processes.start(
      command, commands.variables(launch), log: workspace.file(log))
    defer { processes.stop(pid) }
    if isAwaited { try awaitAnswer(launch.name.port, from: pid, log: log) }
    let result = try body(ProcessTree(root: pid))
    guard !processes.hasEnded(pid) else {
      throw Failure("\(launch.name.rawValue) ended: \(workspace.logEnd(log))")
    }
    return result
  }

  /// Else an answer could be somebody else's.
  private func requireFree(_ port: UInt16) throws(Failure) {
    let isFree = try processes.wait(milliseconds: 2000) {
      !TCPEntry.all().contains { $0.isListening && $0.localPort == port }
    }
    guard isFree else {
      throw Failure("port \(port) is in use; bench needs 18081 to 18084 and 18100 to 18104")
    }
  }

  private func awaitAnswer(_ port: UInt16, from pid: Int32, log: String) throws(Failure) {
    let isThere = try processes.wait(milliseconds: 10_000) {
      processes.hasEnded(pid) || Bench.answers(port)
    }
    guard isThere && !processes.hasEnded(pid) else {
      throw Failure("no 200 from port \(port): \(workspace.logEnd(log))")
    }
  }

  /// Whether a GET comes back with 200.
  static func answers(_ port: UInt16) -> Bool {
    guard let visitor = Visitor(port: port) else { return false }
    return visitor.get("/getInfo")?.status == 200
  }

  /// What a load came to.
  struct LoadOutcome {
    var report: WrkReport
    /// Seconds of processor time that wrk used.
    let cpu: Double
    /// Seconds that it took.
    let seconds: Double
  }

  /// Runs wrk to its end.
  func load(
    _ name: BalancerName, _ workload: Workload, seconds: Int, pinned: Bool = true
  ) throws(Failure) -> LoadOutcome {
    let command = try wrk(name, workload, seconds: seconds)
    let start = Clock.now()
    let pid = try processes.start(
      commands.bound(command, to: pinned ? Launch.loadCore : nil), log: workspace.file("wrk.log"))
    let isOver = try processes.wait(milliseconds: seconds * 1000 + 15_000) {
      processes.hasEnded(pid)
    }
    guard isOver else {
      processes.stop(pid)
      throw Failure("wrk did not end")
    }
    let cpu = ProcessTree(root: pid).seconds
    _ = processes.reap(pid)
    let text = (try? Files.read(workspace.file("wrk.log"), limit: 1 << 20)) ?? []
    guard let report = WrkReport(String(decoding: text, as: UTF8.self)) else {
      throw Failure("wrk: \(workspace.logEnd("wrk.log"))")
    }
    return LoadOutcome(report: report, cpu: cpu, seconds: Double(Clock.now() - start) / 1e9)
  }

  private func wrk(
    _ name: BalancerName, _ workload: Workload, seconds: Int
  ) throws(Failure) -> [String] {
    var command = [
      commands.tools.wrk, "-t1", "-c\(workload.connections)", "-d\(seconds)s", "--latency",
    ]
    command += workload.arguments
    if let script = workload.script {
      try workspace.write(script, to: "wrk.lua")
      command += ["-s", workspace.file("wrk.lua")]
    }
    return command + ["http://127.0.0.1:\(name.port)\(workload.path)"]
  }
}
