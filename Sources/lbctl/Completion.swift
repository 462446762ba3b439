// What the shells complete lbctl's words with: made from the same tables as its parser, so that nothing is
// offered that would be refused. The names of replicas are asked for when they are needed.

import ControlProtocol

/// A shell that completes words.
enum Shell: String, CaseIterable {
  case bash, zsh, fish

  /// What the shell reads.
  var script: String {
    switch self {
    case .bash: Completion.bash
    case .zsh: Completion.zsh
    case .fish: Completion.fish
    }
  }
}

extension Command {
  /// In place of a shell: the names of replicas, for the scripts.
  static let namesOperand = "replicas"

  func completion() throws(Failure) -> ExitCode {
    let word = invocation.operand ?? ""
    if word == Command.namesOperand {
      let answer: ControlClient.Answer<PoolReport> = try client.get(ControlPath.pool)
      let names = answer.report.pools.flatMap(\.replicas).map(\.name)
      try output.write(lines: names.filter(Completion.isPlain))
      return .done
    }
    guard let shell = Shell(rawValue: word) else {
      let all = Shell.allCases.map(\.rawValue).joined(separator: ", ")
      throw .usage("completion needs one of \(all), not \"\(word)\"")
    }
    try output.write(document: Array(shell.script.utf8))
    return .done
  }
}

/// The scripts.
enum Completion {
  /// Whether a shell reads a name as it is. The path of a Unix socket may hold what it would carry out,
  /// and a completed word is not quoted.
  static func isPlain(_ name: String) -> Bool {
    name.utf8.allSatisfy {
      switch $0 {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"):
        true
      default: "._-:/[]@%+,".utf8.contains($0)
      }
    }
  }

  /// What is offered behind a verb: its options, and words that may be its operand.
  private static func options(_ verb: Verb) -> String {
    Option.allCases.filter { $0.isGlobal || verb.options.contains($0) }.map(\.rawValue)
      .joined(separator: " ")
  }

  private static func operands(_ verb: Verb) -> String {
    switch verb {
    case .completion: Shell.allCases.map(\.rawValue).joined(separator: " ")
    case .help: verbs
    default: ""
    }
  }

  private static var verbs: String { Verb.allCases.map(\.rawValue).joined(separator: " ") }

  /// The verbs whose operand is a replica that is there.
  private static let aboutReplicas: [Verb] = [.explain, .drain, .ready, .maint, .weight, .remove]

  /// `drain) all="…" names=… ;;` for each verb. Names come from lbd and are words of nobody's: no shell
  /// may expand them.
  private static var cases: String {
    Verb.allCases.map { verb in
      let words = [operands(verb), options(verb)].filter { !$0.isEmpty }.joined(separator: " ")
      let more = aboutReplicas.contains(verb) ? " names=\(names)" : ""
      return "    \(verb.rawValue)) all=\"\(words)\"\(more) ;;\n"
    }.joined()
  }

  private static let names = "$(lbctl completion \(Command.namesOperand) 2>/dev/null)"

  static let bash = """
    _lbctl() {
      local word=${COMP_WORDS[COMP_CWORD]} verb= all names= i
      for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --socket) ((i++)) ;;
        -*) ;;
        *) verb=${COMP_WORDS[i]}; break ;;
        esac
      done
      case $verb in
        "") all="\(verbs) --help --version" ;;
    \(cases)  esac
      COMPREPLY=($(compgen -W "$all" -- "$word"))
      while IFS= read -r i; do
        [[ -n $i && $i == "$word"* ]] && COMPREPLY+=("$i")
      done <<<"$names"
    }
    complete -o default -F _lbctl lbctl

    """

  static let zsh = """
    #compdef lbctl
    _lbctl() {
      local verb= all names= i
      for ((i = 2; i < CURRENT; i++)); do
        case $words[i] in
        --socket) ((i++)) ;;
        -*) ;;
        *) verb=$words[i]; break ;;
        esac
      done
      case $verb in
        "") all="\(verbs) --help --version" ;;
    \(cases)  esac
      compadd -- ${=all} ${(f)names}
    }
    if [ "$funcstack[1]" = _lbctl ]; then _lbctl; else compdef _lbctl lbctl; fi

    """

  static let fish: String = {
    var lines = [
      "complete -c lbctl -f", "complete -c lbctl -n __fish_use_subcommand -a '\(verbs)'",
    ]
    for verb in Verb.allCases {
      let condition = "-n '__fish_seen_subcommand_from \(verb.rawValue)'"
      for option in Option.allCases where option.isGlobal || verb.options.contains(option) {
        let name = option.rawValue
        let form =
          name.hasPrefix("--") ? "-l \(name.dropFirst(2))" : "-s \(name.dropFirst())"
        let value = option.value == .always ? " -x" : ""
        lines.append("complete -c lbctl \(condition) \(form)\(value)")
      }
      let operands = operands(verb)
      if !operands.isEmpty { lines.append("complete -c lbctl \(condition) -a '\(operands)'") }
    }
    let named = aboutReplicas.map(\.rawValue).joined(separator: " ")
    lines.append(
      "complete -c lbctl -n '__fish_seen_subcommand_from \(named)'"
        + " -a '(lbctl completion \(Command.namesOperand) 2>/dev/null)'")
    return lines.joined(separator: "\n") + "\n"
  }()
}
