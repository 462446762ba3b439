// The files that a run leaves, and what it prints.

import LinuxIO

/// The results of a run, to be written down.
struct Results {
  private let bench: Bench
  private let findings: [Finding]

  init(_ bench: Bench, _ findings: [Finding]) {
    self.bench = bench
    self.findings = findings
  }

  /// Writes the standard scenarios to results.md with their plot, each other one to a file of its own.
  /// Whether every answer was right.
  func write() throws(Failure) -> Bool {
    let facts = try bench.surroundings()
    let standard = findings.filter { Scenario.standard.contains($0.scenario) }
    if !standard.isEmpty {
      try write("results.svg", Plot(standard).svg())
      try write("results.md", document(standard, facts, isStandard: true))
    }
    for finding in findings where !Scenario.standard.contains(finding.scenario) {
      let name = "results-\(finding.scenario.rawValue).md"
      try write(name, document([finding], facts, isStandard: false))
    }
    try show(findings.map(Markdown.section).joined(separator: "\n"))
    let isClean = findings.allSatisfy(\.isClean)
    Console.error(
      isClean
        ? "bench: every answer was right; see \(bench.options.out)"
        : "bench: there were failures, bad answers or errors: see above")
    return isClean
  }

  private func document(_ findings: [Finding], _ facts: [String], isStandard: Bool) -> String {
    let parts =
      ["# What `make bench` found", facts.joined(separator: "\n"), reading]
      + (isStandard ? [method, "![CPU per request and latency by balancer](results.svg)"] : [])
      + findings.map { Markdown.section($0).trimmedEnd }
    return parts.joined(separator: "\n\n") + "\n"
  }

  private let reading = """
    A cell has the median over the rounds as a ratio, (the lowest..the highest round) as ratios where
    there is more than one, and the absolute. PSS is memory with shared pages divided. Bad are answers
    other than 2xx and 3xx, errors are connections and requests that failed.
    """

  private var method: String {
    """
    Every balancer has one worker on a core of its own; the load (wrk) and the replicas share another.
    Rounds: \(bench.options.rounds), each with a turn for each: a start, a second to get warm, \(bench.options.seconds) s measured.
    Relay is a blind TCP relay: what a balancer costs above it is its own work. Core in use is the
    balancer's share of its core: where that is far from 100 %, the load was the limit, and requests
    and latencies tell little.
    """
  }

  private func write(_ name: String, _ text: String) throws(Failure) {
    let path = "\(bench.options.out)/\(name)"
    do throws(SystemError) {
      try Files.makeDirectory(of: path)
    } catch {
      throw Failure("cannot make \(bench.options.out): \(error.reason)")
    }
    try Workspace.write(Array(text.utf8), to: path)
  }

  private func show(_ text: String) throws(Failure) {
    let bytes = Array(text.utf8)
    do throws(SystemError) {
      try Terminal.write(bytes.span, to: .output)
    } catch {
      throw Failure("standard output: \(error.reason)")
    }
  }
}

extension String {
  fileprivate var trimmedEnd: String {
    var text = self
    while text.last?.isNewline == true { text.removeLast() }
    return text
  }
}
