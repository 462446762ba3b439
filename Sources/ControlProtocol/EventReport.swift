// What happened to lbd and its replicas, one event after the other: the answer to GET /events, and a
// part of that to GET /explain.

/// What an event tells of; the log uses the same words.
package enum EventKind: String, Decodable, Sendable, CaseIterable {
  case start
  /// A replica's state changed, by probes or by requests.
  case state
  /// A replica's name has another address.
  case resolved
  /// A replica's name cannot be resolved.
  case unresolved
  /// Orders of an operator.
  case added, removed, order
  case reload
  case reloadRefused = "reload-refused"
  /// lbd answered with a 5xx of its own.
  case answered
  /// A worker had no room for one more client.
  case limitMet = "limit-met"
  /// lbd ends: what is in flight may end, or no longer may.
  case drain, stop
}

/// One event.
package struct EventReport: Sendable, Equatable, Decodable, JSONWritable {
  /// Answers of lbd's own with 5xx: the event stands for all of up to a second.
  package struct Answers: Sendable, Equatable, Decodable {
    /// The last one's.
    package var status: Int
    package var count: Int
    /// Replicas that were tried for any of them, twelve at most.
    package var tried: [String]

    package init(status: Int, count: Int, tried: [String]) {
      self.status = status
      self.count = count
      self.tried = tried
    }
  }

  /// Grows with each event of one run of lbd, from 1 on.
  package var number: Int
  /// By the wall's clock, such as `2026-11-22T13:54:40.123Z`.
  package var time: String
  package var event: EventKind
  package var replica: String?
  /// The state that the replica came into.
  package var state: ReplicaState?
  /// Why, or what it came to, in words.
  package var cause: String?
  /// The user who gave the order.
  package var uid: Int?
  package var answers: Answers?

  package init(
    number: Int, time: String, event: EventKind, replica: String? = nil,
    state: ReplicaState? = nil, cause: String? = nil, uid: Int? = nil, answers: Answers? = nil
  ) {
    self.number = number
    self.time = time
    self.event = event
    self.replica = replica
    self.state = state
    self.cause = cause
    self.uid = uid
    self.answers = answers
  }

  package func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("number", number)
      $0.field("time", time)
      $0.field("event", event.rawValue)
      $0.field("replica", optional: replica)
      $0.field("state", optional: state?.rawValue)
      $0.field("cause", optional: cause)
      $0.key("uid")
      if let uid { $0.value(uid) } else { $0.null() }
      $0.key("answers")
      if let answers { $0.value(answers) } else { $0.null() }
    }
  }
}

extension EventReport.Answers: JSONWritable {
  package func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("status", status)
      $0.field("count", count)
      $0.array("tried") { for name in tried { $0.value(name) } }
    }
  }
}

/// The answer to `GET /events?since=N`: the events behind the N-th that are still kept, newest last.
package struct EventsReport: Sendable, Equatable, Decodable, JSONWritable {
  package var schema = 1
  package var pid: Int
  /// When this lbd began. With another one the numbers begin again.
  package var started: String
  package var events: [EventReport]

  package init(pid: Int, started: String, events: [EventReport]) {
    self.pid = pid
    self.started = started
    self.events = events
  }

  package func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("schema", schema)
      $0.field("pid", pid)
      $0.field("started", started)
      $0.field("events", events)
    }
  }
}
