// What the conf says of probes, as the prober needs it: the question, and what answer passes.

package import Configuration
package import HTTPWire
import LinuxIO

/// What holds for the probes of all replicas.
package struct ProbeSettings {
  let health: HealthConfiguration
  /// What one probe may take, in nanoseconds.
  let timeout: UInt64
  let expectation: ProbeExpectation
  /// How many field lines an answer's head may have.
  let fieldLimit: Int
  /// The PROXY header that connections to replicas begin with.
  let proxyHeader: ProxyVersion?

  package init(_ health: HealthConfiguration, fieldLimit: Int, proxyHeader: ProxyVersion?) {
    self.health = health
    timeout = health.timeout.nanoseconds
    expectation = ProbeExpectation(health)
    self.fieldLimit = fieldLimit
    self.proxyHeader = proxyHeader
  }

  /// Writes the question for a replica, in the place of what was there.
  /// - Parameters:
  ///   - via: the line by which lbd knows a probe that has come to itself.
  ///   - isFirst: the connection begins with it.
  ///   - mayRest: another question may follow on the connection.
  func write(
    host: String, via: [UInt8], isFirst: Bool, mayRest: Bool, to question: inout [UInt8]
  ) {
    question.removeAll(keepingCapacity: true)
    if let proxyHeader, isFirst {
      // A replica that wants to know its client is told that lbd itself asks.
      var writer = ByteWriter(capacity: 32)
      ProxyHeader.writeUnstated(proxyHeader, to: &writer)
      for index in writer.bytes.indices { question.append(writer.bytes[index]) }
    }
    question += health.method.rawValue.utf8
    question += " ".utf8
    question += health.path.utf8
    question += " HTTP/1.1\r\nHost: ".utf8
    question += host.utf8
    question += "\r\nUser-Agent: lbd-health\r\nAccept: */*\r\n".utf8
    question += via
    question += (mayRest ? "\r\n" : "Connection: close\r\n\r\n").utf8
  }
}

/// What an answer must be to pass.
struct ProbeExpectation {
  let method: Method
  let statuses: StatusRanges
  /// What the body must contain; empty for anything.
  let body: [UInt8]

  init(_ health: HealthConfiguration) {
    method =
      switch health.method {
      case .get: .get
      case .head: .head
      case .options: .options
      }
    statuses = health.expect
    body = Array((health.body ?? "").utf8)
  }
}
