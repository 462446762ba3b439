// A directory with a conf for compose and nothing running yet.

import Foundation
import LinuxIO
import TestSupport
import Testing

/// compose under test, with its own conf, run directory and row of ports: the first is lbd's, the
/// next three are the replicas'. All that it started ends with it.
final class ComposeStage {
  let directory: String
  let ports: PortRow

  init() throws {
    directory = FileManager.default.temporaryDirectory.path + "/lbd-\(UUID().uuidString.prefix(8))"
    ports = try PortRow()
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true)
    try writeConf(ports: "\(ports[1])-\(ports[3])")
  }

  deinit {
    _ = try? compose("--grace", "2", "down")
    try? FileManager.default.removeItem(atPath: directory)
  }

  var mainPort: UInt16 { ports[0] }
  var confPath: String { directory + "/lb.conf" }
  var run: String { directory + "/run" }
  func pidPath(_ name: String) -> String { "\(run)/\(name).pid" }
  func startPath(_ name: String) -> String { "\(run)/.\(name).start" }

  func writeConf(_ path: String? = nil, ports replicas: String, more: String = "") throws {
    let conf = """
      [lbd]
      main_port = \(mainPort)
      ports = \(replicas)
      control = ${LBD_SOCKET}
      \(more)
      [health]
      path = /health
      interval = 200ms
      fast_interval = 50ms

      """
    try conf.write(toFile: path ?? confPath, atomically: true, encoding: .utf8)
  }

  /// Runs compose to its end.
  func compose(_ arguments: String...) throws -> Child.Outcome {
    try Child.run("compose", ["--conf", confPath, "--run", run] + arguments, within: 60)
  }

  /// The same, which must go well.
  @discardableResult
  func make(_ arguments: String...) throws -> String {
    let outcome = try Child.run(
      "compose", ["--conf", confPath, "--run", run] + arguments, within: 60)
    guard outcome.status == 0 else {
      throw TestFailure("compose \(arguments) exits with \(outcome.status): \(outcome.error)")
    }
    return outcome.output
  }

  /// What `ps` says of a process.
  func state(of name: String) throws -> String? {
    let rows = try make("ps").split(separator: "\n").map { $0.split(separator: " ") }
    return rows.first { $0[0] == name }.map { String($0[2]) }
  }

  /// The pids by the names of the pid files, each of which holds nothing else.
  func pids() throws -> [String: Int32] {
    let files = try FileManager.default.contentsOfDirectory(atPath: run)
    return try files.filter { $0.hasSuffix(".pid") }.reduce(into: [:]) { pids, file in
      let text = try String(contentsOfFile: "\(run)/\(file)", encoding: .utf8)
      let pid: Int32 = try #require(Int32(text.dropLast()), "\(file): \(text)")
      pids[String(file.dropLast(4))] = pid
    }
  }

  func replica(_ index: Int) -> String { "replicad-\(ports[index])" }

  func get(_ port: UInt16) throws -> Answer { try Connection(port: port).get("/getInfo") }

  func isRunning(_ pid: Int32) -> Bool { ProcessTable.startTime(of: pid) != nil }
}
