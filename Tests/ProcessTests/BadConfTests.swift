// A conf that cannot be used: what is wrong, where, and an exit code that no restart mends.

import Foundation
import Testing

@Suite(.waiting) struct BadConfTests {
  private let wrong = """
    [lbd]
    main_port = 80800
    ports = 8081
    [health]
    intervall = 1s
    timeout = 5
    """

  @Test func `each mistake is shown with file, line, column and its source line`() throws {
    let stage = try Stage()
    try stage.write(wrong)
    let outcome = try Child.run("lbd", ["-c", stage.confPath])
    #expect(outcome.status == 78 && outcome.output.isEmpty)
    for place in ["2:13", "5:1", "6:11"] {
      #expect(outcome.error.contains("\(stage.confPath):\(place): error: "), "\(outcome.error)")
    }
    #expect(outcome.error.contains("\n  intervall = 1s\n  ^\n"))
    #expect(outcome.error.contains(#"did you mean "interval"?"#))
  }

  @Test func `lbd -t says the same and exits with 1`() throws {
    let stage = try Stage()
    try stage.write(wrong)
    let start = try Child.run("lbd", ["-c", stage.confPath])
    let check = try Child.run("lbd", ["-t", "-c", stage.confPath])
    #expect(check.status == 1 && check.error == start.error)
  }

  @Test func `lbd -t of a good conf says so, takes nothing, and says what it could not check`()
    throws
  {
    let stage = try Stage(replicas: 2)
    let metrics = try stage.reservePort()
    let log = stage.directory + "/access.log"
    let named = (1...9).map { "[replica far\($0)]\naddress = far\($0).invalid:80\n" }.joined()
    try stage.writeConf(
      ports: stage.ports,
      sections: "[metrics]\nlisten = 127.0.0.1:\(metrics)\n[log]\naccess = \(log)\n" + named)
    // On the port and the socket of one that runs.
    let check = try Child.run("lbd", ["-t", "-c", stage.confPath])
    #expect(check.status == 0 && check.error.isEmpty)
    let lines = check.output.split(separator: "\n")
    #expect(lines.allSatisfy { $0.hasPrefix("\(stage.confPath): ") })
    #expect(lines.first?.hasSuffix(": ok (1 pool, 11 replicas)") == true)
    let unchecked = lines.dropFirst().map { $0.dropFirst(stage.confPath.utf8.count + 2) }
    #expect(unchecked.allSatisfy { $0.hasPrefix("not checked: ") } && unchecked.count == 9)
    for what in ["far8.invalid (replica far8) resolves", "not checked: 1 more names"] {
      #expect(unchecked.contains { $0.contains(what) }, "\(what) in \(check.output)")
    }
    #expect(!FileManager.default.fileExists(atPath: log))
  }

  @Test func `a conf that is not there or cannot be read is named`() throws {
    let stage = try Stage()
    for path in [stage.directory + "/none.conf", stage.directory] {
      let outcome = try Child.run("lbd", ["-c", path])
      #expect(outcome.status == 78)
      #expect(outcome.error.hasPrefix("\(path)"))
      #expect(outcome.error.count { $0 == "\n" } == 1, "\(outcome.error)")
      #expect(try Child.run("lbd", ["-t", "-c", path]).status == 1)
    }
  }

  @Test func `what no program would write is a message too`() throws {
    let stage = try Stage()
    for conf in [
      "", "\u{0}\u{1}\u{2}", "[", "[lbd]\nports = 8081-80\n", "[lbd]\nports = 1-65535\n",
      "[lbd]\nports = 8081\nhost = ${NOT_SET}\n", "include = \(stage.confPath)\n",
      String(repeating: "[a]\n", count: 10_000),
    ] {
      try stage.write(conf)
      let outcome = try Child.run("lbd", ["-c", stage.confPath])
      #expect(outcome.status == 78 && !outcome.error.isEmpty, "\(conf.prefix(40))")
    }
  }

  @Test func `arguments that are none are exit 2`() throws {
    let outcome = try Child.run("lbd", ["--frobnicate"])
    #expect(outcome.status == 2)
    #expect(outcome.error == "lbd: unknown argument \"--frobnicate\"; see lbd --help\n")
    for arguments in [["-t", "lb.conf"], ["lb.conf"]] {
      let outcome = try Child.run("lbd", arguments)
      #expect(outcome.error == "lbd: unknown argument \"lb.conf\"; write -c lb.conf\n")
    }
  }
}
