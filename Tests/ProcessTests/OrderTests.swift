// Orders: an operator takes replicas out and back, and no client notices.

import ControlProtocol
import Foundation
import Glibc
import LinuxIO
import TestSupport
import Testing

@Suite(.waiting) struct OrderTests {
  @Test func `a drained replica gets nothing new, ends what it has, and comes back at once`() throws
  {
    let stage = try Stage(replicas: 2)
    let name = stage.names[0]
    let slow = try stage.connect()
    try slow.send("GET /delay/600ms HTTP/1.1\r\nHost: test\r\n\r\n")
    try stage.awaitPool("it is in flight") { $0[0].active == 1 }
    let drain = try stage.lbctl("drain", name)
    #expect(drain.status == 0 && drain.output.contains("1 in flight"), "\(drain)")
    let replica = try stage.replica(stage.ports[0])
    #expect(replica.state == .draining && replica.order == .drain && replica.observed == .up)
    let connection = try stage.connect()
    for _ in 0..<6 { #expect(try connection.get("/getInfo").port == stage.names[1]) }
    #expect(try slow.answer().status == 200)
    #expect(try stage.lbctl("health").output == "1 of 1 replicas up\n")
    #expect(try stage.lbctl("ready", name).output.contains("gets requests"))
    #expect(Set(try (0..<2).map { _ in try connection.get("/getInfo").port }) == Set(stage.names))
  }

  @Test func `an order that a takeover has dropped does not come back`() throws {
    let stage = try Stage(replicas: 2)
    let (name, other) = (stage.names[0], stage.ports[1])
    #expect(try stage.lbctl("drain", name).status == 0)
    try stage.writeConf(ports: [other])
    _ = try stage.takeOver()
    try stage.writeConf(ports: stage.ports)
    #expect(try stage.lbctl("reload").status == 0)
    stage.lbd?.signal(SIGKILL)
    _ = try stage.lbd?.exitStatus()
    try stage.launch()
    try stage.awaitPool("both serve") { $0.count == 2 && $0.allSatisfy { $0.state == .up } }
  }

  @Test func `drain waits for what is in flight, and says when it takes too long`() throws {
    let stage = try Stage(replicas: 2)
    let slow = try stage.connect()
    try slow.send("GET /delay/20s HTTP/1.1\r\nHost: test\r\n\r\n")
    try stage.awaitPool("it is in flight") { $0[0].active == 1 }
    let early = try stage.lbctl("drain", stage.names[0], "--wait", "2s")
    #expect(early.status == 5)
    #expect(early.output.hasSuffix("1 in flight; waiting up to 2s\n"), "\(early)")
    #expect(early.error == "lbctl: \(stage.names[0]) still has 1 in flight\n")
    let late = try stage.lbctl("drain", stage.names[0], "--wait=50s")
    #expect(late.status == 0 && late.error.isEmpty)
    let lines = late.output.split(separator: "\n")
    #expect(lines.count == 2 && lines[0].hasSuffix("; waiting up to 50s"), "\(lines)")
    #expect(lines.last == "\(stage.names[0]) has nothing in flight")
    #expect(try stage.replica(stage.ports[0]).active == 0)
    #expect(try slow.answer().status == 200)
  }

  @Test func `each replica is drained, restarted and taken back under traffic without an error`()
    throws
  {
    let stage = try Stage(replicas: 3)
    let load = try Load(port: stage.mainPort)
    for port in stage.ports {
      try load.awaitAnswers(50)
      #expect(try stage.lbctl("drain", "\(port)", "--wait", "50s").status == 0)
      try stage.killReplica(port)
      try load.awaitAnswers(50)
      try stage.startReplica(port: port)
      #expect(try stage.lbctl("ready", "\(port)", "--wait", "50s").status == 0)
      let served = try stage.replica(port).requests
      try stage.awaitPool("it serves again") { pool in
        pool.first { $0.name == "\(port)" }?.requests ?? 0 > served
      }
    }
    #expect(load.stop() == [])
  }

  @Test func `idle connections to a replica that is ordered out are closed`() throws {
    let replicas = try (0..<2).map { _ in
      try ScriptedReplica { _, connection in
        try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        return .keep
      }
    }
    let stage = try Stage(scripted: replicas, lbd: "workers = 1")
    let connection = try stage.connect()
    for _ in 0..<4 { #expect(try connection.get("/").status == 200) }
    #expect(replicas.map(\.connections) == [1, 1])
    #expect(try stage.lbctl("drain", "\(replicas[0].port)").status == 0)
    try eventually("it is closed") { replicas[0].closed.value == 1 }
    for _ in 0..<4 { #expect(try connection.get("/").status == 200) }
    #expect(replicas[1].closed.value == 0 && replicas[1].connections == 1)
  }

  @Test func `in maintenance a replica is not probed, and afterwards passes one first`() throws {
    let stage = try Stage(replicas: 2)
    let port = stage.ports[0]
    #expect(try stage.lbctl("maint", "\(port)").status == 0)
    try stage.killReplica(port)
    Clock.sleep(milliseconds: 600)
    let replica = try stage.replica(port)
    #expect(replica.state == .maint && replica.observed == .up)
    let ready = try stage.lbctl("ready", "\(port)", "--wait", "300ms")
    #expect(ready.status == 5 && ready.output.contains("once it is up"), "\(ready)")
    try stage.startReplica(port: port)
    #expect(try stage.lbctl("ready", "\(port)", "--wait", "50s").status == 0)
  }

  @Test func `an order with a condition leaves another one in force`() throws {
    let stage = try Stage(replicas: 2)
    let name = stage.names[0]
    #expect(try stage.lbctl("maint", name).status == 0)
    let drain = try stage.lbctl("drain", name, "--if", "ready", "--wait", "50s")
    #expect(drain.status == 0 && drain.output == "\(name) stays as it is: it is ordered maint\n")
    #expect(try stage.lbctl("ready", name, "--if", "drain", "--wait", "50s").status == 0)
    #expect(try stage.replica(stage.ports[0]).order == .maint)
    #expect(try stage.lbctl("drain", name).status == 0)
    #expect(try stage.lbctl("ready", name, "--if", "drain", "--wait", "50s").status == 0)
    #expect(try stage.replica(stage.ports[0]).state == .up)
  }

  @Test func `draining the last replica is done and warned of`() throws {
    let stage = try Stage(replicas: 1)
    let drain = try stage.lbctl("drain", stage.names[0])
    #expect(drain.status == 0 && drain.error.contains("no replica is left to serve"), "\(drain)")
    #expect(try stage.connect().get("/getInfo").status == 503)
    #expect(try stage.lbctl("ready", stage.names[0]).status == 0)
    #expect(try stage.connect().get("/getInfo").status == 200)
  }

  @Test func `a weight that was ordered counts beside the conf's`() throws {
    let stage = try Stage(replicas: 2)
    #expect(try stage.lbctl("weight", stage.names[0], "200").status == 0)
    let replica = try stage.replica(stage.ports[0])
    #expect(replica.weight == 200 && replica.config.weight == 100)
    let connection = try stage.connect()
    let answers = try (0..<30).map { _ in try connection.get("/getInfo").port }
    #expect(answers.count { $0 == stage.names[0] } == 20)
    for wrong in ["0", "257", "-1", "x", "1e3", "99999999999999999999"] {
      let outcome = try stage.lbctl("weight", stage.names[0], wrong)
      #expect(outcome.status == 2 && outcome.output.isEmpty, "\(wrong): \(outcome)")
      #expect(
        outcome.error.hasPrefix("lbctl: a weight is a number from 1 to 256, not \"\(wrong)\""),
        "\(outcome.error)")
    }
    #expect(try stage.replica(stage.ports[0]).weight == 200)
    #expect(try stage.lbctl("weight", "nobody", "1").status == 4)
    try eventually("the log says so") {
      stage.lbd?.error.contains("weight 200 was ordered by user \(getuid())") == true
    }
  }
}

/// Whom an order is for.
@Suite(.waiting) struct OrderNamingTests {
  private struct Sum: Decodable {
    let schema: Int
    let detail: String
    let outcome: String?
    let error: String?
    let code: Int?
    let orders: [[String: String]]?
  }

  private func sum(_ outcome: Child.Outcome) throws -> Sum {
    try JSONDecoder().decode(Sum.self, from: Data(outcome.output.utf8))
  }

  @Test func `a port that several replicas have names none of them, and they are listed`() throws {
    let replica = try ScriptedReplica(host: "0.0.0.0") { _, connection in
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
      return .keep
    }
    let stage = try Stage()
    try stage.writeConf(replicas: 3, on: replica.port, health: Stage.fastProbes)
    try stage.start()
    let port = "\(replica.port)"
    let orders = [
      ["drain", port], ["ready", port], ["maint", port], ["remove", port], ["weight", port, "5"],
      ["explain", port], ["drain", "r1", port],
    ]
    for order in orders {
      let outcome = try Child.run("lbctl", order + ["--socket", stage.socketPath])
      #expect(outcome.status == 4 && outcome.output.isEmpty, "\(order): \(outcome)")
      for index in 0..<3 {
        let candidate = "r\(index + 1) (\(Stage.loopback(index)):\(port))"
        #expect(outcome.error.contains(candidate), "\(outcome.error)")
      }
    }
    #expect(try stage.pool().allSatisfy { $0.order == .ready && $0.weight == 100 })
    #expect(try stage.pool().count == 3)
    // A whole address is one's own, and so is a name.
    #expect(try stage.lbctl("drain", "\(Stage.loopback(1)):\(port)").status == 0)
    #expect(try stage.pool().map(\.order) == [.ready, .drain, .ready])
  }

  @Test func `one order is for several replicas, or where one is not there for none`() throws {
    let stage = try Stage(replicas: 3)
    let names = stage.names
    let wrong = try stage.lbctl("drain", names[0], "nobody", names[1], "somebody")
    #expect(wrong.status == 4 && wrong.output.isEmpty)
    #expect(wrong.error.contains("nobody") && wrong.error.contains("somebody"), "\(wrong.error)")
    #expect(try stage.pool().allSatisfy { $0.order == .ready })
    let drain = try stage.lbctl("drain", names[0], names[1], "127.0.0.1:\(names[0])")
    #expect(drain.status == 0 && drain.output.split(separator: "\n").count == 2, "\(drain)")
    #expect(try stage.pool().map(\.order) == [.drain, .drain, .ready])
    let ready = try stage.lbctl("ready", names[0], names[1], "--wait", "20s")
    #expect(ready.status == 0, "\(ready)")
    #expect(ready.output.hasSuffix("\n\(names[0]), \(names[1]) are up\n"), "\(ready.output)")
    #expect(try stage.pool().allSatisfy { $0.state == .up })
  }

  @Test func `the JSON of a wait says whether it came true`() throws {
    let stage = try Stage(replicas: 2)
    let name = stage.names[0]
    let slow = try stage.connect()
    try slow.send("GET /delay/60s HTTP/1.1\r\nHost: test\r\n\r\n")
    try stage.awaitPool("it is in flight") { $0[0].active == 1 }
    let late = try stage.lbctl("drain", name, "--wait", "100ms", "--json")
    #expect(late.status == 5 && late.error.isEmpty)
    let failure = try sum(late)
    #expect(failure.error == "timed-out" && failure.code == 5 && failure.outcome == nil)
    #expect(failure.detail == "\(name) still has 1 in flight")
    let ready = try stage.lbctl("ready", name, "--wait", "20s", "--json")
    #expect(ready.status == 0 && ready.error.isEmpty)
    let success = try sum(ready)
    #expect(success.outcome == "done" && success.error == nil && success.schema == 1)
    #expect(success.detail == "\(name) is up")
    #expect(success.orders?.map { $0["replica"] } == [name])
  }

  @Test func `a draining replica's state is the same word in log, events and pool`() throws {
    let stage = try Stage(replicas: 2)
    let (port, name) = (stage.ports[0], stage.names[0])
    #expect(try stage.lbctl("drain", name).status == 0)
    try stage.killReplica(port)
    try stage.awaitPool("it is seen down") { $0[0].observed == .down || $0[0].observed == .ejected }
    try stage.startReplica(port: port)
    try stage.awaitPool("it is seen up") { $0[0].observed == .up && $0[0].state == .draining }
    struct Line: Decodable {
      let level, event, message: String
      let replica, state, observed: String?
    }
    let lines = try (stage.lbd?.error ?? "").split(separator: "\n").map {
      try JSONDecoder().decode(Line.self, from: Data($0.utf8))
    }
    let order = try #require(lines.firstIndex { $0.event == "order" })
    let states = lines[order...].filter { $0.event == "state" && $0.replica == name }
    #expect(states.count >= 2 && states.last?.observed == "up")
    for line in states {
      #expect(line.level == "info" && line.state == "draining", "\(line)")
      #expect(line.message.contains(" is draining (seen "), "\(line.message)")
    }
    let events = try stage.events().filter { $0.event == .state && $0.replica == name }
    #expect(events.last?.state == .draining && events.last?.cause?.hasPrefix("seen up: ") == true)
  }
}

/// Orders outlive lbd.
@Suite(.waiting) struct AdminStateTests {
  private func statePath(_ stage: Stage) -> String { stage.directory + "/lbd.state" }

  @Test func `orders and weights are in force after kill -9, from the first request on`() throws {
    let stage = try Stage(replicas: 3)
    #expect(try stage.lbctl("drain", stage.names[0]).status == 0)
    #expect(try stage.lbctl("maint", stage.names[1]).status == 0)
    #expect(try stage.lbctl("weight", stage.names[2], "7").status == 0)
    stage.lbd?.signal(SIGKILL)
    _ = try stage.lbd?.exitStatus()
    try stage.launch()
    try stage.awaitPool("the third is up") { $0[2].state == .up }
    let connection = try stage.connect()
    for _ in 0..<6 { #expect(try connection.get("/getInfo").port == stage.names[2]) }
    let pool = try stage.pool()
    #expect(pool.map(\.state) == [.draining, .maint, .up] && pool[2].weight == 7)
    #expect(pool[1].observed == .starting)
    for name in stage.names { #expect(try stage.lbctl("ready", name, "--wait", "50s").status == 0) }
    #expect(try stage.lbctl("weight", stage.names[2], "100").status == 0)
    let state = try String(contentsOfFile: statePath(stage), encoding: .utf8)
    #expect(state == "lbd-state 1\nend\n")
  }

  @Test func `an order while lbd drains for its end is kept`() throws {
    let stage = try Stage(replicas: 2)
    let slow = try stage.connect()
    try slow.send("GET /delay/2s HTTP/1.1\r\nHost: test\r\n\r\n")
    try stage.awaitPool("it is in flight") { $0.contains { $0.active == 1 } }
    stage.lbd?.signal(SIGTERM)
    try eventually("it drains") { stage.lbd?.error.contains("\"event\":\"drain\"") == true }
    #expect(try stage.lbctl("maint", stage.names[0]).status == 0)
    let state = try String(contentsOfFile: statePath(stage), encoding: .utf8)
    #expect(state.contains("order \(stage.names[0]) maint"))
    #expect(try slow.answer().status == 200)
  }

  @Test func `what the conf names keeps its orders when it is removed, others do not`() throws {
    let stage = try Stage(replicas: 3)
    let names = stage.names
    try stage.writeConf(ports: Array(stage.ports.prefix(2)))
    #expect(try stage.lbctl("reload").status == 0)
    #expect(try stage.lbctl("add", "127.0.0.1:\(names[2])").status == 0)
    #expect(try stage.lbctl("drain", names[2]).status == 0)
    #expect(try stage.lbctl("drain", names[0]).status == 0)
    #expect(try stage.lbctl("remove", names[0]).status == 0)
    #expect(try stage.lbctl("reload").status == 0)
    #expect(try stage.pool().map(\.order) == [.drain, .ready])
    #expect(try stage.lbctl("add", "127.0.0.1:\(names[2])").status == 0)
    #expect(try stage.replica(stage.ports[2]).order == .ready)
    // Nor is it ordered out by a state from when it was in the pool.
    #expect(try stage.lbctl("drain", names[2]).status == 0)
    stage.lbd?.signal(SIGKILL)
    _ = try stage.lbd?.exitStatus()
    try stage.launch()
    #expect(try stage.lbctl("add", "127.0.0.1:\(names[2])").status == 0)
    #expect(try stage.pool().map(\.order) == [.drain, .ready, .ready])
  }

  @Test func `orders of replicas that left the pool are forgotten`() throws {
    let stage = try Stage(replicas: 2)
    #expect(try stage.lbctl("drain", stage.names[0]).status == 0)
    try stage.writeConf(ports: [stage.ports[1]])
    #expect(try stage.lbctl("reload").status == 0)
    try stage.writeConf(ports: stage.ports)
    #expect(try stage.lbctl("reload").status == 0)
    try stage.awaitPool("it is back") { $0[0].state == .up }
  }

  @Test(arguments: ["nonsense", "link", "directory", "pipe", "long", "cut"])
  func `a state that makes no sense is said, and lbd starts without`(_ kind: String) throws {
    let stage = try Stage()
    try stage.startReplica()
    try stage.writeConf(ports: stage.ports)
    let (path, files) = (statePath(stage), FileManager.default)
    switch kind {
    case "link": try files.createSymbolicLink(atPath: path, withDestinationPath: "/dev/zero")
    case "directory": try files.createDirectory(atPath: path, withIntermediateDirectories: true)
    case "pipe": _ = unsafe mkfifo(path, 0o600)
    case "long": _ = files.createFile(atPath: path, contents: Data(count: 1 << 20))
    case "cut":
      try "lbd-state 1\norder \(stage.names[0]) drain\n".write(
        toFile: path, atomically: true, encoding: .utf8)
    default: try "\0\u{1}{}\n".write(toFile: path, atomically: true, encoding: .utf8)
    }
    try stage.start()
    try eventually("the log says so") {
      stage.lbd?.error.contains("\"event\":\"state-refused\"") == true
    }
    let drain = try stage.lbctl("drain", stage.names[0])
    // Nothing takes a directory's place.
    #expect(
      drain.status == 0 && drain.error.contains("a restart forgets it") == (kind == "directory"))
  }

  @Test func `an order that cannot be kept is carried out, and that is said`() throws {
    let stage = try Stage(replicas: 2)
    // What is written first cannot be: its path is a directory that is not empty.
    try FileManager.default.createDirectory(
      atPath: statePath(stage) + ".next/x", withIntermediateDirectories: true)
    let drain = try stage.lbctl("drain", stage.names[0])
    #expect(drain.status == 0 && drain.error.contains("a restart forgets it"), "\(drain)")
    #expect(try stage.pool()[0].state == .draining)
  }
}
