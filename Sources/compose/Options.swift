// What the arguments ask for. Pure.

/// What compose does.
enum Verb: Equatable {
  case up, down, restart, ps
  case logs(follows: Bool)
  case scale(Int)
  case stopReplica(UInt16)
  case startReplica(UInt16)

  /// Changes what runs: one of these at a time.
  var isChange: Bool {
    switch self {
    case .ps, .logs: false
    default: true
    }
  }
}

/// The parsed command line.
struct Options: Equatable {
  var verb = Verb.ps
  var conf = "etc/lb.conf"
  /// Where logs, pid files and the control socket are.
  var directory = "run"
  /// Seconds until all must be up.
  var wait = 30
  /// Seconds until a process that was asked to stop is stopped by force. lbd's own drain takes 30.
  var grace = 40

  static let usage = """
    usage: compose [options] VERB

    lbd and its local replicas as plain processes, kept track of in run/.

      up                  start lbd and the demo replicas of the conf, wait for them
      down                stop all of them, each after what it has in flight
      restart             down, then up
      ps                  list them
      logs [-f]           show the ends of their logs; -f follows
      scale N             have N local replicas in the running pool
      stop-replica PORT   stop one replica
      start-replica PORT  start one replica

    A conf is the demo's where its [health] path is /health and something else does
    not listen at all of its ports already. For any other, an app of your own, up
    starts lbd alone and leaves the replicas to you.

      --conf FILE         the conf; etc/lb.conf unless given
      --run DIRECTORY     where logs, pid files and the control socket are; run
                          unless given
      --wait SECONDS      how long all may take to be up; 30 unless given
      --grace SECONDS     how long one may take to stop before it is killed; 40
                          unless given

    """

  /// Takes apart the arguments behind the command's own name; nil when they ask for help.
  static func parse(_ arguments: [String]) throws(Failure) -> Options? {
    var options = Options()
    var operands: [String] = []
    var follows = false
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      switch argument {
      case "-h", "--help": return nil
      case "-f", "--follow": follows = true
      case "--conf", "--run", "--wait", "--grace":
        guard let value = rest.popFirst(), !value.isEmpty else {
          throw .usage("compose: \(argument) needs a value; see compose --help")
        }
        try options.set(argument, value)
      default:
        guard !argument.hasPrefix("-") else {
          throw .usage("compose: unknown option \"\(argument)\"; see compose --help")
        }
        operands.append(argument)
      }
    }
    options.verb = try verb(operands, follows: follows)
    return options
  }

  private mutating func set(_ name: String, _ value: String) throws(Failure) {
    switch name {
    case "--conf": conf = value
    case "--run": directory = value
    default:
      guard let seconds = Int(value), 0...86400 ~= seconds else {
        throw .usage("compose: \(name) needs a number of seconds, not \"\(value)\"")
      }
      if name == "--wait" { wait = seconds } else { grace = seconds }
    }
  }

  private static func verb(_ operands: [String], follows: Bool) throws(Failure) -> Verb {
    let word = operands.first ?? ""
    let operand = operands.dropFirst().first ?? ""
    let verb: Verb
    switch word {
    case "up": verb = .up
    case "down": verb = .down
    case "restart": verb = .restart
    case "ps": verb = .ps
    case "logs": verb = .logs(follows: follows)
    case "scale":
      guard let count = Int(operand), 0...999 ~= count else {
        throw .usage("compose: say how many replicas: make scale N=5")
      }
      verb = .scale(count)
    case "stop-replica": verb = .stopReplica(try port(operand, for: word))
    case "start-replica": verb = .startReplica(try port(operand, for: word))
    case "": throw .usage("compose: no verb; see compose --help")
    default: throw .usage("compose: unknown verb \"\(word)\"; see compose --help")
    }
    let takesOperand = ["scale", "stop-replica", "start-replica"].contains(word)
    guard operands.count == (takesOperand ? 2 : 1) else {
      throw .usage("compose: \"\(operands[operands.count - 1])\" is too much; see compose --help")
    }
    if case .logs = verb { return verb }
    guard !follows else { throw .usage("compose: \(word) takes no -f; see compose --help") }
    return verb
  }

  private static func port(_ text: String, for word: String) throws(Failure) -> UInt16 {
    guard let port = UInt16(text), port > 0 else {
      throw .usage("compose: say which replica by its port: make \(word) PORT=8082")
    }
    return port
  }
}
