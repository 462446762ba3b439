// What the command line asks for.

/// How a replica is to behave.
struct Options: Sendable {
  var host = "127.0.0.1"
  /// 0 lets the kernel choose one.
  var port: UInt16 = 0
  /// Milliseconds before each answer but `/health`.
  var delay = 0
  /// The share of requests that are answered with 500, 0 to 1.
  var failRate = 0.0
  /// The share of requests whose connection is closed without an answer, 0 to 1.
  var dropRate = 0.0
  var startsHealthy = true
  /// Connections served at once; others wait in the listener's queue. Each costs a thread.
  var connections = Options.mostConnections
  static var mostConnections: Int { 8192 }
  /// The file that each request is recorded in; nil for none.
  var record: String?

  static let help = """
    usage: replicad --port PORT [options]

    A demo replica: answers GET /getInfo with its port, and more for trials.

      --port PORT        where to listen; 0 lets the system choose
      --host ADDRESS     127.0.0.1 unless given; 0.0.0.0 or :: for every address
      --delay DURATION   wait before each answer, such as 250ms, 5s, 2m
      --fail-rate SHARE  answer this share of requests with 500, such as 0.1
      --drop-rate SHARE  close this share of connections without an answer
      --record FILE      add a line for each request: nanoseconds, method, target
      --connections N    serve so many at once, a thread each; 8192 unless given
      --unhealthy        start with /health answering 503
      --help, --version

    /health is spared the delay, the two rates and the record.
    Paths: /getInfo  /health  /status/N  /delay/250ms  /bytes/N
           /stream?chunks=N&interval=100ms  /echo  /ws (WebSocket echo)
           N is 200 to 599, at most 1 GiB, at most 100000; times are at most 10m.
    Signals: USR1 turns /health from 200 to 503 and back; TERM finishes what is
    in flight (at most 30 s), then stops; a second TERM stops at once.
    """

  /// What a command line comes to.
  enum Outcome {
    case run(Options)
    case help
    case version
    /// What is wrong with it, and what to do.
    case refused(String)
  }

  /// Reads the arguments behind the command's name; `--name value` and `--name=value` are the same.
  static func parse(_ arguments: [String]) -> Outcome {
    var options = Options()
    var givesPort = false
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = String(parts[0])
      switch name {
      case "--help", "-h": return .help
      case "--version": return .version
      case "--unhealthy" where parts.count == 1: options.startsHealthy = false
      case "--port", "--host", "--delay", "--fail-rate", "--drop-rate", "--record", "--connections":
        guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst() else {
          return .refused("\(name) needs a value; see replicad --help")
        }
        if let problem = options.set(name, value) {
          return .refused("\(name) \(value): \(problem)")
        }
        givesPort = givesPort || name == "--port"
      default: return .refused("unknown argument \"\(argument)\"; see replicad --help")
      }
    }
    return givesPort
      ? .run(options) : .refused("no port is given; add one, such as --port 8081")
  }

  /// Takes one option's value; what to write instead when it is none.
  private mutating func set(_ name: String, _ value: String) -> String? {
    switch name {
    case "--port":
      guard let number = Quantity.number(value.utf8), let port = UInt16(exactly: number) else {
        return "not a port; give a number from 0 to 65535"
      }
      self.port = port
    case "--host":
      guard !value.isEmpty else { return "empty; give an address such as 127.0.0.1" }
      host = value
    case "--record":
      guard !value.isEmpty else { return "empty; give a file's path" }
      record = value
    case "--connections":
      guard let number = Quantity.number(value.utf8), 1...Options.mostConnections ~= number else {
        return "not a number of connections; give one from 1 to \(Options.mostConnections)"
      }
      connections = number
    case "--delay":
      guard let delay = Quantity.milliseconds(value.utf8) else {
        return "not a duration; give a number with a unit, such as 250ms or 5s, up to 24h"
      }
      self.delay = delay
    default:
      guard let share = Double(value), share >= 0 && share <= 1 else {
        return "not a share; give a number from 0 to 1, such as 0.1"
      }
      if name == "--fail-rate" { failRate = share } else { dropRate = share }
    }
    return nil
  }
}
