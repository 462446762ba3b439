// What a command line comes to, and each way in which it is refused.

import ControlProtocol
import Testing

@testable import lbctl

struct InvocationTests {
  private func parse(_ line: String) throws(Failure) -> Invocation {
    try Invocation.parse(line.split(separator: " ").map { String($0) })
  }

  private func message(_ line: String) -> String? {
    do throws(Failure) {
      _ = try parse(line)
      return nil
    } catch {
      return error.code == .usage ? error.message : nil
    }
  }

  @Test func `options stand before and behind the verb, joined or apart`() throws {
    var expected = Invocation(verb: .test, operand: "/x")
    (expected.requests, expected.concurrency) = (25, 4)
    expected.isJSON = true
    expected.socket = "a=b"
    #expect(try parse("test -n 25 -c 4 --json --socket a=b /x") == expected)
    #expect(try parse("--json --socket=a=b test /x -n25 -c=4") == expected)
    #expect(try parse("-c4 test -n=25 --socket a=b --json -- /x") == expected)
  }

  @Test func `an order names a replica, and may wait`() throws {
    var drain = Invocation(verb: .drain, operand: "8081")
    drain.wait = 30_000
    #expect(try parse("drain 8081 --wait 30s") == drain)
    #expect(try parse("drain --wait=30s 8081") == drain)
    var ready = Invocation(verb: .ready, operand: "8081")
    ready.condition = .drain
    #expect(try parse("ready 8081 --if drain") == ready)
    #expect(message("ready 8081 --if up")?.contains("one of ready, drain, maint") == true)
    #expect(message("maint 8081 --if ready") != nil)
    #expect(try parse("ready 8081") == Invocation(verb: .ready, operand: "8081"))
    var weight = Invocation(verb: .weight, operand: "8081")
    weight.second = "50"
    #expect(try parse("weight 8081 50") == weight)
    var reload = Invocation(verb: .reload)
    reload.isRehearsal = true
    #expect(try parse("reload --dry-run") == reload)
    #expect(try parse("config --diff").isRehearsal && !parse("config").isRehearsal)
  }

  @Test func `watch has an interval of its own`() throws {
    #expect(try parse("pool").watch == nil)
    #expect(try parse("pool -w").watch == 1000)
    #expect(try parse("pool -w=250ms api").watch == 250)
    #expect(try parse("pool -w2s").watch == 2000)
    #expect(try parse("pool --watch=2m").watch == 120_000)
    for text in ["1", "", "s", "0s", "99ms", "-1s", "1h", "9999999999999999999s", "864000001ms"] {
      #expect(message("pool --watch=\(text)") != nil, "\(text)")
    }
  }

  @Test func `events are followed and cut on demand, down to none`() throws {
    #expect(try parse("events").tail == nil && !parse("events").follows)
    #expect(try parse("events -f").follows && parse("--follow events").follows)
    #expect(try parse("events -n 3 -f").tail == 3 && parse("events -n0").tail == 0)
    #expect(try parse("explain 8082").operand == "8082")
    for line in ["events -n", "events -n -1", "events -n x", "events -n 1000001", "events -f=1s"] {
      #expect(message(line) != nil, "\(line)")
    }
  }

  @Test func `help is asked for in four ways`() throws {
    #expect(try parse("help") == Invocation(verb: .help))
    #expect(try parse("--help") == Invocation(verb: .help))
    #expect(try parse("help pool") == Invocation(verb: .help, operand: "pool"))
    #expect(try parse("pool --help") == Invocation(verb: .help, operand: "pool"))
    #expect(try parse("add -h") == Invocation(verb: .help, operand: "add"))
    for verb in Verb.allCases where verb != .help {
      #expect(Help.text(for: verb).hasPrefix("usage: lbctl \(verb.rawValue)"))
      #expect(Help.overall.contains("\n  \(verb.rawValue)"))
    }
  }

  @Test func `--version asks nobody`() throws {
    #expect(try !parse("--version").asksLbd)
    #expect(try parse("version").asksLbd)
  }

  @Test(arguments: [
    ("", "no verb; try \"lbctl pool\" or \"lbctl --help\""),
    ("frobnicate 8081", "unknown verb \"frobnicate\"; see lbctl --help"),
    ("undrain 8081", "unknown verb \"undrain\"; write \"ready\""),
    ("status", "unknown verb \"status\"; write \"pool\" or \"health\""),
    ("pol", "unknown verb \"pol\"; did you mean \"pool\"?"),
    ("helth", "unknown verb \"helth\"; did you mean \"health\"?"),
    ("pool --jsno", "unknown option \"--jsno\"; did you mean \"--json\"?"),
    ("pool -x", "unknown option \"-x\"; see lbctl --help"),
    ("pool -n 3", "pool takes no -n; see lbctl pool --help"),
    ("test -w", "test takes no --watch; see lbctl test --help"),
    ("pool --json=1", "--json takes no value"),
    ("pool --socket", "--socket needs a value"),
    ("pool --json --json", "--json is given twice"),
    ("add", "add needs ADDRESS; see lbctl add --help"),
    ("explain", "explain needs REPLICA; see lbctl explain --help"),
    ("events 8082", "events: \"8082\" is too much; see lbctl events --help"),
    ("pool -f", "pool takes no --follow; see lbctl pool --help"),
    ("remove a b", "remove: \"b\" is too much; see lbctl remove --help"),
    ("drain", "drain needs REPLICA; see lbctl drain --help"),
    ("weight 8081", "weight needs REPLICA and N; see lbctl weight --help"),
    ("explain a b", "explain: \"b\" is too much; see lbctl explain --help"),
    ("ready -x", "unknown option \"-x\"; see lbctl --help"),
    ("completion", "completion needs SHELL; see lbctl completion --help"),
    ("test --wide", "test takes no --wide; see lbctl test --help"),
    ("weight 8081 5 6", "weight: \"6\" is too much; see lbctl weight --help"),
    ("weight 8081 5 --wait 5s", "weight takes no --wait; see lbctl weight --help"),
    ("drain 8081 --wait", "--wait needs a value"),
    ("reload --diff", "reload takes no --diff; see lbctl reload --help"),
    ("pool --serving", "pool takes no --serving; see lbctl pool --help"),
    ("health --serving=1", "--serving takes no value"),
    ("test -n 0", "-n needs a number from 1 to 10000000, not \"0\""),
    ("test -c 1001", "-c needs a number from 1 to 1000, not \"1001\""),
    ("test -n 1e3", "-n needs a number from 1 to 10000000, not \"1e3\""),
  ])
  func `a mistake is named`(_ line: String, _ expected: String) {
    #expect(message(line) == expected)
  }

