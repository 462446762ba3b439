// One replica as lbd describes it at one moment: what the conf says, what was ordered and what was
// observed as three separate facts, then the state that follows and the figures.

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
  /// Requests in flight.
  package var active: Int
  /// Requests since the start.
  package var requests: Int
  /// Requests a second of late; nil when there were none to tell from.
  package var rate: Double?
  package var p50Milliseconds: Double?
  package var p99Milliseconds: Double?
  /// Answers of status 500 to 599 that it gave.
  package var status5xx: Int
  /// Requests that another replica had to take over.
  package var retries: Int
  package var check: Check

  package init(
    name: String, address: String, resolved: String? = nil, lookup: String? = nil, config: Config,
    weight: Int? = nil, order: ReplicaOrder,
    observed: ObservedState, state: ReplicaState, stateSeconds: Double, active: Int, requests: Int,
    rate: Double?, p50Milliseconds: Double?, p99Milliseconds: Double?, status5xx: Int, retries: Int,
    check: Check
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
    self.active = active
    self.requests = requests
    self.rate = rate
    self.p50Milliseconds = p50Milliseconds
    self.p99Milliseconds = p99Milliseconds
    self.status5xx = status5xx
    self.retries = retries
    self.check = check
  }

  private enum CodingKeys: String, CodingKey {
    case name, address, resolved, lookup, config, weight, order, observed, state, active, requests,
      rate, retries,
      check
    case stateSeconds = "state_seconds"
    case p50Milliseconds = "p50_ms"
    case p99Milliseconds = "p99_ms"
    case status5xx = "status_5xx"
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
      $0.field("active", active)
      $0.field("requests", requests)
      $0.field("rate", optional: rate)
      $0.field("p50_ms", optional: p50Milliseconds)
      $0.field("p99_ms", optional: p99Milliseconds)
      $0.field("status_5xx", status5xx)
      $0.field("retries", retries)
      $0.object("check") {
        $0.field("result", check.result)
        $0.field("latency_ms", optional: check.latencyMilliseconds)
        $0.field("next_in_ms", optional: check.nextInMilliseconds)
      }
    }
  }
}
