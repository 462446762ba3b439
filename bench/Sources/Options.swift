// What the arguments ask for. Pure.

/// The parsed command line.
struct Options: Equatable {
  var rounds = 5
  /// How long each measured load lasts.
  var seconds = 2
  /// Empty: those that a scenario has by itself.
  var balancers: [BalancerName] = []
  var scenarios = Scenario.standard
  /// Where the results go.
  var out = "bench"
  /// Where the confs of the balancers are.
  var confs = "bench"
  /// Another lbd, as one more balancer.
  var lbdBefore: String?

  static let usage = """
    usage: bench [options]

    Measures lbd beside nginx, HAProxy and a blind relay, each with one worker on one core and the
    same replicas, and writes bench/results.md and bench/results.svg. Exit 1 when there was an error.

      --rounds N          rounds, in each of which every balancer has its turn; 5 unless given
      --seconds N         how long each load is measured; 2 unless given
      --balancers A,B     of \(BalancerName.allCases.map(\.rawValue).joined(separator: ", "))
      --scenarios A,B     of \(list(Scenario.standard)), which are
                          the default, and \(list(Scenario.further.prefix(5))),
                          \(list(Scenario.further.dropFirst(5)))
      --lbd-before PATH   another lbd binary, as one more balancer
      --out DIR           where the results go; bench unless given
      --confs DIR         where the confs are; bench unless given
    """

  private static func list(_ scenarios: some Sequence<Scenario>) -> String {
    scenarios.map(\.rawValue).joined(separator: ", ")
  }

  /// Takes apart the arguments behind the command's own name; nil when they ask for help.
  static func parse(_ arguments: [String]) throws(Failure) -> Options? {
    var options = Options()
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      if argument == "-h" || argument == "--help" { return nil }
      guard names.contains(argument) else {
        throw wrong("unknown option \"\(argument)\"")
      }
      guard let value = rest.popFirst(), !value.isEmpty else {
        throw wrong("\(argument) needs a value")
      }
      try options.set(argument, value)
    }
    if options.balancers.contains(.lbdBefore) && options.lbdBefore == nil {
      throw wrong("lbd-before needs --lbd-before PATH")
    }
    return options
  }

  private static let names = [
    "--rounds", "--seconds", "--balancers", "--scenarios", "--lbd-before", "--out", "--confs",
  ]

  private mutating func set(_ name: String, _ value: String) throws(Failure) {
    switch name {
    case "--rounds": rounds = try Options.number(name, value)
    case "--seconds": seconds = try Options.number(name, value)
    case "--balancers": balancers = try Options.members(name, value)
    case "--scenarios": scenarios = try Options.members(name, value)
    case "--lbd-before": lbdBefore = value
    case "--out": out = value
    default: confs = value
    }
  }

  private static func number(_ name: String, _ value: String) throws(Failure) -> Int {
    guard let number = Int(value), 1...1000 ~= number else {
      throw wrong("\(name) needs a number from 1 to 1000, not \"\(value)\"")
    }
    return number
  }

  private static func members<Member: RawRepresentable<String> & CaseIterable>(
    _ name: String, _ value: String
  ) throws(Failure) -> [Member] {
    var members: [Member] = []
    for word in value.split(separator: ",") {
      guard let member = Member(rawValue: String(word)) else {
        let known = Member.allCases.map(\.rawValue).joined(separator: ", ")
        throw wrong("\(name): there is no \"\(word)\"; there are \(known)")
      }
      members.append(member)
    }
    return members
  }

  private static func wrong(_ what: String) -> Failure {
    Failure("\(what)\n\(usage)", .usage)
  }
}
