// One lbd with its replicas, in a directory of their own: what nearly every test begins with.

import ControlProtocol
import Foundation
import Glibc
import LinuxIO
import TestSupport
import Testing

/// lbd under test. All that was started ends with it.
final class Stage {
  let directory: String
  private let reserved: ReservedPort
  private var heldPorts: [ReservedPort] = []
  private(set) var lbd: Child?
  /// The demo replicas by port, in the order of their starts.
  private(set) var replicas: [UInt16: Child] = [:]
  private(set) var ports: [UInt16] = []
  private var takeovers = 0

  /// The probes of most tests: fast enough not to wait for.
  static let fastProbes = "path = /health\ninterval = 200ms\nfast_interval = 50ms\n"
  /// Probes that come once and then never: what is seen is what requests met.
  static let noProbes = "path = /health\ninterval = 1h\nfast_interval = 1h\njitter = 0%\n"

  /// Only a directory and a port; nothing runs yet.
  init() throws {
    directory = FileManager.default.temporaryDirectory.path + "/lbd-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    reserved = try ReservedPort()
  }

  /// lbd with so many demo replicas, all up.
  convenience init(
    replicas count: Int, lbd settings: String = "", health: String = Stage.fastProbes,
    sections: String = ""
  ) throws {
    try self.init()
    for _ in 0..<count { try startReplica() }
    try writeConf(ports: ports, lbd: settings, health: health, sections: sections)
    try start()
  }

  /// lbd with scripted replicas, all up.
  convenience init(
    scripted: [ScriptedReplica], lbd settings: String = "", health: String = Stage.fastProbes,
    sections: String = ""
  ) throws {
    try self.init()
    try writeConf(
      ports: scripted.map(\.port), lbd: settings, health: health, sections: sections)
    try start()
  }

  deinit {
    stopCleanly()
    lbd = nil
    replicas = [:]
    try? FileManager.default.removeItem(atPath: directory)
  }

  // MARK: Where things are

  var mainPort: UInt16 { reserved.number }
  var confPath: String { directory + "/lb.conf" }
  var socketPath: String { directory + "/lbd.sock" }
  var names: [String] { ports.map { "\($0)" } }

  /// A port that nobody gets and nobody listens on.
  func reservePort() throws -> UInt16 {
    let port = try ReservedPort()
    heldPorts.append(port)
    return port.number
  }

  // MARK: Starting

  /// Writes the conf that lbd is started with or reloads.
  func writeConf(
    ports: [UInt16], lbd settings: String = "", health: String = Stage.fastProbes,
    sections: String = ""
  ) throws {
    try write(
      """
      [lbd]
      host = 127.0.0.1
      main_port = \(mainPort)
      ports = \(ports.map { "\($0)" }.joined(separator: ", "))
      control = \(socketPath)
      \(settings)
      [health]
      \(health)
      \(sections)

      """)
  }

  /// Writes a conf with so many replicas, `r1` and on, that are one server on every loopback address.
  func writeConf(replicas count: Int, on port: UInt16, health: String) throws {
    let sections = (0..<count).map { index in
      "[replica r\(index + 1)]\naddress = \(Stage.loopback(index)):\(port)\n"
    }
    try write(
      """
      [lbd]
      main_port = \(mainPort)
      control = \(socketPath)
      [health]
      \(health)
      \(sections.joined())
      """)
  }

  /// An address of this machine for each number.
  static func loopback(_ index: Int) -> String { "127.0.\(index / 200 + 1).\(index % 200 + 1)" }

  func write(_ conf: String) throws {
    try conf.write(toFile: confPath, atomically: true, encoding: .utf8)
  }

