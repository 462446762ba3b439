// How a scenario is measured: what is compared, by which measures.

/// What a figure is counted in.
enum Unit: Equatable {
  case microseconds, milliseconds, secondsPerGibibyte, perSecond, gibibytesPerSecond
  case bytes, mebibytes
  /// A ratio by itself, not compared with another row.
  case multiple
  /// A share of one core, or of a whole: 1 is 100 %.
  case share
}

/// A column.
struct Measure: Equatable {
  let name: String
  let unit: Unit

  init(_ name: String, _ unit: Unit) {
    self.name = name
    self.unit = unit
  }
}

/// What one look at a subject gave: a figure for each measure.
struct Observation {
  var figures: [Double]
  /// Microseconds of the workers alone for each request: without probes, logs, whatever else runs.
  var byWorkers = 0.0
  /// Answers in all, those of the warm-up too.
  var requests = 0
  /// Answers that were not the right ones.
  var bad = 0
  /// Connections and requests that failed.
  var errors = 0
}

/// A row: what is compared with the others.
struct Subject {
  let name: String
  /// Is given the replicas' process.
  let observe: (Int32) throws(Failure) -> Observation

  init(_ name: String, _ observe: @escaping (Int32) throws(Failure) -> Observation) {
    self.name = name
    self.observe = observe
  }
}

/// A scenario, ready to be carried out.
struct Plan {
  let scenario: Scenario
  /// In one sentence.
  let about: String
  var notes: [String] = []
  let measures: [Measure]
  let rounds: Int
  var pinsOrigin = true
  /// The first is what the others are compared with.
  let subjects: [Subject]
}

extension Bench {
  func plan(_ scenario: Scenario) -> Plan {
    switch scenario {
    case .start: startPlan()
    case .rest: restPlan()
    case .idle: idlePlan()
    case .download: downloadPlan()
    case .workers: workersPlan()
    case .uneven: unevenPlan()
    case .replicas1000: replicasPlan()
    case .accessLog: accessLogPlan()
    case .get64, .get512, .close64, .post64k, .body1m:
      loadPlan(scenario, Workload(scenario) ?? .get64)
    }
  }
}
