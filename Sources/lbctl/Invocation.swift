// A command line, taken apart and judged: which verb, on what, how. Pure, so that every refusal is
// tested with literals.

import CommandText
import ControlProtocol

/// What a command line asks for.
struct Invocation: Equatable {
  var verb: Verb
  var operand: String?
  /// Behind `operand`, where the verb takes two.
  var second: String?
  /// Behind `operand`, where the verb takes several of one kind.
  var others: [String] = []
  var socket: String?
  var isJSON = false
  var hasHeader = true
  /// Milliseconds between two looks, or nil to look once.
  var watch: Int?
  /// All columns, whatever room there is.
  var isWide = false
  /// Milliseconds to wait until an order has come true, or nil not to.
  var wait: Int?
  /// The order that must be in force for this one to be given, or nil for any.
  var condition: ReplicaOrder?
  /// A reload is shown, not done.
  var isRehearsal = false
  /// False for `--version`, which tells lbctl's alone.
  var asksLbd = true
  var requests = 10
  var concurrency = 1
  /// One replica that is up is health enough.
  var asksForServing = false
  /// New events are waited for.
  var follows = false
  /// Events that are shown at first, or nil for as many as is usual.
  var tail: Int?

  /// The most requests and connections of a test; beyond that, a load generator is the right tool.
  static let requestLimit = 10_000_000
  static let concurrencyLimit = 1000
  static let tailLimit = 1_000_000

  /// Takes apart the arguments behind the command's own name.
  static func parse(_ arguments: [String]) throws(Failure) -> Invocation {
    var parser = ArgumentParser(arguments)
    try parser.run()
    return try Invocation(parser)
  }

  /// Whether JSON was asked for, in arguments that need not make sense.
  static func asksForJSON(_ arguments: [String]) -> Bool {
    arguments.prefix { $0 != "--" }.contains(Option.json.rawValue)
  }

  private init(_ parser: ArgumentParser) throws(Failure) {
    let asksForHelp = parser.given[.help] != nil
    guard let word = parser.operands.first else {
      if parser.given[.version] != nil {
        self.init(verb: .version)
        asksLbd = false
      } else if asksForHelp {
        self.init(verb: .help)
      } else {
        throw .usage("no verb; try \"lbctl pool\" or \"lbctl --help\"")
      }
      return
    }
    guard let verb = Verb(rawValue: word) else {
      let hint =
        Verb.elsewhere[word].map { "; \($0)" }
        ?? Spelling.hint(for: word, among: Verb.allCases.map(\.rawValue))
      throw .usage(
        "unknown verb \"\(word)\"" + (hint.isEmpty ? "; see lbctl --help" : hint))
    }
    if asksForHelp {
      self.init(verb: .help, operand: word)
      return
    }
    self.init(verb: verb)
    try take(operands: Array(parser.operands.dropFirst()))
    for option in Option.allCases {
      if let value = parser.given[option] { try take(option, value) }
    }
  }

  init(verb: Verb, operand: String? = nil) {
    self.verb = verb
    self.operand = operand
  }

  private mutating func take(operands: [String]) throws(Failure) {
    guard operands.count >= verb.operands.lowerBound else {
      throw .usage("\(verb.rawValue) needs \(verb.operandName); see lbctl \(verb.rawValue) --help")
    }
    guard operands.count <= verb.operands.upperBound else {
      let extra = operands[verb.operands.upperBound]
      throw .usage("\(verb.rawValue): \"\(extra)\" is too much; see lbctl \(verb.rawValue) --help")
    }
    guard !operands.contains("") else { throw .usage("\(verb.operandName) is empty") }
    operand = operands.first
    let rest = Array(operands.dropFirst())
    if verb.takesSeveral { others = rest } else { second = rest.first }
  }

