// What the arguments of `lbd` ask for.

/// The parsed command line.
enum Options {
  case run(String)
  /// The same, in the place of the lbd that runs.
  case takeOver(String)
  case check(String)
  case show(String)
  case helpConfig(String?)
  case help
  case version
  /// Not understood; says what and what to do.
  case refused(String)

  /// It is the daemon that is asked for.
  var runs: Bool {
    switch self {
    case .run, .takeOver: true
    default: false
    }
  }

  static let standardPath = "/etc/lbd/lb.conf"

  static let usage = """
    usage: lbd [-c FILE] [-t | -T | --takeover]

    Balances HTTP over the replicas that FILE names, in the foreground.

      -c FILE              the conf; \(standardPath) when left out
      -t                   check the conf, and that all it names can be opened, and
                           exit: 0 when a start would do, 1 when not
      -T                   print the conf in force, with where each value came from
      --takeover           take the place of the lbd that runs, without a request
                           lost: its listener and its orders come over the control
                           socket, then it drains
      --help-config [KEY]  explain the keys of the conf
      --version            print the version

    Signals: HUP reloads the conf, USR1 opens the access log anew, TERM and INT
    drain and stop, a second one stops now.
    lbctl shows the pool and sends test requests.
    """

  static func parse(_ arguments: [String]) -> Options {
    var path = standardPath
    var mode = Options.run
    var index = 0
    while index < arguments.count {
      let argument = arguments[index]
      index += 1
      switch argument {
      case "-c", "--config":
        guard index < arguments.count else {
          return .refused("\(argument) needs a file; see lbd --help")
        }
        path = arguments[index]
        index += 1
      case "-t", "--check": mode = Options.check
      case "-T", "--show": mode = Options.show
      case "--takeover": mode = Options.takeOver
      case "-h", "--help": return .help
      case "--help-config": return .helpConfig(index < arguments.count ? arguments[index] : nil)
      case "-V", "--version": return .version
      default: return .refused(unknown(argument))
      }
    }
    return mode(path)
  }

  /// What looks like a file is most likely the conf.
  private static func unknown(_ argument: String) -> String {
    let isFile = !argument.hasPrefix("-") && (argument.contains(".") || argument.contains("/"))
    return "unknown argument \"\(argument)\"; \(isFile ? "write -c \(argument)" : "see lbd --help")"
  }
}
