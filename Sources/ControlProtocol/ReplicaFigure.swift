// The one list of all that lbd tells of a replica in numbers.

/// One number of a replica: its key in the report, its column in `lbctl pool`, its family of metrics,
/// and the workers' counters that it adds up.
package struct ReplicaFigure: Sendable {
  /// What code calls the figure.
  package enum Name: Sendable, CaseIterable {
    case info, up, slow, weight, active, requests, rate, p50, p99, status5xx, attempts, retries
    case failures, responses, ejections, probes, probeDuration, responseTime
  }

  /// What the number means, by which it is written.
  package enum Unit: Sendable {
    case count, perSecond, milliseconds
  }

  /// A column of `lbctl pool`.
  package struct Column: Sendable {
    package let heading: String
    /// Where there is no room for all columns, the one of the least importance is left out first. Of the
    /// columns that are no figures, the address has 90, the time in the state 80, the weight 30.
    package let importance: Int

    init(_ heading: String, importance: Int) {
      self.heading = heading
      self.importance = importance
    }
  }

  package let name: Name
  /// Its key in a `ReplicaReport`; nil for what is a metric only.
  package let key: String?
  package let unit: Unit
  package let column: Column?
  package let metric: MetricFamily?
  /// The workers' counters that it adds up, by their names in `Tally.Counter`; none where the control
  /// thread knows it otherwise.
  package let counters: [String]
  /// The values of the metric's last label, one for each counter; none where the metric has one sample.
  package let values: [String]

  init(
    _ name: Name, key: String? = nil, _ unit: Unit = .count, column: Column? = nil,
    metric: MetricFamily? = nil, counters: [String] = [], values: [String] = []
  ) {
    self.name = name
    self.key = key
    self.unit = unit
    self.column = column
    self.metric = metric
    self.counters = counters
    self.values = values
  }
}

/// What a figure was at one moment.
package enum FigureValue: Sendable, Equatable, ExpressibleByIntegerLiteral {
  /// How many there were.
  case count(Int)
  /// How much it was; nil where there was nothing to tell from.
  case measure(Double?)

  package init(integerLiteral count: Int) { self = .count(count) }

  /// Of a figure of which nothing is known.
  init(none unit: ReplicaFigure.Unit) {
    self =
      switch unit {
      case .count: .count(0)
      case .perSecond, .milliseconds: .measure(nil)
      }
  }
}

extension ReplicaFigure {
  /// The figures that a `ReplicaReport` holds, with their keys.
  static let reported = all.compactMap { figure in
    figure.key.map { (figure: figure, key: $0) }
  }

  private static let codes = ["1xx", "2xx", "3xx", "4xx", "5xx"]
  private static let statuses = codes.map { "status" + $0 }

  /// Every figure, each once. The report's JSON, the table, the metrics' text and `docs/metrics.md`, which
  /// a test holds, all have this order. A number that the workers count is named here, where it is
  /// counted, and nowhere else.
  package static let all: [ReplicaFigure] = [
    ReplicaFigure(
      .info, metric: .replica("info", .gauge, by: "address", "1, with the replica's address.")),
    ReplicaFigure(
      .up, metric: .replica("up", .gauge, "1 while the replica is given requests.")),
    ReplicaFigure(
      .slow,
      metric: .replica(
        "slow", .gauge,
        "1 while the replica is given requests though its probes time out, since no other answers.")
    ),
    ReplicaFigure(
      .weight,
      metric: .replica("weight", .gauge, "Its share relative to the other replicas.")),
    ReplicaFigure(
      .active, key: "active", column: Column("ACTIVE", importance: 70),
      metric: .replica("requests_in_flight", .gauge, "Requests that the replica has now.")),
    ReplicaFigure(.requests, key: "requests", counters: statuses),
    ReplicaFigure(.rate, key: "rate", .perSecond, column: Column("REQ/S", importance: 50)),
    ReplicaFigure(.p50, key: "p50_ms", .milliseconds, column: Column("P50", importance: 10)),
    ReplicaFigure(.p99, key: "p99_ms", .milliseconds, column: Column("P99", importance: 40)),
    ReplicaFigure(
      .status5xx, key: "status_5xx", column: Column("5XX", importance: 60),
      counters: ["status5xx"]),
    ReplicaFigure(
      .attempts,
      metric: .replica(
        "attempts_total", .counter, "Requests handed to the replica, retries too."),
      counters: ["attempts"]),
    ReplicaFigure(
      .retries, key: "retries", column: Column("RETRY", importance: 20),
      metric: .replica(
        "retries_total", .counter, by: "phase",
        "Attempts at the replica that failed and were taken to another, by whether any of the request"
          + " had been sent."),
      counters: ["retriesUnsent", "retriesSent"], values: ["unsent", "sent"]),
    ReplicaFigure(
      .failures,
      metric: .replica(
        "failures_total", .counter, by: "class",
        "Attempts at the replica that failed, by class, whatever became of the request."),
      counters: [
        "failedConnect", "failedStale", "failedReset", "failedTimeout", "failedStatus",
        "failedProtocol",
      ],
      values: ["connect", "stale", "reset", "timeout", "status", "protocol"]),
    ReplicaFigure(
      .responses,
      metric: .replica(
        "responses_total", .counter, by: "code",
        "Responses of the replica that were passed on, by the class of their status."),
      counters: statuses, values: codes),
    ReplicaFigure(
      .ejections,
      metric: .replica(
        "ejections_total", .counter, by: "reason",
        "How often the replica was taken out, by what spoke against it.")),
    ReplicaFigure(
      .probes,
      metric: .replica(
        "probes_total", .counter, by: "result",
        "Probes that ended: passed, failed, or not made for a lack of lbd's own.")),
    ReplicaFigure(
      .probeDuration,
      metric: .replica("probe_duration_seconds", .gauge, "What the last probe took.")),
    ReplicaFigure(
      .responseTime,
      metric: MetricFamily(
        "response_seconds", .histogram, ["pool", "replica"],
        "From a request's whole head to its response's end. The sum is estimated from 112 buckets, each"
          + " time to a fifth of itself.")),
  ]
}

extension MetricFamily {
  /// - Parameters:
  ///   - name: without `lbd_replica_`.
  ///   - label: what tells a replica's samples apart, where it has several.
  fileprivate static func replica(
    _ name: String, _ kind: Kind, by label: String? = nil, _ help: String
  ) -> MetricFamily {
    MetricFamily("replica_" + name, kind, ["pool", "replica"] + (label.map { [$0] } ?? []), help)
  }
}
