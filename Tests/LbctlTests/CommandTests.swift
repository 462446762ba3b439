// The promises to users, held by the real command against a server that plays lbd.

import ControlProtocol
import Foundation
import LinuxIO
import Synchronization
import TestSupport
import Testing

@testable import lbctl

/// What a run of the command left.
struct Outcome: Equatable {
  var code: Int32
  var output = ""
  var error = ""
}

/// An lbd with two replicas, played: its control socket and its listener.
final class FakeDaemon: Sendable {
  let path = FileManager.default.temporaryDirectory.path + "/lbctl-\(UUID().uuidString).sock"
  private let control: FakeServer
  private let listener: FakeServer
  let orders: OrderLog

  final class OrderLog: Sendable {
    let lines = Mutex<[String]>([])
  }

  /// - Parameters:
  ///   - missing: what is answered to `/getInfo`, where that is not there.
  ///   - healthPath: what the conf's probes ask for.
  init(
    states: [ReplicaState] = [.up, .ejected], pool override: FakeServer.Reply? = nil,
    missing: Int? = nil, healthPath: String? = nil
  ) throws {
    let count = Mutex(0)
    let log = OrderLog()
    orders = log
    let (listener, port) = try FakeServer.tcp { request in
      if request.hasPrefix("GET /bad ") { return FakeServer.reply(503, "{}") }
      if let missing, request.hasPrefix("GET /getInfo ") { return FakeServer.reply(missing, "no") }
      if missing != nil { return FakeServer.reply(200, String(request.prefix { $0 != "\r\n" })) }
      let name = count.withLock { count in
        count += 1
        return count % 2 == 0 ? "r0" : "r1"
      }
      let isNamed = request.contains("\r\nX-Lbd-Test: 00ff\r\n")
      return FakeServer.reply(200, name, isNamed ? "X-Lbd-Replica: \(name)\r\n" : "")
    }
    self.listener = listener
    let report = PoolReport(
      version: "9.9", pid: 1, listener: "127.0.0.1:\(port)", docs: nil, testToken: "00ff",
      uptimeSeconds: 1,
      pools: [
        PoolStatus(
          name: "default", algorithm: "round_robin",
          replicas: states.enumerated().map { replica("r\($0)", $1) })
      ], healthPath: healthPath)
    let address = try #require(SocketAddress(path: path))
    control = try FakeServer(address) { request in
      FakeDaemon.control(request, report, override, log)
    }
  }

  deinit {
    control.stop()
    listener.stop()
    try? FileManager.default.removeItem(atPath: path)
  }

  private static func control(
    _ request: String, _ report: PoolReport, _ override: FakeServer.Reply?, _ log: OrderLog
  ) -> FakeServer.Reply {
    func json(_ status: Int, _ part: some JSONWritable) -> FakeServer.Reply {
      FakeServer.reply(status, String(decoding: part.json, as: UTF8.self))
    }
    let body = request.components(separatedBy: "\r\n\r\n")[1]
    let target = request.components(separatedBy: " HTTP/1.1")[0]
    switch target {
    case "GET \(ControlPath.pool)": return override ?? json(200, report)
    case "GET \(ControlPath.health)": return json(200, HealthReport(report.pools))
    case "GET \(ControlPath.version)": return json(200, VersionReport(version: report.version))
    case "POST \(ControlPath.addReplica)", "POST \(ControlPath.removeReplica)":
      log.lines.withLock { $0.append(target + " " + body) }
      guard let order = OrderBody.parse(Array(body.utf8)) else {
        return json(400, DetailReport("no"))
      }
      if order.value == "taken" { return json(409, DetailReport("taken is there already")) }
      if order.value == "nobody" { return json(404, DetailReport("no replica nobody")) }
      return json(200, DetailReport("done with \(order.value)"))
    default: return json(404, DetailReport("nothing here"))
    }
  }

  func run(_ arguments: String...) throws -> Outcome {
    try lbctl(arguments + ["--socket", path])
  }
}