  /// Starts lbd and waits until it listens.
  /// - Parameters:
  ///   - script: what a shell runs in its place; lbd and its arguments are `"$0" "$@"`.
  ///   - input: the shell's standard input.
  ///   - port: where it is to listen, if that is not the main port.
  func launch(
    by script: String? = nil, input: FileHandle = .nullDevice, at port: UInt16? = nil
  ) throws {
    let arguments = ["-c", confPath]
    let log = directory + "/lbd"
    if let script {
      lbd = try Child(
        "/bin/sh", ["-c", script, try Binaries.path("lbd")] + arguments, log: log,
        input: input)
    } else {
      lbd = try Child.start("lbd", arguments, log: log)
    }
    _ = try eventually("lbd listens\n\(lbd?.error ?? "")") { () -> Bool? in
      guard lbd?.isRunning == true else { throw TestFailure("lbd ended: \(lbd?.error ?? "")") }
      return (try? Connection(port: port ?? mainPort)) == nil ? nil : true
    }
  }

  /// Starts lbd and waits until all of its replicas are up.
  func start(by script: String? = nil) throws {
    try launch(by: script)
    try awaitPool("all are up") { $0.allSatisfy { $0.state == .up } }
  }

  /// Starts the next lbd, which takes the place of the one that runs; how that one ended.
  func takeOver() throws -> Child.Outcome? {
    takeovers += 1
    let next = try Child.start(
      "lbd", ["--takeover", "-c", confPath], log: directory + "/lbd-\(takeovers)")
    let former = lbd
    try eventually("the former lbd ends\n\(next.error)", within: 30) {
      guard next.isRunning else { throw TestFailure("the next lbd ended: \(next.error)") }
      return former?.isRunning != true
    }
    lbd = next
    return try former?.outcome()
  }

  /// Starts a demo replica on a port, a free one unless it is given, and waits until it listens.
  @discardableResult
  func startReplica(port: UInt16? = nil, _ arguments: [String] = []) throws -> UInt16 {
    let port = try port ?? reservePort()
    let child = try Child.start(
      "replicad", ["--port", "\(port)"] + arguments, log: directory + "/replicad-\(port)")
    try eventually("replicad listens on \(port): \(child.error)") {
      guard child.isRunning else { throw TestFailure("replicad ended: \(child.error)") }
      return child.error.contains("listening")
    }
    if replicas.updateValue(child, forKey: port) == nil { ports.append(port) }
    return port
  }

  /// Ends a replica at once, as a crash does.
  func killReplica(_ port: UInt16) throws {
    let child = replicas[port]
    child?.signal(SIGKILL)
    _ = try child?.exitStatus()
  }

  /// Whatever a test did to lbd, it stops when told to, with exit 0: the check that all it had lent
  /// or opened was given back runs there.
  private func stopCleanly() {
    guard let lbd, lbd.isRunning else { return }
    try? eventually("the end", within: 60) { () -> Bool in
      // The second one cuts what is still in flight.
      lbd.signal(SIGTERM)
      return !lbd.isRunning
    }
    let status = try? lbd.exitStatus(within: 60)
    if status != 0 { Issue.record("lbd stopped with \(status ?? -1)\n\(lbd.error)") }
  }

  // MARK: Asking lbd

  /// A connection to the main port.
  func connect() throws -> Connection {
    try Connection(port: mainPort)
  }

  /// What lbd says of its replicas.
  func pool() throws -> [ReplicaReport] {
    guard let address = SocketAddress(path: socketPath) else { throw TestFailure(socketPath) }
    let answer = try Connection(address).get(ControlPath.pool)
    return try JSONDecoder().decode(PoolReport.self, from: Data(answer.body)).pools[0].replicas
  }

  func replica(_ port: UInt16) throws -> ReplicaReport {
    guard let found = try pool().first(where: { $0.name == "\(port)" }) else {
      throw TestFailure("\(port) is not in the pool")
    }
    return found
  }

  /// Waits until the pool is as it must be.
  func awaitPool(_ what: String, _ isSo: ([ReplicaReport]) -> Bool) throws {
    var last = ""
    try eventually("\(what); the pool: \(last)\n\(lbd?.error ?? "")") {
      let pool = try pool()
      last = pool.map { "\($0.name) \($0.state)" }.joined(separator: ", ")
      return isSo(pool)
    }
  }

  /// Runs lbctl against this lbd.
  func lbctl(_ arguments: String...) throws -> Child.Outcome {
    try Child.run("lbctl", arguments + ["--socket", socketPath])
  }
}
