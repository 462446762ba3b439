/// How each replica is probed, and how many probes change its mind: `[health]`.
///
/// Read by the health prober at a load; the bounds are those that `Schema` holds.
package struct HealthConfiguration: Sendable, Equatable {
  package var check = HealthCheck.http
  package var method = ProbeMethod.get
  /// What an `http` check asks for: begins with `/`, visible ASCII, at most 1024 bytes.
  package var path = "/"
  /// The Host field of an `http` check: a host, with or without a port; nil is each replica's address.
  package var host: String?
  /// Where probes go instead of the port of a replica's address, 1 to 65535; nil is that one. A replica
  /// at a Unix socket has none.
  package var port: UInt16?
  /// The statuses that pass; an answer below 500 unless told otherwise.
  package var expect = StatusRanges([200...499])
  /// What the answer's body must contain, 1 to 256 bytes; nil for anything. Not with `HEAD`.
  package var body: String?
  /// From the start of one probe to the start of the next, 10ms to 1h.
  package var interval = Duration.seconds(1)
  /// What one probe may take, 1ms to 1m.
  package var timeout = Duration.milliseconds(500)
  /// Passed probes in a row that bring a replica back, 1 to 100.
  package var rise = 2
  /// Failed probes in a row that take a replica out, 1 to 100.
  package var fall = 3
  /// The interval while a replica is out or its verdict open, 10ms to 1h; where `interval` is shorter,
  /// that one holds.
  package var fastInterval = Duration.milliseconds(250)
  /// How far an interval strays at random, in percent of it to either side, 0 to 50.
  package var jitterPercent = 10
  /// Gateway failures of requests in a row that eject a replica, 0 to 1000; 0 is never.
  package var failures = 5
  /// How long the first such ejection lasts, 10ms to 60s.
  package var ejection = Duration.seconds(5)

  /// The conf itself says what a probe asks for, or what passes: `path`, `expect` or `body`.
  package var isAimed = Remark()

  package init() {}
}

/// Something about a conf that configures nothing: two confs that differ in it are the same.
package struct Remark: Sendable, Equatable {
  package var isSo = false

  package init() {}

  package static func == (left: Remark, right: Remark) -> Bool { true }
}

/// What a probe is.
package enum HealthCheck: String, Sendable, CaseIterable {
  /// A request for `path`, its answer held against `expect` and `body`.
  case http
  /// A connect that succeeds.
  case tcp
  /// None: every replica counts as healthy.
  case off
}

/// How an `http` check asks.
package enum ProbeMethod: String, Sendable, CaseIterable {
  case get = "GET"
  case head = "HEAD"
  case options = "OPTIONS"
}