/// Where the command is that was built beside the tests.
func commandPath() throws -> String {
  let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
  let candidates = [tests, CommandLine.arguments[0]] + CommandLine.arguments
  let directories = candidates.map { URL(fileURLWithPath: $0).deletingLastPathComponent() }
  let command = try #require(
    directories.map { $0.appendingPathComponent("lbctl") }.first {
      FileManager.default.isExecutableFile(atPath: $0.path)
    })
  return command.path
}

/// Runs it.
func lbctl(_ arguments: [String], environment: [String: String] = [:]) throws -> Outcome {
  let process = Process()
  let (output, error) = (Pipe(), Pipe())
  process.executableURL = URL(fileURLWithPath: try commandPath())
  process.arguments = arguments
  process.environment = environment
  process.standardOutput = output
  process.standardError = error
  try process.start()
  let read = { (pipe: Pipe) in
    String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  }
  let (text, message) = (read(output), read(error))
  process.waitUntilExit()
  return Outcome(code: process.terminationStatus, output: text, error: message)
}

@Suite(.timeLimit(.minutes(1)))
struct CommandTests {
  @Test func `pool shows the table, and without the header its rows alone`() throws {
    let daemon = try FakeDaemon()
    let outcome = try daemon.run("pool")
    #expect(outcome.code == 0 && outcome.error.isEmpty)
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.count == 4 && lines[0].hasPrefix("REPLICA  ADDRESS"))
    #expect(lines[3] == "1 up, 1 ejected (r1: answered 200)")
    let rows = try daemon.run("pool", "default", "--no-header").output
    #expect(rows == lines[1...2].map { "\($0)\n" }.joined())
  }

  @Test func `pool's JSON is what lbd answered`() throws {
    let daemon = try FakeDaemon()
    let outcome = try daemon.run("pool", "--json")
    let report = try JSONDecoder().decode(PoolReport.self, from: Data(outcome.output.utf8))
    #expect(report.pools.flatMap(\.replicas).map(\.name) == ["r0", "r1"])
    #expect(outcome.output.hasSuffix("}\n") && outcome.output.count { $0 == "\n" } == 1)
    #expect(try daemon.run("pool", "x").code == 4)
  }

  @Test func `test prints each body on standard output and the shares on standard error`() throws {
    let daemon = try FakeDaemon(states: [.up, .up])
    let outcome = try daemon.run("test", "-n", "4")
    #expect(outcome.code == 0)
    #expect(outcome.output == "r1\nr0\nr1\nr0\n")
    #expect(outcome.error.hasPrefix("REPLICA  ANSWERS  SHARE\nr0             2    50%\nr1"))
    #expect(outcome.error.contains("4 ok, 0 failed; p50 "))
    #expect(outcome.error.contains("evenness 1.00"))
  }

  @Test(arguments: [
    (404, "/", "/"), (404, "/health?deep=1", "/health?deep=1, the path of [health]"),
    (404, nil, "/"), (405, "/", "/"), (410, "/up", "/up, the path of [health]"),
  ])
  func `an app without getInfo is asked what its probes ask, and lbctl says so`(
    _ status: Int, _ healthPath: String?, _ said: String
  ) throws {
    let daemon = try FakeDaemon(states: [.up], missing: status, healthPath: healthPath)
    let outcome = try daemon.run("test", "-n", "3", "-c", "2")
    let line = "GET \(healthPath ?? "/") HTTP/1.1\n"
    #expect(outcome.code == 0 && outcome.output == line + line + line, "\(outcome)")
    #expect(
      outcome.error.hasPrefix(
        "lbctl: the app answers \(status) to /getInfo; asks \(said) instead\n"))
    let json = try daemon.run("test", "-n", "2", "--json")
    #expect(json.code == 0 && json.output.contains(#""requests":2,"ok":2,"failed":0"#))
    #expect(json.error.hasPrefix("lbctl: the app answers \(status)"))
  }

  @Test func `a path that was named is asked, and one that fails is no other path's test`() throws {
    let daemon = try FakeDaemon(states: [.up], missing: 404, healthPath: "/health")
    let named = try daemon.run("test", "-n", "2", "/getInfo")
    #expect(named.code == 1 && named.output == "no\nno\n")
    #expect(named.error.hasSuffix("failed: 2 × status 404\n"))
    let failing = try FakeDaemon(states: [.up], missing: 500, healthPath: "/health")
    let outcome = try failing.run("test", "-n", "2")
    #expect(outcome.code == 1 && outcome.output == "no\nno\n")
    #expect(outcome.error.hasSuffix("failed: 2 × status 500\n"))
  }

  @Test func `test sends from many connections and sums up in JSON`() throws {
    struct Sums: Decodable {
      let requests: Int
      let ok: Int
      let replicas: [String: Int]
      let answers: [[String: String]]?
    }
    let daemon = try FakeDaemon(states: [.up, .up])
    let outcome = try daemon.run("test", "-n", "40", "-c", "8")
    #expect(outcome.output.split(separator: "\n").count == 40)
    let json = try daemon.run("test", "-n6", "-c3", "--json").output
    let sums = try #require(
      try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    #expect(sums["requests"] as? Int == 6 && sums["ok"] as? Int == 6)
    #expect(sums["replicas"] as? [String: Int] == ["r0": 3, "r1": 3])
    #expect((sums["answers"] as? [[String: Any]])?.count == 6)
  }

  @Test func `test fails on any other status and on no answer`() throws {
    let daemon = try FakeDaemon()
    let bad = try daemon.run("test", "-n", "2", "/bad")
    #expect(bad.code == 1 && bad.output == "{}\n{}\n")
    #expect(bad.error.hasSuffix("failed: 2 × status 503\n"))
    let none = try daemon.run("test", "-n", "1", "http://127.0.0.1:18299/")
    #expect(none.code == 1 && none.output.isEmpty)
    #expect(none.error == "0 ok, 1 failed\nfailed: 1 × connection refused\n")
  }

  @Test func `orders say what was done, or why not`() throws {
    let daemon = try FakeDaemon()
    #expect(
      try daemon.run("add", "127.0.0.1:8084")
        == Outcome(code: 0, output: "done with 127.0.0.1:8084\n"))
    #expect(
      try daemon.run("add", "taken") == Outcome(code: 1, error: "lbctl: taken is there already\n"))
    #expect(
      try daemon.run("remove", "nobody") == Outcome(code: 4, error: "lbctl: no replica nobody\n"))
    #expect(try daemon.run("remove", "a\"b").code == 0)
    let orders = daemon.orders.lines.withLock { $0 }
    #expect(orders.first == #"POST /replicas/add {"address":"127.0.0.1:8084"}"#)
    #expect(orders.last == #"POST /replicas/remove {"replica":"a\"b"}"#)
  }

  @Test(arguments: ["pool", "drain r0 --wait 300ms"])
  func `an lbd that hangs is as good as none, and holds up no wait`(_ line: String) throws {
    let path = FileManager.default.temporaryDirectory.path + "/lbctl-\(UUID().uuidString).sock"
    let hung = try FakeServer(try #require(SocketAddress(path: path))) { _ in .silence }
    defer {
      hung.stop()
      try? FileManager.default.removeItem(atPath: path)
    }
    let outcome = try lbctl(line.split(separator: " ").map { String($0) } + ["--socket", path])
    #expect(outcome.code == (line == "pool" ? 3 : 5))
    #expect(outcome.error.hasSuffix("gave no answer: timed out\n"))
  }

  @Test func `health has four exit codes and one line`() throws {
    #expect(
      try FakeDaemon(states: [.up, .maint]).run("health")
        == Outcome(code: 0, output: "1 of 1 replicas up\n"))
    #expect(
      try FakeDaemon().run("health")
        == Outcome(code: 1, output: "1 of 2 replicas up (r1 ejected)\n"))
    #expect(try FakeDaemon(states: [.down]).run("health").code == 2)
    #expect(try lbctl(["health", "--socket", "/nonexistent"]).code == 3)
  }

  @Test func `for health --serving one replica is enough, and the line is the same`() throws {
    #expect(
      try FakeDaemon().run("health", "--serving")
        == Outcome(code: 0, output: "1 of 2 replicas up (r1 ejected)\n"))
    #expect(try FakeDaemon(states: [.up, .maint]).run("health", "--serving").code == 0)
    #expect(try FakeDaemon(states: [.down, .ejected]).run("--serving", "health").code == 2)
    #expect(try FakeDaemon(states: [.maint]).run("health", "--serving", "--json").code == 2)
    #expect(try lbctl(["health", "--serving", "--socket", "/nonexistent"]).code == 3)
  }

  @Test func `version tells lbctl's own even when lbd does not run`() throws {
    let own = "lbctl \(Release.version)\n"
    #expect(try FakeDaemon().run("version") == Outcome(code: 0, output: own + "lbd 9.9\n"))
    #expect(try lbctl(["--version"]) == Outcome(code: 0, output: own))
    let absent = try lbctl(["version"], environment: ["LBD_SOCKET": "/nonexistent"])
    #expect(absent.code == 3 && absent.output == own)
    #expect(absent.error.hasPrefix("lbctl: lbd is not running (no socket at /nonexistent); start"))
  }

  @Test func `usage is exit 2 on standard error, help is exit 0 on standard output`() throws {
    #expect(
      try lbctl(["frobnicate", "8081"])
        == Outcome(code: 2, error: "lbctl: unknown verb \"frobnicate\"; see lbctl --help\n"))
    let help = try lbctl(["test", "--help"])
    #expect(help.code == 0 && help.output.hasPrefix("usage: lbctl test") && help.error.isEmpty)
  }

  @Test(arguments: [
    "", "{", "null", "[]", "{\"schema\":2}", "{\"schema\":1}", "{\"schema\":1,\"pools\":1e999}",
    String(repeating: "[", count: 100_000), "\u{0}", "{\"schema\":99999999999999999999}",
  ])
  func `an answer that makes no sense is a message`(_ body: String) throws {
    let outcome = try FakeDaemon(pool: FakeServer.reply(200, body)).run("pool")
    #expect(outcome.code == 1 && outcome.output.isEmpty)
    #expect(outcome.error.hasPrefix("lbctl: ") && outcome.error.count { $0 == "\n" } == 1)
  }

  @Test func `a server that gives itself a name is not believed`() throws {
    let (server, port) = try FakeServer.tcp { _ in
      FakeServer.reply(200, "x", "X-Lbd-Replica: r0\r\n")
    }
    defer { server.stop() }
    let outcome = try FakeDaemon().run("test", "-n", "2", "http://127.0.0.1:\(port)/")
    #expect(outcome.code == 0 && !outcome.error.contains("r0"), "\(outcome)")
  }

  /// What an error says in JSON.
  private struct Trouble: Decodable, Equatable {
    let schema: Int
    let error: String
    let code: Int32
    let detail: String
  }

  @Test(arguments: [
    "frobnicate", "pool --frob", "pool x", "remove nobody", "add taken", "help x", "test ftp://x",
    "drain nobody", "maint r0", "health --socket /nonexistent", "pool --socket /nonexistent",
    "completion tcsh", "reload", "metrics",
  ])
  func `with --json an error is one object on standard output, with the same exit code`(
    _ line: String
  ) throws {
    let daemon = try FakeDaemon()
    var arguments = line.split(separator: " ").map { String($0) }
    if !arguments.contains("--socket") { arguments += ["--socket", daemon.path] }
    let text = try lbctl(arguments)
    let json = try lbctl(arguments + ["--json"])
    #expect(text.code != 0 && text.code == json.code && text.output.isEmpty)
    #expect(json.error.isEmpty && json.output.count { $0 == "\n" } == 1)
    let trouble = try JSONDecoder().decode(Trouble.self, from: Data(json.output.utf8))
    #expect(trouble.schema == 1 && trouble.code == text.code)
    #expect("lbctl: \(trouble.detail)\n" == text.error)
  }

  @Test func `version in JSON is one object where lbd does not run, too`() throws {
    let outcome = try lbctl(["version", "--json", "--socket", "/nonexistent"])
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    #expect(outcome.code == 3 && outcome.error.isEmpty)
    #expect(object["lbctl"] as? String == Release.version)
    #expect(object["lbd"] is NSNull && object["error"] as? String == "not-running")
  }

  @Test func `an lbd that hangs up is a message`() throws {
    let outcome = try FakeDaemon(pool: .close).run("pool")
    #expect(outcome.code == 1)
    #expect(outcome.error.contains("gave no answer: connection closed without an answer"))
  }
}
