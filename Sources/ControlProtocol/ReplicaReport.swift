// One replica as lbd describes it at one moment: what the conf says, what was ordered and what was
// observed as three separate facts, then the state that follows and the figures of `ReplicaFigure`.

/// One row of `lbctl pool`.
package struct ReplicaReport: Sendable, Equatable, Decodable, JSONWritable {
  /// What the conf says.
  package struct Config: Sendable, Equatable, Decodable {
    package var weight: Int

    package init(weight: Int) {
      self.weight = weight
    }
  }

  /// The last probe.
  package struct Check: Sendable, Equatable, Decodable {
    /// `200`, `refused`, `timeout` …; `-` when there was none yet.
    package var result: String
    package var latencyMilliseconds: Double?
    package var nextInMilliseconds: Double?

    package init(
      result: String = "-", latencyMilliseconds: Double? = nil, nextInMilliseconds: Double? = nil
    ) {
      self.result = result
      self.latencyMilliseconds = latencyMilliseconds
      self.nextInMilliseconds = nextInMilliseconds
    }

    private enum CodingKeys: String, CodingKey {
      case result
      case latencyMilliseconds = "latency_ms"
      case nextInMilliseconds = "next_in_ms"
    }
  }

  package var name: String
  package var address: String
  /// The address in use where `address` is a name that was resolved, such as `10.0.0.7:8000`.
  package var resolved: String?
  /// Why the last look-up of its name found nothing, in the resolver's words.
  package var lookup: String?
  package var config: Config
  /// Its share now: the conf's, or what an operator ordered in its place.
  package var weight: Int
  package var order: ReplicaOrder
  package var observed: ObservedState
  package var state: ReplicaState
  /// Since when it is in this state.
  package var stateSeconds: Double
  package var check: Check
  /// All figures that have a key.
  private var figures: [ReplicaFigure.Name: FigureValue]

  /// - Parameter figures: those that are not here are 0, or nothing to tell from.
  package init(
    name: String, address: String, resolved: String? = nil, lookup: String? = nil, config: Config,
    weight: Int? = nil, order: ReplicaOrder, observed: ObservedState, state: ReplicaState,
    stateSeconds: Double, figures: [ReplicaFigure.Name: FigureValue], check: Check
  ) {
    self.name = name
    self.address = address
    self.resolved = resolved
    self.lookup = lookup
    self.config = config
    self.weight = weight ?? config.weight
    self.order = order
    self.observed = observed
    self.state = state
    self.stateSeconds = stateSeconds
    self.check = check
    self.figures = figures
    for (figure, _) in ReplicaFigure.reported where figures[figure.name] == nil {
      self.figures[figure.name] = FigureValue(none: figure.unit)
    }
  }
}

// MARK: Figures

extension ReplicaReport {
  /// A figure that has a key.
  package subscript(figure: ReplicaFigure.Name) -> FigureValue {
    get { figures[figure] ?? .count(0) }
    set { figures[figure] = newValue }
  }

  /// Requests in flight.
  package var active: Int { count(.active) }
  /// Requests since the start.
  package var requests: Int { count(.requests) }
  /// Requests a second of late; nil when there were none to tell from.
  package var rate: Double? { measure(.rate) }
  /// Answers of status 500 to 599 that it gave.
  package var status5xx: Int { count(.status5xx) }
  /// Requests that another replica had to take over.
  package var retries: Int { count(.retries) }

  private func count(_ figure: ReplicaFigure.Name) -> Int {
    if case .count(let count) = self[figure] { count } else { 0 }
  }

  private func measure(_ figure: ReplicaFigure.Name) -> Double? {
    if case .measure(let measure) = self[figure] { measure } else { nil }
  }
}

// MARK: JSON

extension ReplicaReport {
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Field.self)
    name = try values.decode(String.self, forKey: "name")
    address = try values.decode(String.self, forKey: "address")
    resolved = try values.decodeIfPresent(String.self, forKey: "resolved")
    lookup = try values.decodeIfPresent(String.self, forKey: "lookup")
    config = try values.decode(Config.self, forKey: "config")
    weight = try values.decode(Int.self, forKey: "weight")
    order = try values.decode(ReplicaOrder.self, forKey: "order")
    observed = try values.decode(ObservedState.self, forKey: "observed")
    state = try values.decode(ReplicaState.self, forKey: "state")
    stateSeconds = try values.decode(Double.self, forKey: "state_seconds")
    check = try values.decode(Check.self, forKey: "check")
    figures = [:]
    for (figure, key) in ReplicaFigure.reported {
      switch figure.unit {
      case .count:
        // A figure that came later is missing in an older lbd's report. A wait for the end of what is in
        // flight must not take that for none.
        let count =
          figure.name == .active
          ? try values.decode(Int.self, forKey: Field(key))
          : try values.decodeIfPresent(Int.self, forKey: Field(key)) ?? 0
        figures[figure.name] = .count(count)
      case .perSecond, .milliseconds:
        let measure = try values.decodeIfPresent(Double.self, forKey: Field(key))
        figures[figure.name] = .measure(measure)
      }
    }
  }

  package func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("name", name)
      $0.field("address", address)
      if let resolved { $0.field("resolved", resolved) }
      if let lookup { $0.field("lookup", lookup) }
      $0.object("config") { $0.field("weight", config.weight) }
      $0.field("weight", weight)
      $0.field("order", order.rawValue)
      $0.field("observed", observed.rawValue)
      $0.field("state", state.rawValue)
      $0.field("state_seconds", stateSeconds)
      for (figure, key) in ReplicaFigure.reported {
        switch self[figure.name] {
        case .count(let count): $0.field(key, count)
        case .measure(let measure): $0.field(key, optional: measure)
        }
      }
      $0.object("check") {
        $0.field("result", check.result)
        $0.field("latency_ms", optional: check.latencyMilliseconds)
        $0.field("next_in_ms", optional: check.nextInMilliseconds)
      }
    }
  }

  /// A key of the object, whatever it is called.
  private struct Field: CodingKey, ExpressibleByStringLiteral {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ key: String) { stringValue = key }
    init(stringLiteral key: String) { stringValue = key }
    init?(stringValue key: String) { stringValue = key }
    init?(intValue: Int) { nil }
  }
}
