// All kinds of abuse at once, for a while, with well-behaved clients among them.

import ControlProtocol
import LinuxIO
import TestSupport

/// One trial of so many seconds.
final class AbuseTrial {
  private let stage: AbuseStage
  private let ledger = Ledger()
  private let seed: UInt64
  private let seconds: Int
  /// The most that lbd was seen to hold: KiB of memory of its own, descriptors.
  private var most = (memory: 0, descriptors: 0)

  /// Client connections that lbd may have, more than the abusers hold.
  private static let connections = 600
  /// KiB that lbd's own memory may have grown by in the end: a burst larger than those before it
  /// leaves a page for each buffer that it touched.
  private static let slack = 2048
  /// KiB that it may have grown by at any moment: two buffers for every client that says something,
  /// and the slack.
  private static let allowance = Crowd.connections * 2 * 32 + slack
  /// Milliseconds within which 99 of 100 answers come, on a machine that does the abuse as well.
  private static let bound = 500.0
  /// The same for those that open connections, and may find each one taken by the silent.
  private static let newcomerBound = 5000.0
  /// Descriptors of abusers, well-behaved clients, replicas and all else that this process has open.
  private static let descriptors = 4096

  private static let sections = """
    [timeouts]
    client_header = 2s
    idle = 2s
    client_idle = 5s
    [limits]
    connections = \(connections)
    body = 1m
    """

  init(seed: UInt64, seconds: Int) throws {
    let limit = Descriptor.raiseLimit()
    guard limit >= Self.descriptors else {
      throw TestFailure(
        "this trial needs \(Self.descriptors) descriptors and may have \(limit): raise ulimit -n")
    }
    (self.seed, self.seconds) = (seed, seconds)
    stage = try AbuseStage(replicas: 2, poisonable: 2, sections: Self.sections)
  }

  /// How long a trial lasts: what `ABUSE_SECONDS` says, 240 when nothing.
  static func seconds(_ text: String?) throws -> Int {
    guard let text else { return 240 }
    let isNumber = !text.isEmpty && text.utf8.allSatisfy { 0x30...0x39 ~= $0 }
    guard isNumber, let seconds = Int(text), 5...240 ~= seconds else {
      throw TestFailure("ABUSE_SECONDS is \(text.debugDescription), no number from 5 to 240")
    }
    return seconds
  }

  func run() throws {
    // What lbd needs for all this it has taken after a while.
    try mix(for: 10, seed &- 1)
    let before = try settledMemory()
    try mix(for: seconds, seed)
    try stage.expectAllUp()
    try stage.expectNothingLeft()
    let after = try settledMemory()
    let figures = """
      abuse of \(seconds) s: \(ledger.summary)
      lbd's own memory: \(before) KiB before, at most \(most.memory), \(after) after; \
      descriptors: \(stage.descriptors), at most \(most.descriptors), \(stage.descriptors)
      steady clients: \(ledger.times(of: .steady)); newcomers: \(ledger.times(of: .newcomer))
      """
    print(figures)
    try judge(before, after)
  }

  private func mix(for seconds: Int, _ seed: UInt64) throws {
    let crowd = Crowd(port: stage.port, seed: seed, ledger: ledger)
    try crowd.start()
    try watch(for: seconds)
    crowd.stop()
  }

  private func judge(_ before: Int, _ after: Int) throws {
    var complaints = ledger.failures.prefix(20) + []
    for abuse in Abuse.allCases where ledger.howOften(abuse.rawValue) == 0 {
      complaints.append("there was no abuse by \(abuse)")
    }
    for (habit, bound) in [
      (Neighbour.Habit.steady, Self.bound), (.newcomer, Self.newcomerBound),
    ] where ledger.times(of: habit).p99 > bound {
      complaints.append("\(habit) clients wait too long: \(ledger.times(of: habit))")
    }
    if after > before + Self.slack { complaints.append("memory: \(before) to \(after) KiB") }
    if most.memory > before + Self.allowance {
      complaints.append("memory: \(before) and once \(most.memory) KiB")
    }
    guard complaints.isEmpty else {
      throw TestFailure("\(ledger.failures.count) failures; \(complaints.joined(separator: "\n"))")
    }
  }

  // MARK: What lbd holds

  /// KiB of memory that no file stands behind.
  private func memory() throws -> Int {
    try stage.lbd().kibibytes("RssAnon") + stage.lbd().kibibytes("RssShmem")
  }

  /// The same once lbd has given back what it can, which it does once a second.
  private func settledMemory() throws -> Int {
    var readings: [Int] = []
    try eventually("lbd's memory settles: \(readings)", within: 20) {
      readings.append(try memory())
      Clock.sleep(milliseconds: 500)
      // Two seconds, so that each worker's turn to give back has come.
      return readings.count > 5 && readings[readings.count - 5] <= readings[readings.count - 1]
    }
    return readings[readings.count - 1]
  }

  /// Looks at lbd for so long, and takes every connection there is now and then.
  private func watch(for seconds: Int) throws {
    let end = Clock.now() + UInt64(seconds) * 1_000_000_000
    var nextOccupation = Clock.now() + 1_000_000_000
    while Clock.now() < end {
      try look()
      Clock.sleep(milliseconds: 100)
      guard Clock.now() > nextOccupation else { continue }
      try occupy()
      nextOccupation = Clock.now() + 15_000_000_000
    }
  }

  private func look() throws {
    most.memory = max(most.memory, try memory())
    most.descriptors = max(most.descriptors, try stage.lbd().descriptors())
  }

  /// Takes every connection there is and says nothing on it, until lbd has ended each, some of them for
  /// those that came after. lbctl and the probes, which have descriptors of their own, must not notice.
  private func occupy() throws {
    let silent = try Abuse.open(stage.port, Self.connections + 50)
    try eventually("all connections are taken", within: 20) {
      try look()
      return try stage.lbd().descriptors() >= stage.descriptors + Self.connections
    }
    let start = Clock.now()
    let outcome = try stage.stage.lbctl("pool")
    guard outcome.status == 0, Clock.now() - start < 10_000_000_000 else {
      throw TestFailure("lbctl pool does not get its turn: \(outcome)")
    }
    for connection in silent {
      guard try connection.isOver() else { throw TestFailure("lbd says something to the silent") }
    }
    try stage.expectAllUp()
    ledger.count("occupation")
  }
}
