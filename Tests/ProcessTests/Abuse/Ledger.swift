// What happened in a trial: how often each thing was done, what went wrong, how long answers took.

import Synchronization

/// Filled by all threads of a trial.
final class Ledger: Sendable {
  private let counts = Mutex<[String: Int]>([:])
  private let problems = Mutex<[String]>([])
  private let times = Mutex<[String: [Double]]>([:])

  func count(_ what: String) { counts.withLock { $0[what, default: 0] += 1 } }

  func report(_ problem: String) { problems.withLock { $0.append(problem) } }

  func record(_ habit: Neighbour.Habit, milliseconds: Double) {
    times.withLock { $0[habit.rawValue, default: []].append(milliseconds) }
  }

  var failures: [String] { problems.withLock { $0 } }

  func howOften(_ what: String) -> Int { counts.withLock { $0[what] ?? 0 } }

  /// The times of some clients, in milliseconds.
  struct Times: CustomStringConvertible {
    let count: Int
    let (p50, p99, most): (Double, Double, Double)

    var description: String {
      func short(_ time: Double) -> String { "\((time * 10).rounded() / 10) ms" }
      return "\(count) answers, p50 \(short(p50)), p99 \(short(p99)), longest \(short(most))"
    }
  }

  func times(of habit: Neighbour.Habit) -> Times {
    let sorted = times.withLock { $0[habit.rawValue] ?? [] }.sorted()
    func quantile(_ part: Double) -> Double {
      sorted.isEmpty ? .infinity : sorted[min(sorted.count - 1, Int(Double(sorted.count) * part))]
    }
    return Times(count: sorted.count, p50: quantile(0.5), p99: quantile(0.99), most: quantile(1))
  }

  /// Every count, most frequent first.
  var summary: String {
    counts.withLock { $0 }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { "\($0.key) \($0.value)" }.joined(separator: ", ")
  }
}
