// lbd before uvicorn, which runs the app of Tests/Peers.

import ControlProtocol
import Foundation
import LinuxIO
import TestSupport

/// lbd with so many uvicorns, all up. All that was started ends with it.
final class UvicornStage {
  let stage: Stage
  private(set) var ports: [UInt16] = []
  private var uvicorns: [UInt16: Child] = [:]
  private let arguments: [String]

  /// - Parameter arguments: what uvicorn is told besides its app and port.
  init(
    _ count: Int = 1, _ arguments: [String] = [], lbd settings: String = "", sections: String = ""
  ) throws {
    stage = try Stage()
    self.arguments = arguments
    for _ in 0..<count {
      ports.append(try stage.reservePort())
      try startUvicorn(ports[ports.count - 1])
    }
    try stage.writeConf(ports: ports, lbd: settings, sections: sections)
    try stage.launch()
    try awaitUp()
  }

  var port: UInt16 { stage.mainPort }
  func connect() throws -> Connection { try stage.connect() }

  func startUvicorn(_ port: UInt16) throws {
    uvicorns[port] = try Child(
      Peer.python.get(),
      ["-IBm", "uvicorn", "app:app", "--app-dir", Peer.directory, "--port", "\(port)"]
        + arguments,
      log: stage.directory + "/uvicorn-\(port)-\(UUID().uuidString.prefix(8))")
  }

  /// Ends one as a service manager does; its exit status.
  func stopUvicorn(_ port: UInt16, by signal: Int32) throws -> Int32? {
    uvicorns[port]?.signal(signal)
    return try uvicorns[port]?.exitStatus()
  }

  /// Waits until lbd finds all of them up. Python takes its time.
  func awaitUp() throws {
    try eventually("all are up\n\(uvicornErrors)", within: 30) {
      guard uvicorns.values.allSatisfy(\.isRunning) else {
        throw TestFailure("uvicorn ended: \(uvicornErrors)")
      }
      return try stage.pool().allSatisfy { $0.state == .up }
    }
  }

  private var uvicornErrors: String { uvicorns.values.map(\.error).joined(separator: "\n") }

  // MARK: Asking the app

  /// What happened in the app.
  struct Seen: Decodable {
    let streams: Int
    let raised: Int
    let closes: [Int]
  }

  /// - Parameter port: a uvicorn that is asked past lbd.
  func seen(at port: UInt16? = nil) throws -> Seen { try ask("/seen", at: port) }

  /// Waits until the app has seen something.
  func awaitSeen(_ what: String, _ isSo: (Seen) -> Bool) throws {
    try eventually("the app sees \(what)") { try isSo(seen()) }
  }

  /// Sends a GET on a new connection and reads the JSON of its answer.
  func ask<Value: Decodable>(
    _ target: String, _ fields: String = "", at port: UInt16? = nil
  ) throws -> Value {
    let answer = try Connection(port: port ?? self.port).get(target, fields)
    return try JSONDecoder().decode(Value.self, from: Data(answer.body))
  }
}
