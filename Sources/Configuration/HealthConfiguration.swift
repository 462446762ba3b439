/// How each replica is probed, and how many probes change its mind: `[health]`.
///
/// Read by the health prober at a load; the bounds are those that `Schema` holds.
package struct HealthConfiguration: Sendable, Equatable {
  package var check = HealthCheck.http
  /// What an `http` check asks for: begins with `/`, visible ASCII, at most 1024 bytes.
  package var path = "/"
  /// The statuses that pass; an answer below 500 unless told otherwise.
  package var expect = StatusRanges([200...499])
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

  package init() {}
}

/// What a probe is.
package enum HealthCheck: String, Sendable, CaseIterable {
  /// A GET of `path`, its status held against `expect`.
  case http
  /// A connect that succeeds.
  case tcp
  /// None: every replica counts as healthy.
  case off
}