  private mutating func take(_ option: Option, _ value: String?) throws(Failure) {
    guard option.isGlobal || verb.options.contains(option) else {
      throw .usage(
        "\(verb.rawValue) takes no \(option.rawValue); see lbctl \(verb.rawValue) --help")
    }
    switch option {
    case .json: isJSON = true
    case .noHeader: hasHeader = false
    case .socket: socket = value
    case .follow: follows = true
    case .count where verb == .events:
      tail = try Invocation.count(value, option, 0...Invocation.tailLimit)
    case .count: requests = try Invocation.count(value, option, 1...Invocation.requestLimit)
    case .wide: isWide = true
    case .watch: watch = try Invocation.duration(value ?? "1s", option)
    case .dryRun, .diff: isRehearsal = true
    case .serving: asksForServing = true
    case .wait: wait = try Invocation.duration(value ?? "", option)
    case .condition: condition = try Invocation.order(value ?? "", option)
    case .concurrency:
      concurrency = try Invocation.count(value, option, 1...Invocation.concurrencyLimit)
    case .help, .version: break
    }
  }

  private static func order(_ value: String, _ option: Option) throws(Failure) -> ReplicaOrder {
    guard let order = ReplicaOrder(rawValue: value) else {
      let all = ReplicaOrder.allCases.map(\.rawValue).joined(separator: ", ")
      throw .usage("\(option.rawValue) needs one of \(all), not \"\(value)\"")
    }
    return order
  }

  private static func count(
    _ value: String?, _ option: Option, _ range: ClosedRange<Int>
  ) throws(Failure) -> Int {
    guard let text = value, let count = Int(text), range ~= count else {
      throw .usage(
        "\(option.rawValue) needs a number from \(range.lowerBound) to \(range.upperBound), "
          + "not \"\(value ?? "")\"")
    }
    return count
  }

  /// Milliseconds of a duration with its unit, as the conf writes them.
  static func duration(_ text: String, _ option: Option) throws(Failure) -> Int {
    let digits = text.prefix { "0"..."9" ~= $0 }
    let units = ["ms": 1, "s": 1000, "m": 60_000]
    guard let number = Int(digits), let unit = units[String(text.dropFirst(digits.count))],
      number <= 86_400_000, 100...86_400_000 ~= number * unit
    else {
      throw .usage(
        "\(option.rawValue) needs a duration with its unit, such as 250ms, 1s or 2m, and at least 100ms, "
          + "not \"\(text)\"")
    }
    return number * unit
  }
}

/// Sorts arguments into options and operands, in any order.
private struct ArgumentParser {
  private var rest: ArraySlice<String>
  private(set) var given: [Option: String?] = [:]
  private(set) var operands: [String] = []

  init(_ arguments: [String]) {
    rest = arguments[...]
  }

  mutating func run() throws(Failure) {
    while let argument = rest.popFirst() {
      if argument == "--" {
        operands += rest
        rest = []
      } else if argument.hasPrefix("-") && argument != "-" && !isNumber(argument.dropFirst()) {
        try take(argument)
      } else {
        operands.append(argument)
      }
    }
  }

  /// No option is called like a number, so one with a minus is an operand, if a wrong one.
  private func isNumber(_ text: Substring) -> Bool {
    text.utf8.first.map { 0x30...0x39 ~= $0 } ?? false
  }

  /// `--name`, `--name=value`, `-n`, `-n=value`, `-nvalue`.
  private mutating func take(_ argument: String) throws(Failure) {
    var name = argument
    var value: String?
    if let sign = argument.firstIndex(of: "=") {
      name = String(argument[..<sign])
      value = String(argument[argument.index(after: sign)...])
    } else if !argument.hasPrefix("--") && argument.count > 2 {
      name = String(argument.prefix(2))
      value = String(argument.dropFirst(2))
    }
    guard let option = Option.named(name) else { throw unknown(name) }
    switch option.value {
    case .never where value != nil: throw .usage("\(option.rawValue) takes no value")
    case .always where value == nil:
      value = rest.popFirst()
      if value == nil { throw .usage("\(option.rawValue) needs a value") }
    default: break
    }
    guard given.updateValue(value, forKey: option) == nil else {
      throw .usage("\(option.rawValue) is given twice")
    }
  }

  private func unknown(_ name: String) -> Failure {
    let known = Option.allCases.map(\.rawValue).filter { $0.hasPrefix("--") }
    let hint = name.hasPrefix("--") ? Spelling.hint(for: name, among: known) : ""
    return .usage(
      "unknown option \"\(name)\"" + (hint.isEmpty ? "; see lbctl --help" : hint))
  }
}
