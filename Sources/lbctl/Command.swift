// One run of lbctl: what was asked, whom to ask, where to answer. Each verb is a method in a file
// of its own.

import CommandText
import ControlProtocol
import LinuxIO

/// What every verb works with.
struct Command {
  let invocation: Invocation
  let client: ControlClient
  let output: Output

  init(_ invocation: Invocation, environment: [String: String]) {
    self.invocation = invocation
    output = Output(environment: environment)
    client = ControlClient(
      socket: .choose(
        option: invocation.socket, environment: environment, exists: Files.mayExist,
        answers: ControlSocket.isAnswering),
      deadline: invocation.wait.map { Deadline(milliseconds: $0) })
  }

  func run() throws(Failure) -> ExitCode {
    switch invocation.verb {
    case .pool: try pool()
    case .test: try test()
    case .explain: try explain()
    case .events: try events()
    case .add: try order(ControlPath.addReplica, [OrderBody.addressKey: operand])
    case .remove: try order(ControlPath.removeReplica, [OrderBody.replicaKey: operand])
    case .drain: try give(.drain)
    case .ready: try give(.ready)
    case .maint: try give(.maint)
    case .weight: try weight()
    case .reload: try reload()
    case .upgrade: try upgrade()
    case .config: try config()
    case .metrics: try metrics()
    case .health: try health()
    case .version: try version()
    case .completion: try completion()
    case .help: try help()
    }
  }

  private var operand: String { invocation.operand ?? "" }

  private func help() throws(Failure) -> ExitCode {
    var verb: Verb?
    if let word = invocation.operand {
      verb = Verb(rawValue: word)
      guard verb != nil else {
        throw .usage("no help on \"\(word)\"; see lbctl --help")
      }
    }
    let text = Help.text(for: verb)
    if invocation.isJSON {
      var writer = JSONWriter()
      writer.object {
        $0.field("schema", 1)
        $0.field("help", text)
      }
      try output.write(json: writer.bytes)
    } else {
      try output.write(document: Array(text.utf8))
    }
    return .done
  }
}