  @Test func `drain, ready and maint take several replicas`() throws {
    for verb in ["drain", "ready", "maint"] {
      let invocation = try parse("\(verb) 8081 8082 --wait 1s 8083")
      #expect(invocation.operand == "8081" && invocation.others == ["8082", "8083"])
      #expect(try parse("\(verb) 8081").others.isEmpty)
    }
    #expect(message("drain " + (0...1024).map { "\($0)" }.joined(separator: " ")) != nil)
  }

  @Test func `a number with a minus is an operand, if a wrong one`() throws {
    #expect(try parse("weight 8081 -1").second == "-1")
    #expect(try parse("test -n 3").requests == 3)
  }

  @Test func `whether JSON was asked for is known of a line that makes no sense, too`() {
    #expect(Invocation.asksForJSON(["frobnicate", "--json"]))
    #expect(Invocation.asksForJSON(["--json", "--json"]))
    #expect(!Invocation.asksForJSON(["explain", "--", "--json"]))
  }

  @Test(arguments: Verb.allCases)
  func `each help text fits 80 columns and speaks of nothing that is not there`(_ verb: Verb) {
    for line in Help.text(for: verb).split(separator: "\n") {
      #expect(line.utf8.count <= 80, "\(line)")
      #expect(!line.contains("warming") && !line.contains("several pools"), "\(line)")
    }
  }

  @Test func `an empty operand is refused`() {
    #expect(throws: Failure.usage("ADDRESS is empty")) { try Invocation.parse(["add", ""]) }
  }
}

struct ControlSocketTests {
  private func path(
    _ option: String?, _ environment: [String: String], _ present: String...,
    answering: [String] = []
  ) -> String {
    ControlSocket.choose(
      option: option, environment: environment, exists: present.contains,
      answers: answering.contains
    ).path
  }

  @Test func `the option comes first, then the environment, then what answers or is there`() {
    let (system, session) = (ControlSocketPaths.system, "/run/user/1/lbd.sock")
    let named = ["LBD_SOCKET": "/e", "XDG_RUNTIME_DIR": "/run/user/1"]
    #expect(path("/o", named, system) == "/o")
    #expect(path(nil, named, system) == "/e")
    #expect(path(nil, ["LBD_SOCKET": ""], system) == "/run/lbd/lbd.sock")
    #expect(path(nil, [:], system, "run/lbd.sock") == "/run/lbd/lbd.sock")
    #expect(path(nil, [:], "run/lbd.sock") == "run/lbd.sock")
    #expect(path(nil, [:]) == "run/lbd.sock")
    let own = ["XDG_RUNTIME_DIR": "/run/user/1"]
    #expect(path(nil, own, session) == session)
    #expect(path(nil, own, session, "run/lbd.sock", answering: ["run/lbd.sock"]) == "run/lbd.sock")
    // One that another user has, or that is left over, is in nobody's way.
    #expect(path(nil, own, system, session, answering: [session]) == session)
    #expect(path(nil, own, system, session, answering: [system, session]) == system)
    #expect(path(nil, ["XDG_RUNTIME_DIR": "relative"], "relative/lbd.sock") == "run/lbd.sock")
  }

  @Test func `each way not to reach lbd has its own advice`() {
    let chosen = ControlSocket.choose(
      option: nil, environment: ["XDG_RUNTIME_DIR": "/x"], exists: { _ in false },
      answers: { _ in false })
    #expect(
      chosen.failure(connecting: 2)
        == Failure(
          .notRunning,
          "lbd is not running (no socket at /run/lbd/lbd.sock, /x/lbd.sock or run/lbd.sock); "
            + "start it with \"make up\" or \"systemctl start lbd\", or name its socket with --socket"
        ))
    let named = ControlSocket(named: "/x")
    #expect(named.failure(connecting: 2).message.contains("(no socket at /x)"))
    #expect(named.failure(connecting: 111).code == .notRunning)
    #expect(named.failure(connecting: 111).message.contains("/x: connection refused"))
    #expect(
      named.failure(connecting: 13)
        == Failure(.failed, "/x: permission denied; join the group lbd or use sudo"))
  }
}
