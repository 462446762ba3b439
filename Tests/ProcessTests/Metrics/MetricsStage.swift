// lbd with its metrics' listener on a port of its own.

import ControlProtocol
import Foundation
import LinuxIO
import TestSupport

extension Stage {
  /// What a conf has for a metrics' listener here.
  static func metricsSection(_ port: UInt16) -> String {
    "[metrics]\nlisten = 127.0.0.1:\(port)"
  }

  /// lbd with so many demo replicas, all up, and a metrics' listener; its port.
  static func withMetrics(
    replicas count: Int, health: String = Stage.fastProbes
  ) throws -> (stage: Stage, port: UInt16) {
    let stage = try Stage()
    let port = try stage.reservePort()
    for _ in 0..<count { try stage.startReplica() }
    try stage.writeConf(
      ports: stage.ports, lbd: "workers = 2", health: health,
      sections: Stage.metricsSection(port))
    try stage.start()
    return (stage, port)
  }

  /// The metrics at this moment, by the control socket; those of the listener may be a quarter of a
  /// second old.
  func metrics() throws -> Exposition {
    guard let address = SocketAddress(path: socketPath) else { throw TestFailure(socketPath) }
    return try Exposition(try Connection(address).get(ControlPath.metrics).text)
  }

  /// Waits until the metrics are as they must be: a worker counts a response once it was sent.
  func awaitMetrics(_ what: String, _ isSo: (Exposition) throws -> Bool) throws {
    try eventually(what) { try isSo(try metrics()) }
  }
}
