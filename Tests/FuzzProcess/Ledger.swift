// What happened in a run: how much was done, and the first thing that must not have happened, which ends it.

import LinuxIO
import Synchronization

/// Filled by all threads of a run.
final class Ledger: Sendable {
  enum Count: Int, CaseIterable {
    case connections, requests, answers, replicaRequests, controls, confs, reloads, takeovers
    case restarts, impostors, signals

    var words: String {
      switch self {
      case .answers: "steady answers"
      case .replicaRequests: "requests at hostile replicas"
      case .controls: "control requests"
      case .confs: "confs"
      default: "\(self)"
      }
    }
  }

  private let counts = Mutex([Int](repeating: 0, count: Count.allCases.count))
  private let first = Mutex<String?>(nil)
  private let over = Atomic(false)
  private let excuses = Mutex(Excuses())
  private let executed = Mutex(Set<Token>())

  func count(_ what: Count, by amount: Int = 1) { counts.withLock { $0[what.rawValue] += amount } }

  var summary: String {
    counts.withLock { counts in
      Count.allCases.map { "\(counts[$0.rawValue]) \($0.words)" }.joined(separator: ", ")
    }
  }

  // MARK: Violations

  /// The run is over: something was violated, or somebody wants it to end.
  var isOver: Bool { over.load(ordering: .acquiring) }
  var violation: String? { first.withLock { $0 } }

  /// Something happened that must not: the first is kept, and the run ends.
  func violated(_ what: String) {
    first.withLock { if $0 == nil { $0 = what } }
    end()
  }

  func end() { over.store(true, ordering: .releasing) }

  // MARK: Excuses

  private struct Excuses {
    var open = 0
    var lastEnd: UInt64 = 0
  }

  /// While `body` runs, and for what overlaps with it, a well-behaved client may get no answer.
  func excused<Result>(_ body: () throws -> Result) rethrows -> Result {
    beginExcuse()
    defer { endExcuse() }
    return try body()
  }

  func beginExcuse() { excuses.withLock { $0.open += 1 } }

  func endExcuse() {
    excuses.withLock {
      $0.open -= 1
      $0.lastEnd = Clock.now()
    }
  }

  /// Whether there was an excuse at any moment from `start` on.
  func isExcused(since start: UInt64) -> Bool {
    excuses.withLock { $0.open > 0 || $0.lastEnd >= start }
  }

  // MARK: Executions

  /// Notes that a request reached a replica; false when it did before.
  func execute(_ token: Token) -> Bool { executed.withLock { $0.insert(token).inserted } }
}
