// Why one replica is in its state: the answer to GET /explain.

/// One probe that has ended.
package struct ProbeReport: Sendable, Equatable, Decodable, JSONWritable {
  /// What it said of the replica; `not_made` where lbd itself could not ask.
  package enum Verdict: String, Decodable, Sendable, CaseIterable {
    case passed, failed
    case notMade = "not_made"
  }

  package var time: String
  package var verdict: Verdict
  /// `200`, `refused`, `timeout` …
  package var result: String
  package var latencyMilliseconds: Double
  /// What may be behind the result, and what to do.
  package var hint: String?

  package init(
    time: String, verdict: Verdict, result: String, latencyMilliseconds: Double,
    hint: String? = nil
  ) {
    self.time = time
    self.verdict = verdict
    self.result = result
    self.latencyMilliseconds = latencyMilliseconds
    self.hint = hint
  }

  private enum CodingKeys: String, CodingKey {
    case time, verdict, result, hint
    case latencyMilliseconds = "latency_ms"
  }

  package func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("time", time)
      $0.field("verdict", verdict.rawValue)
      $0.field("result", result)
      $0.field("latency_ms", latencyMilliseconds)
      if let hint { $0.field("hint", hint) }
    }
  }
}

/// How many attempts at a replica failed in one way: `connect`, `stale`, `reset`, `timeout`, `status`
/// or `protocol`.
package struct FailureCount: Sendable, Equatable, Decodable, JSONWritable {
  package var name: String
  package var count: Int

  package init(name: String, count: Int) {
    self.name = name
    self.count = count
  }

  private enum CodingKeys: String, CodingKey {
    case count
    case name = "class"
  }

  package func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("class", name)
      $0.field("count", count)
    }
  }
}

/// The last attempt that failed.
package struct LastFailure: Sendable, Equatable, Decodable, JSONWritable {
  package var time: String
  package var secondsAgo: Double
  /// Its class.
  package var name: String
  package var cause: String

  package init(time: String, secondsAgo: Double, name: String, cause: String) {
    self.time = time
    self.secondsAgo = secondsAgo
    self.name = name
    self.cause = cause
  }

  private enum CodingKeys: String, CodingKey {
    case time, cause
    case secondsAgo = "seconds_ago"
    case name = "class"
  }

  package func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("time", time)
      $0.field("seconds_ago", secondsAgo)
      $0.field("class", name)
      $0.field("cause", cause)
    }
  }
}

/// The answer to `GET /explain?replica=NAME`.
package struct ExplainReport: Sendable, Equatable, Decodable, JSONWritable {
  package var schema = 1
  /// The row of `lbctl pool`: what the conf says, what was ordered, what was observed, the figures.
  package var replica: ReplicaReport
  /// Since when it is in its state.
  package var since: String
  /// What brought it into its state; nil where nothing was learnt yet.
  package var cause: String?
  /// The last ones, newest last.
  package var probes: [ProbeReport]
  /// All classes, those without a failure too.
  package var failures: [FailureCount]
  package var lastFailure: LastFailure?
  /// The last ones about it, newest last.
  package var events: [EventReport]

  package init(
    replica: ReplicaReport, since: String, cause: String?, probes: [ProbeReport],
    failures: [FailureCount], lastFailure: LastFailure?, events: [EventReport]
  ) {
    self.replica = replica
    self.since = since
    self.cause = cause
    self.probes = probes
    self.failures = failures
    self.lastFailure = lastFailure
    self.events = events
  }

  private enum CodingKeys: String, CodingKey {
    case schema, replica, since, cause, probes, failures, events
    case lastFailure = "last_failure"
  }

  package func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("schema", schema)
      $0.field("replica", replica)
      $0.field("since", since)
      $0.field("cause", optional: cause)
      $0.field("probes", probes)
      $0.field("failures", failures)
      $0.key("last_failure")
      if let lastFailure { $0.value(lastFailure) } else { $0.null() }
      $0.field("events", events)
    }
  }
}
