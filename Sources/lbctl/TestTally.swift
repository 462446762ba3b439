// What the requests of a test came to: who answered how many, how long it took, what went wrong.

import CommandText
import ControlProtocol

/// One request of a test.
struct TestResult: Equatable {
  /// The answer, or why there is none.
  let outcome: Outcome
  let milliseconds: Double

  enum Outcome: Equatable {
    case answered(HTTPAnswer)
    case failed(ExchangeError)
  }

  /// Answered with a 2xx.
  var isSuccess: Bool {
    if case .answered(let answer) = outcome { answer.isSuccess } else { false }
  }
}

/// The sums of a test. Answers themselves are kept only where JSON will hold them.
struct TestTally {
  private(set) var succeeded = 0
  private(set) var failed = 0
  /// How many requests each replica answered, with those that could have and did not.
  private(set) var shares: [String: Int]
  /// How many answers nobody's name was on.
  private(set) var unnamed = 0
  private var reasons: [String: Int] = [:]
  private var latencies: [Double] = []
  private let keepsAnswers: Bool
  private var answers: [TestResult] = []

  init(replicas: [String], keepsAnswers: Bool) {
    shares = Dictionary(replicas.map { ($0, 0) }) { first, _ in first }
    self.keepsAnswers = keepsAnswers
  }

  mutating func add(_ result: TestResult) {
    if result.isSuccess { succeeded += 1 } else { failed += 1 }
    switch result.outcome {
    case .failed(let error): reasons[error.reason, default: 0] += 1
    case .answered(let answer):
      latencies.append(result.milliseconds)
      if !answer.isSuccess { reasons["status \(answer.status)", default: 0] += 1 }
      if let replica = answer.replica { shares[replica, default: 0] += 1 } else { unnamed += 1 }
    }
    if keepsAnswers { answers.append(result) }
  }

  /// The latency that this part of the answers did not exceed, by nearest rank.
  func latency(quantile: Double) -> Double? {
    guard !latencies.isEmpty else { return nil }
    let sorted = latencies.sorted()
    let rank = Int((quantile * Double(sorted.count)).rounded(.up))
    return sorted[min(max(rank, 1), sorted.count) - 1]
  }

  /// How many times the smallest share the largest is; nil where a replica answered none.
  var evenness: Double? {
    guard let most = shares.values.max(), let fewest = shares.values.min(), fewest > 0 else {
      return nil
    }
    return Double(most) / Double(fewest)
  }

  /// By name, and numbers by their value: names are ports more often than not.
  private var ranked: [(name: String, count: Int)] {
    shares.map { (name: $0.key, count: $0.value) }
      .sorted { ($0.name.count, $0.name) < ($1.name.count, $1.name) }
  }

  // MARK: For people

  /// Who answered how many, then a line that sums up, then what went wrong.
  var lines: [String] {
    (shares.values.contains { $0 > 0 } ? shareLines : []) + [sum] + trouble
  }

  private var shareLines: [String] {
    var table = Table([.left("REPLICA"), .right("ANSWERS"), .right("SHARE")])
    let total = shares.values.reduce(unnamed, +)
    func add(_ name: String, _ count: Int) {
      let share = Readable.fixed(Double(count) * 100 / Double(max(1, total)), digits: 0)
      table.rows.append([Table.Cell(name), "\(count)", "\(share)%"])
    }
    for (name, count) in ranked { add(name, count) }
    if unnamed > 0 { add("(none)", unnamed) }
    return table.lines()
  }

  private var sum: String {
    var parts = ["\(succeeded) ok, \(failed) failed"]
    if !latencies.isEmpty {
      let quantiles = [("p50", 0.5), ("p99", 0.99), ("max", 1)].map { name, quantile in
        "\(name) \(Readable.latency(milliseconds: latency(quantile: quantile)))"
      }
      parts.append(quantiles.joined(separator: ", "))
    }
    if shares.count > 1 && shares.values.contains(where: { $0 > 0 }) {
      parts.append(
        "evenness \(evenness.map { Readable.fixed($0, digits: 2) } ?? "-") (max/min share)")
    }
    return parts.joined(separator: "; ")
  }

  private var trouble: [String] {
    guard !reasons.isEmpty else { return [] }
    let ranked = reasons.sorted { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }
    return ["failed: " + ranked.map { "\($0.value) × \($0.key)" }.joined(separator: ", ")]
  }
}

extension TestTally: JSONWritable {
  func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("schema", 1)
      $0.field("requests", succeeded + failed)
      $0.field("ok", succeeded)
      $0.field("failed", failed)
      $0.object("replicas") { writer in
        for (name, count) in ranked { writer.field(name, count) }
      }
      $0.field("p50_ms", optional: latency(quantile: 0.5))
      $0.field("p99_ms", optional: latency(quantile: 0.99))
      $0.field("max_ms", optional: latency(quantile: 1))
      $0.field("evenness", optional: evenness)
      $0.field("answers", answers)
    }
  }
}

extension TestResult: JSONWritable {
  func write(to writer: inout JSONWriter) {
    writer.object {
      switch outcome {
      case .answered(let answer):
        $0.field("status", answer.status)
        $0.field("replica", optional: answer.replica)
        $0.field("body", String(decoding: answer.body, as: UTF8.self))
      case .failed(let error):
        $0.field("status", optional: Double?.none)
        $0.field("replica", optional: String?.none)
        $0.field("body", optional: String?.none)
        $0.field("error", error.reason)
      }
      $0.field("ms", milliseconds)
    }
  }
}
