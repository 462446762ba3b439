// lbd with replicas of both sorts, and what must be as before once abuse is over.

import ControlProtocol
import Foundation
import LinuxIO
import TestSupport

/// lbd before demo replicas and ones that some requests are poison for. What it held at its start is
/// known, and `expectNothingLeft` compares.
final class AbuseStage {
  let stage: Stage
  /// lbd's open descriptors before the first request.
  let descriptors: Int
  private let poisonable: [ScriptedReplica]
  private let deadPort: UInt16
  private let sections: String
  private let started = Clock.now()

  /// Nothing but probes and failed connects takes a replica out here: whoever is out was harmed.
  private static let probes =
    "path = /health\ninterval = 500ms\nfast_interval = 50ms\ntimeout = 2s\nfailures = 0\n"

  /// - Parameter sections: the conf's other sections.
  init(replicas: Int = 1, poisonable count: Int = 1, sections: String) throws {
    stage = try Stage()
    for _ in 0..<replicas { try stage.startReplica() }
    poisonable = try (0..<count).map { _ in try Poison.replica() }
    deadPort = try stage.reservePort()
    self.sections = sections
    try stage.writeConf(
      ports: stage.ports + poisonable.map(\.port), lbd: "workers = 2", health: Self.probes,
      sections: sections)
    try stage.start()
    let lbd = stage.lbd
    // Probes come and go: the fewest seen in a while are those that stay.
    let seen = try (0..<50).map { _ in
      Clock.sleep(milliseconds: 5)
      return try lbd?.descriptors() ?? 0
    }
    descriptors = seen.min() ?? 0
  }

  var port: UInt16 { stage.mainPort }

  func lbd() throws -> Child {
    guard let lbd = stage.lbd, lbd.isRunning else {
      throw TestFailure("lbd ended: \(stage.lbd?.error ?? "")")
    }
    return lbd
  }

  /// No request is in flight, no replica was ever out of the pool, and lbd has as many descriptors
  /// as at its start.
  func expectNothingLeft() throws {
    try stage.awaitPool("nothing is in flight") { $0.allSatisfy { $0.active == 0 } }
    try expectAllUp()
    try closeIdleConnections()
    let lbd = try lbd()
    var last = 0
    // Longer than lbd waits for the end of a client that it refused.
    try eventually("\(descriptors) descriptors, as at the start; now \(last)", within: 120) {
      last = try lbd.descriptors()
      // A probe's connection may have come since the start. An abuse that leaks does so many times.
      return last <= descriptors + 2
    }
  }

  /// All are up and have been since the start.
  func expectAllUp() throws {
    let (log, pool) = (try lbd().error, try stage.pool())
    guard !log.contains(" is down") && !log.contains(" is ejected") else {
      throw TestFailure("a replica was taken out: \(log.suffix(2000))")
    }
    guard pool.allSatisfy({ $0.state == .up }) else {
      throw TestFailure("not all are up: \(pool.map(\.state))")
    }
  }

  /// Connections to replicas that are kept for the next request go when the replicas leave the conf.
  private func closeIdleConnections() throws {
    try stage.writeConf(
      ports: [deadPort], lbd: "workers = 2", health: Self.probes, sections: sections)
    try lbd().signal(SIGHUP)
    try stage.awaitPool("the other conf is in force") { $0.map(\.name) == ["\(deadPort)"] }
  }
}
