// lbd as its users run it for years: one path on disk, one conf and one state's file, with releases that
// come and go.

import ControlProtocol
import Foundation
import Glibc
import LinuxIO
import TestSupport

/// An lbd with three replicas, an access log and metrics, whose release changes. All that was started ends
/// with it.
final class Service {
  let stage: Stage
  let way: Way
  private(set) var version: Version
  private(set) var pid: Int32 = 0
  /// Those that this process has started.
  private var children: [Apart] = []
  private let inbox: DatagramInbox?
  private let metricsPort: UInt16

  init(_ way: Way, _ version: Version) throws {
    stage = try Stage()
    self.way = way
    self.version = version
    metricsPort = try stage.reservePort()
    inbox = way == .managedUpgrade ? try DatagramInbox(stage.directory + "/notify") : nil
    for _ in 0..<4 { try stage.startReplica() }
    try writeConf(replicas: 3)
    try start()
  }

  deinit {
    // 0 would be this process and all of its group.
    guard pid > 0 else { return }
    _ = kill(pid, SIGTERM)
    try? eventually("the end of \(pid)", within: 20) { !isRunning(pid) }
    _ = kill(pid, SIGKILL)
  }

  func writeConf(replicas count: Int, more: String = "") throws {
    try stage.writeConf(
      ports: Array(stage.ports.prefix(count)), lbd: "workers = 2",
      sections: stage.accessSection() + Stage.metricsSection(metricsPort) + "\n" + more)
  }

  // MARK: One after the other

  /// Where lbd lies, whichever release it is.
  private var program: String { stage.directory + "/bin/lbd" }
  private var logPath: String { stage.directory + "/log" }
  /// What all of them have said.
  var log: String {
    String(decoding: (try? Files.read(logPath, limit: 1 << 24)) ?? [], as: UTF8.self)
  }

  /// Puts a release's lbd where lbd lies, as a package does. By a process of its own: what another test
  /// starts meanwhile would have this process's descriptor, and nothing is carried out that someone may
  /// write to.
  func install(_ version: Version) throws {
    let script = "mkdir -p \"${0%/*}\" && cp \"$1\" \"$0.new\" && mv \"$0.new\" \"$0\""
    let outcome = try Child("/bin/sh", ["-c", script, program, try version.path("lbd")]).outcome()
    guard outcome.status == 0 else { throw TestFailure("\(outcome)") }
  }

  private func launch(_ arguments: String...) throws -> Int32 {
    let manager = inbox.map { "NOTIFY_SOCKET=\($0.path) " } ?? ""
    let shell = ["/bin/sh", "-c", manager + "exec \"$0\" \"$@\"", program]
    let lbd = try Apart(shell + arguments + ["-c", stage.confPath], log: logPath)
    children.append(lbd)
    return lbd.pid
  }

  private func start() throws {
    try install(version)
    pid = try launch()
    try awaitControlSocket(of: pid)
    try stage.awaitPool("all are up or ordered out") {
      $0.allSatisfy { $0.state == .up || $0.state.isOrderedOut }
    }
  }

  /// Stops the one that runs, and starts one of a release.
  func restart(with next: Version) throws {
    try stop()
    version = next
    try start()
  }

  func stop() throws {
    _ = kill(pid, SIGTERM)
    try awaitEnd(of: pid)
  }

  /// Has the lbd of a release take over from the one that runs, and waits for that one's end.
  func follow(with next: Version) throws {
    let former = pid
    try install(next)
    if way == .takeover {
      pid = try launch("--takeover")
    } else {
      try upgrade(to: next)
    }
    try awaitControlSocket(of: pid)
    try awaitEnd(of: former)
    guard pid != former, Files.isSame("/proc/\(pid)/exe", program) else {
      throw TestFailure("process \(pid) is not the next release's\n\(log)")
    }
    version = next
  }

  private func upgrade(to version: Version) throws {
    let order = try Child(
      try version.path("lbctl"), ["upgrade", "--socket", stage.socketPath])
    try eventually("lbctl upgrade ends\n\(log)", within: 90) {
      // Few words find room before it is read, as a manager does all the time.
      inbox?.read()
      return !order.isRunning
    }
    let outcome = try order.outcome()
    guard outcome.status == 0 else { throw TestFailure("\(outcome)\n\(log)") }
    guard let next = try holder() else {
      throw TestFailure("nobody answers at the control socket\n\(log)")
    }
    pid = next
    try inbox?.await("the main process") { $0 == "MAINPID=\(pid)" }
  }

  private func isRunning(_ pid: Int32) -> Bool { ProcessTable.startTime(of: pid) != nil }

  private func awaitEnd(of pid: Int32) throws {
    try eventually("the end of \(pid)\n\(log)") { !isRunning(pid) }
    // How one ended that an lbd has started, only that one knows.
    guard let child = children.first(where: { $0.pid == pid }) else { return }
    let status = try child.exitStatus()
    guard status == 0 else { throw TestFailure("process \(pid) ended with \(status)\n\(log)") }
  }

  /// Who answers at the control socket; nil where nobody does.
  func holder() throws -> Int32? {
    guard let address = SocketAddress(path: stage.socketPath),
      let answer = try? Connection(address).get(ControlPath.pool)
    else { return nil }
    return Int32(try JSONDecoder().decode(PoolReport.self, from: Data(answer.body)).pid)
  }

  private func awaitControlSocket(of pid: Int32) throws {
    try eventually("process \(pid) has the control socket\n\(log)") {
      guard isRunning(pid) else { throw TestFailure("process \(pid) ended\n\(log)") }
      return try holder() == pid
    }
  }

  // MARK: What is asked of it

  /// Runs a release's lbctl against it.
  func lbctl(_ version: Version, _ arguments: String...) throws -> Child.Outcome {
    try lbctl(version, arguments)
  }

  func lbctl(_ version: Version, _ arguments: [String]) throws -> Child.Outcome {
    try version.run("lbctl", arguments + ["--socket", stage.socketPath])
  }

  /// What a scraper sees at the metrics' own listener.
  func scrape() throws -> Exposition {
    let text = try eventually("metrics at \(metricsPort)\n\(log)") {
      try? Connection(port: metricsPort).get("/metrics").text
    }
    return try Exposition(text)
  }

  /// What operators have ordered, as it is in force and as it is on disk.
  struct Orders: Equatable {
    struct Replica: Equatable {
      let name: String
      let state: ReplicaState
      let weight: Int
    }

    var replicas: [Replica]
    let file: String
  }

  func orders() throws -> Orders {
    Orders(
      replicas: try stage.pool().map { .init(name: $0.name, state: $0.state, weight: $0.weight) },
      file: try String(contentsOfFile: stage.directory + "/lbd.state", encoding: .utf8))
  }
}
