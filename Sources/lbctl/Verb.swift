// The verbs: their names, what each may be given, and what `--help` says of them.

/// What lbctl can be asked to do.
enum Verb: String, CaseIterable {
  case pool, test, explain, events, drain, ready, maint, weight, add, remove, reload, upgrade,
    config
  case metrics, health, version, completion, help

  /// Words of HAProxy's, systemd's and others' that lead to a verb here, or to no lbctl at all.
  static let elsewhere = [
    "undrain": "write \"ready\"", "enable": "write \"ready\"", "resume": "write \"ready\"",
    "disable": "write \"maint\", or \"drain\" to end what is in flight first",
    "pause": "write \"maint\", or \"drain\" to end what is in flight first",
    "status": "write \"pool\" or \"health\"", "stats": "write \"pool\" or \"metrics\"",
    "show": "write \"pool\"", "list": "write \"pool\"", "ls": "write \"pool\"",
    "logs": "write \"events\"",
    "start": "lbd is started with \"systemctl start lbd\" or \"make up\"",
    "stop": "lbd is stopped with \"systemctl stop lbd\", \"make down\" or TERM",
    "restart": "write \"upgrade\", which loses no request, or \"systemctl restart lbd\"",
  ]

  /// How many operands it takes.
  var operands: ClosedRange<Int> {
    switch self {
    case .pool, .test, .help: 0...1
    case .add, .remove, .explain, .completion: 1...1
    case .drain, .ready, .maint: 1...Verb.operandLimit
    case .weight: 2...2
    case .events, .reload, .upgrade, .config, .metrics, .health, .version: 0...0
    }
  }

  /// As many as a pool may have replicas.
  private static let operandLimit = 1024

  /// Its operands are all of one kind.
  var takesSeveral: Bool { operands.upperBound > 2 }

  /// What its operand is called where it must have one.
  var operandName: String {
    switch self {
    case .add: "ADDRESS"
    case .remove, .explain, .drain, .ready, .maint: "REPLICA"
    case .weight: "REPLICA and N"
    case .completion: "SHELL"
    case .pool: "NAME"
    case .test: "URL or path"
    case .help: "VERB"
    case .events, .reload, .upgrade, .config, .metrics, .health, .version: ""
    }
  }

  /// The options that it takes beside those that all take.
  var options: Set<Option> {
    switch self {
    case .pool: [.watch, .wide]
    case .test: [.count, .concurrency]
    case .events: [.follow, .count]
    case .drain, .ready: [.wait, .condition]
    case .maint: [.wait]
    case .reload: [.dryRun]
    case .config: [.diff]
    case .health: [.serving]
    default: []
    }
  }
}

/// An option, whatever its verb.
enum Option: String, CaseIterable {
  case json = "--json"
  case noHeader = "--no-header"
  case socket = "--socket"
  case watch = "--watch"
  case wide = "--wide"
  case follow = "--follow"
  case count = "-n"
  case wait = "--wait"
  case condition = "--if"
  case dryRun = "--dry-run"
  case diff = "--diff"
  case serving = "--serving"
  case concurrency = "-c"
  case help = "--help"
  case version = "--version"

  /// Whether it has a value: never, with `=` only, or always.
  enum Value { case never, optional, always }

  var value: Value {
    switch self {
    case .json, .noHeader, .wide, .follow, .dryRun, .diff, .serving, .help, .version: .never
    case .watch: .optional
    case .socket, .count, .concurrency, .wait, .condition: .always
    }
  }

  /// All verbs take it.
  var isGlobal: Bool {
    switch self {
    case .json, .noHeader, .socket, .help, .version: true
    case .watch, .wide, .follow, .count, .concurrency, .wait, .condition, .dryRun, .diff, .serving:
      false
    }
  }

  /// The option of this name, long or short.
  static func named(_ name: String) -> Option? {
    switch name {
    case "-w": .watch
    case "-f": .follow
    case "-h": .help
    default: Option(rawValue: name)
    }
  }
}
