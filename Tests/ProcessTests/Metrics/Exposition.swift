// A text of metrics as Prometheus reads it, by the letter of the exposition format 0.0.4 and of the
// habits that go with it. Whatever is not so is a failure that names the line.

import Foundation
import TestSupport

/// A whole scrape.
struct Exposition {
  struct Sample {
    let name: String
    let labels: [(name: String, value: String)]
    let value: Double

    subscript(_ label: String) -> String? { labels.first { $0.name == label }?.value }

    /// What no second sample may have.
    var series: String {
      name
        + labels.sorted { $0.name < $1.name }.map { "|\($0.name)=\($0.value.debugDescription)" }
        .joined()
    }
  }

  struct Family {
    let name: String
    let kind: String
    let help: String
    var samples: [Sample] = []
  }

  private(set) var families: [Family] = []

  /// What lines consist of. Made once for a text, since a pattern is compiled when it is made.
  private struct Grammar {
    let help = /# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) ([^\\]+)/
    let type = /# TYPE (\S+) (counter|gauge|histogram)/
    let sample = /([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.+\})? (\S+)/
    /// A number as Go writes one.
    let number = /-?\d+(\.\d+)?(e[+-]?\d+)?/
    let label = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"(,(?=.)|$)/
  }

  private let grammar = Grammar()

  init(_ text: String) throws {
    guard text.hasSuffix("\n") else { throw TestFailure("the last line has no end") }
    var help: (name: String, text: String)?
    for line in text.dropLast().components(separatedBy: "\n") {
      if let match = line.wholeMatch(of: grammar.help) {
        guard help == nil else { throw TestFailure("HELP without TYPE before: \(line)") }
        help = (String(match.1), String(match.2))
      } else if let match = line.wholeMatch(of: grammar.type) {
        guard let said = help, said.name == match.1 else { throw TestFailure("no HELP: \(line)") }
        families.append(Family(name: said.name, kind: String(match.2), help: said.text))
        help = nil
      } else {
        guard help == nil else { throw TestFailure("HELP without TYPE before: \(line)") }
        try take(sample(line), line)
      }
    }
    try check()
  }

  private mutating func take(_ sample: Sample, _ line: String) throws {
    guard let family = families.last else { throw TestFailure("a sample before its TYPE: \(line)") }
    let isOwn =
      family.kind == "histogram"
      ? ["_bucket", "_sum", "_count"].contains { family.name + $0 == sample.name }
      : family.name == sample.name
    guard isOwn else { throw TestFailure("not of \(family.name): \(line)") }
    families[families.count - 1].samples.append(sample)
  }

  // MARK: A line

  private func sample(_ line: String) throws -> Sample {
    guard let match = line.wholeMatch(of: grammar.sample),
      let value = number(match.3)
    else { throw TestFailure("no sample: \(line)") }
    return Sample(
      name: String(match.1), labels: try labels(match.2?.dropFirst().dropLast() ?? "", line),
      value: value)
  }

  private func number(_ text: Substring) -> Double? {
    switch text {
    case "+Inf": .infinity
    case "-Inf": -.infinity
    default: text.wholeMatch(of: grammar.number) == nil ? nil : Double(text)
    }
  }

  private func labels(
    _ text: Substring, _ line: String
  ) throws -> [(name: String, value: String)] {
    var rest = text
    var found: [(name: String, value: String)] = []
    while !rest.isEmpty {
      guard let match = rest.prefixMatch(of: grammar.label) else {
        throw TestFailure("no label at \(rest): \(line)")
      }
      found.append((String(match.1), Exposition.unescaped(match.2)))
      rest = rest[match.range.upperBound...]
    }
    guard Set(found.map(\.name)).count == found.count else { throw TestFailure("twice: \(line)") }
    return found
  }

  private static func unescaped(_ text: Substring) -> String {
    var result = ""
    var isEscaped = false
    for character in text {
      if !isEscaped && character == "\\" {
        isEscaped = true
      } else {
        result.append(isEscaped && character == "n" ? "\n" : character)
        isEscaped = false
      }
    }
    return result
  }

  // MARK: The whole

  private func check() throws {
    let names = families.map(\.name)
    guard Set(names).count == names.count else { throw TestFailure("a family twice: \(names)") }
    let series = families.flatMap(\.samples).map(\.series)
    guard Set(series).count == series.count else { throw TestFailure("a series twice") }
    for family in families {
      guard family.name.hasPrefix("lbd_"),
        family.name.hasSuffix("_total") == (family.kind == "counter")
      else { throw TestFailure("\(family.name) is no name of a \(family.kind)") }
      guard family.samples.allSatisfy({ $0.value >= 0 }) else {
        throw TestFailure("\(family.name) is below zero")
      }
      if family.kind == "histogram" { try checkHistogram(family) }
    }
  }

  private func checkHistogram(_ family: Family) throws {
    let groups = Dictionary(grouping: family.samples) { sample in
      sample.labels.filter { $0.name != "le" }.map { "\($0.name)=\($0.value)" }.joined(
        separator: ",")
    }
    for (labels, samples) in groups {
      let buckets = samples.filter { $0.name.hasSuffix("_bucket") }
      let edges = buckets.map { $0["le"].flatMap { number($0[...]) } ?? .nan }
      let counts = samples.filter { $0.name.hasSuffix("_count") }
      let sums = samples.filter { $0.name.hasSuffix("_sum") }
      let isAscending = zip(edges, edges.dropFirst()).allSatisfy { $0 < $1 }
      let isCumulative = zip(buckets, buckets.dropFirst()).allSatisfy { $0.value <= $1.value }
      guard edges.last == .infinity, isAscending, isCumulative, counts.count == 1,
        sums.count == 1, buckets.last?.value == counts[0].value
      else { throw TestFailure("no histogram: \(family.name) of \(labels): \(samples)") }
    }
  }

  // MARK: Asking

  func family(_ name: String) throws -> Family {
    guard let found = families.first(where: { $0.name == name }) else {
      throw TestFailure("there is no \(name)")
    }
    return found
  }

  /// The sum of the samples of a name that have all of these labels; nil where there is none.
  func sum(_ name: String, _ labels: [String: String] = [:]) -> Int? {
    let samples = families.flatMap(\.samples).filter { sample in
      sample.name == name && labels.allSatisfy { sample[$0.key] == $0.value }
    }
    return samples.isEmpty ? nil : Int(samples.reduce(0) { $0 + $1.value })
  }
}
