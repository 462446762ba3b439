// What happened of late: the events that `lbctl events` shows. Bounded, whatever happens: changes and
// orders push out only their like, and a storm of 5xx makes one event a second in a share of its own.

package import ControlProtocol
import HTTPWire
import LinuxIO

/// The newest events of one sort.
private struct EventRing {
  let limit: Int
  private var events: [EventReport] = []
  /// Where the oldest is, once there are as many as there may be.
  private var oldest = 0

  init(limit: Int) {
    self.limit = limit
  }

  mutating func append(_ event: EventReport) {
    guard events.count == limit else { return events.append(event) }
    events[oldest] = event
    oldest = (oldest + 1) % limit
  }

  /// Oldest first.
  func list(where isWanted: (EventReport) -> Bool) -> [EventReport] {
    events[oldest...].filter(isWanted) + events[..<oldest].filter(isWanted)
  }
}

/// The last events of this run of lbd. The control thread owns it.
package struct EventHistory {
  /// Events that are kept, beside those of answers.
  static let limit = 1000
  /// Events of lbd's own 5xx answers that are kept.
  static let answersLimit = 200
  /// One event stands for all own 5xx answers of this time, in nanoseconds.
  static let answersPeriod: UInt64 = 1_000_000_000
  /// Bytes of a cause that are kept.
  private static let causeLimit = 400
  /// Replicas that an event of answers names.
  private static let triedLimit = 12

  private var changes = EventRing(limit: limit)
  private var answers = EventRing(limit: answersLimit)
  /// The number of the last event.
  private(set) var last = 0
  /// Answers that no event stands for yet.
  private var gathered: (answers: EventReport.Answers, cause: String)?
  /// When the next event of answers may be added, by the monotonic clock.
  private var nextAnswers: UInt64 = 0

  package init() {}

  /// Adds an event.
  /// - Parameters:
  ///   - cause: why, or what it came to, in words.
  ///   - uid: the user who gave the order.
  package mutating func add(
    _ kind: EventKind, replica: String? = nil, state: ReplicaState? = nil, cause: String? = nil,
    uid: UInt32? = nil, wall: UInt64 = Clock.wall()
  ) {
    changes.append(
      next(kind, replica: replica, state: state, cause: cause, uid: uid, wall: wall))
  }

  /// One more 5xx of lbd's own. The first after a second without any is an event at once; those that
  /// follow within the second are gathered to one.
  package mutating func answered(
    _ status: Int, tried: [String], cause: String, now: UInt64, wall: UInt64 = Clock.wall()
  ) {
    var answers =
      gathered?.answers ?? EventReport.Answers(status: status, count: 0, tried: [])
    answers.status = status
    answers.count += 1
    for name in tried where answers.tried.count < EventHistory.triedLimit {
      if !answers.tried.contains(name) { answers.tried.append(name) }
    }
    gathered = (answers, cause)
    settle(now: now, wall: wall)
  }

  /// When `settle` has something to do; never where nothing is gathered.
  package var due: UInt64 { gathered == nil ? .max : nextAnswers }

  /// Makes an event of what was gathered, once its time has come.
  package mutating func settle(now: UInt64, wall: UInt64 = Clock.wall()) {
    guard let (answers, cause) = gathered, now >= nextAnswers else { return }
    gathered = nil
    nextAnswers = now + EventHistory.answersPeriod
    var event = next(.answered, cause: cause, wall: wall)
    event.answers = answers
    self.answers.append(event)
  }

  private mutating func next(
    _ kind: EventKind, replica: String? = nil, state: ReplicaState? = nil, cause: String? = nil,
    uid: UInt32? = nil, wall: UInt64
  ) -> EventReport {
    last += 1
    return EventReport(
      number: last, time: Timestamp.text(wall), event: kind, replica: replica, state: state,
      cause: cause.map(EventHistory.firstLine), uid: uid.map { Int($0) })
  }

  /// A text's first line, as far as there is room.
  private static func firstLine(_ text: String) -> String {
    String(decoding: text.utf8.prefix { $0 != 0x0A }.prefix(causeLimit), as: UTF8.self)
  }

  // MARK: Reading

  /// The events behind the `number`-th that are kept, newest last.
  package func since(_ number: Int) -> [EventReport] {
    list { $0.number > number }
  }

  /// The last `count` events that name a replica, newest last.
  package func about(_ replica: String, last count: Int) -> [EventReport] {
    list { $0.replica == replica || $0.answers?.tried.contains(replica) == true }.suffix(count)
  }

  private func list(where isWanted: (EventReport) -> Bool) -> [EventReport] {
    (changes.list(where: isWanted) + answers.list(where: isWanted))
      .sorted { $0.number < $1.number }
  }
}
