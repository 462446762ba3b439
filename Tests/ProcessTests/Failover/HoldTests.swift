// Requests wait for a replica while none can take them, and no longer than they may.

import ControlProtocol
import Foundation
import Glibc
import LinuxIO
import TestSupport
import Testing

@Suite(.waiting) struct HoldTests {
  /// A machine with other work may stand still for some seconds.
  private static let patient = "[hold]\ntimeout = \(Length.of(60, soak: 5))s\n"

  @Test(.timeLimit(.minutes(2)))
  func `a pool of one that is restarted over three seconds fails no request`() throws {
    let stage = try Stage()
    let port = try stage.reservePort()
    let record = stage.directory + "/record"
    try stage.startReplica(port: port)
    try stage.writeConf(ports: [port], health: "path = /health\n", sections: Self.patient)
    try stage.start()
    for _ in 0..<Length.of(1, soak: 5) {
      let load = try SteadyLoad(port: stage.mainPort, rate: 200, clients: 1000, seconds: 6) { _ in
        ("GET", "/getInfo")
      }
      Clock.sleep(milliseconds: 1000)
      stage.replicas[port]?.signal(SIGTERM)
      _ = try stage.replicas[port]?.exitStatus()
      Clock.sleep(milliseconds: 3000)
      try? FileManager.default.removeItem(atPath: record)
      try stage.startReplica(port: port, ["--record", record])
      let outcomes = load.finish()
      let failed = outcomes.filter { !$0.isWell }
      #expect(outcomes.count == 1200)
      #expect(failed.isEmpty, "\(failed.map { "\($0.status) \($0.text)" }.prefix(10))")
      try tellDelays(stage, outcomes, record)
    }
  }

  /// How long after the pass those that had waited were there, and were answered.
  private func tellDelays(_ stage: Stage, _ outcomes: [Outcome], _ record: String) throws {
    let times = try String(contentsOfFile: record, encoding: .utf8).split(separator: "\n")
      .compactMap { UInt64($0.prefix { $0 != " " }) }
    let pass = try timeOfLastPass(stage)
    let held = outcomes.filter { $0.start < pass && $0.end >= pass }.count
    #expect(held > 400)
    let arrivals = times.prefix(held).map { (Double($0) - Double(pass)) / 1e6 }
    let first = try #require(arrivals.first)
    // Alone on its machine 5; beside other tests it waits for a core.
    #expect(first <= Length.of(100, soak: 5), "the first was there \(first) ms after the pass")
    let answers = outcomes.filter { $0.start < pass && $0.end >= pass }
      .map { Double($0.end - pass) / 1e6 }.sorted()
    print(
      "held \(held): the first was there \(first) ms after the pass, the last"
        + " \(arrivals[held - 1]); answered after \(answers[0]), \(answers[held / 2]) and"
        + " \(answers[held - 1]) ms (first, median, last)")
  }

  /// By the monotonic clock, from the log, to a millisecond.
  private func timeOfLastPass(_ stage: Stage) throws -> UInt64 {
    let line = try #require(
      stage.lbd?.error.split(separator: "\n").last { $0.contains(#""state":"up""#) })
    let stamp = try #require(line.firstMatch(of: /"time":"([^"]*)"/)?.1)
    let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    let date = try format.parse(String(stamp))
    return Clock.now() - UInt64(Double(Clock.wall()) - date.timeIntervalSince1970 * 1e9)
  }

  @Test func `a request goes on at the event of the pass, not at the end of a wait`() throws {
    let stage = try Stage()
    let port = try stage.reservePort()
    try stage.writeConf(ports: [port], health: Stage.fastProbes, sections: Self.patient)
    try stage.launch()
    let clients = try (0..<8).map { _ in try stage.connect() }
    for client in clients { try client.send("GET /getInfo HTTP/1.1\r\nHost: test\r\n\r\n") }
    #expect(clients.allSatisfy { $0.isSilent(milliseconds: 30) })
    try stage.startReplica(port: port)
    for client in clients { #expect(try client.answer().status == 200) }
  }

  @Test func `past its time a request is told 503 with Retry-After and why`() throws {
    let stage = try Stage()
    try stage.writeConf(
      ports: [try stage.reservePort()], health: Stage.fastProbes,
      sections: "[hold]\ntimeout = 3s\n")
    try stage.launch()
    let start = Clock.now()
    let answer = try stage.connect().get("/")
    #expect(answer.status == 503 && answer["retry-after"] == "1")
    #expect(answer["proxy-status"] == "lbd; error=destination_unavailable")
    #expect(Clock.now() - start < 30_000_000_000)
    // None was usable for longer than a request may wait: nobody waits any more.
    Clock.sleep(milliseconds: 4000)
    let later = Clock.now()
    #expect(try stage.connect().get("/").status == 503)
    #expect(Clock.now() - later < 2_500_000_000)
  }

  @Test func `more than the queue holds are told 503 at once`() throws {
    let stage = try Stage()
    let port = try stage.reservePort()
    try stage.writeConf(
      ports: [port], health: Stage.fastProbes, sections: "[hold]\ntimeout = 5s\nqueue = 3\n")
    try stage.launch()
    let clients = try (0..<10).map { _ in try stage.connect() }
    for client in clients { try client.send("GET /getInfo HTTP/1.1\r\nHost: test\r\n\r\n") }
    try eventually("seven are answered") { clients.count { !$0.isSilent(milliseconds: 5) } == 7 }
    try stage.startReplica(port: port)
    let answers = try clients.map { try $0.answer().status }
    #expect(answers.count { $0 == 503 } == 7 && answers.count { $0 == 200 } == 3)
  }

  @Test func `a client that goes while it waits makes room for another`() throws {
    let stage = try Stage()
    let port = try stage.reservePort()
    try stage.writeConf(
      ports: [port], health: Stage.fastProbes, sections: "[hold]\ntimeout = 5s\nqueue = 1\n")
    try stage.launch()
    do {
      let gone = try stage.connect()
      try gone.send("GET /getInfo HTTP/1.1\r\nHost: test\r\n\r\n")
      #expect(gone.isSilent(milliseconds: 50))
      gone.resetOnClose()
    }
    let client = try stage.connect()
    try eventually("there is room") {
      try client.send("GET /getInfo HTTP/1.1\r\nHost: test\r\n\r\n")
      if client.isSilent(milliseconds: 50) { return true }
      return try client.answer().status != 503
    }
    try stage.startReplica(port: port)
    #expect(try client.answer().status == 200)
  }

  @Test func `without a hold a request is told 503 at once`() throws {
    let stage = try Stage()
    try stage.writeConf(
      ports: [try stage.reservePort()], health: Stage.fastProbes,
      sections: "[hold]\ntimeout = off\n" + stage.accessSection())
    try stage.launch()
    #expect(try stage.connect().get("/").status == 503)
    // Had it waited, for how long would follow.
    #expect(try stage.awaitAccessLines(1)[0].text("cause") == "no replica is available")
  }

  // MARK: Places

  /// A replica that answers when it is told to, and how many requests it has at once.
  private struct Slow {
    let gate = Gate()
    let active = Counter()
    let most = Counter()
  }

  private func slowReplica(_ slow: Slow) throws -> ScriptedReplica {
    try ScriptedReplica { _, connection in
      slow.active.add()
      slow.most.add(max(0, slow.active.value - slow.most.value))
      try slow.gate.wait()
      slow.active.add(-1)
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      return .keep
    }
  }

  private func limited(_ replica: ScriptedReplica, _ limit: Int, hold: String) throws -> Stage {
    let stage = try Stage()
    try stage.write(
      """
      [lbd]
      main_port = \(stage.mainPort)
      control = \(stage.socketPath)
      [replica r1]
      address = 127.0.0.1:\(replica.port)
      max_requests = \(limit)
      [health]
      \(Stage.fastProbes)
      [hold]
      timeout = \(hold)

      """)
    try stage.start()
    return stage
  }

  @Test func `a replica never has more requests than it may, and the others wait their turn`()
    throws
  {
    let slow = Slow()
    let replica = try slowReplica(slow)
    let stage = try limited(replica, 3, hold: "5s")
    let clients = try (0..<20).map { _ in try stage.connect() }
    for client in clients { try client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n") }
    try eventually("three are there") { slow.active.value == 3 }
    Clock.sleep(milliseconds: 100)
    #expect(slow.active.value == 3)
    slow.gate.open()
    for client in clients { #expect(try client.answer().text == "ok") }
    #expect(slow.most.value == 3)
    // The places are all given back.
    try stage.awaitPool("nothing is in flight") { $0[0].active == 0 }
    for client in clients { #expect(try client.get("/").text == "ok") }
  }

  @Test func `a retry that waits for a place hears its client and is sent once`() throws {
    // The first answer is 503; from then on one request at a time, each slow.
    let (slow, count) = (Slow(), Counter())
    let replica = try ScriptedReplica { _, connection in
      count.add()
      if count.value == 1 {
        try connection.send("HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\nno")
        return .keep
      }
      slow.active.add()
      try slow.gate.wait()
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      return .keep
    }
    let other = try slowReplica(slow)
    let stage = try Stage()
    let members = [replica, other].enumerated().map {
      "[replica r\($0.offset)]\naddress = 127.0.0.1:\($0.element.port)\nmax_requests = 1\n"
    }
    try stage.write(
      "[lbd]\nmain_port = \(stage.mainPort)\ncontrol = \(stage.socketPath)\nworkers = 1\nhalf_close = on\n"
        + members.joined() + "[health]\n\(Stage.fastProbes)failures = 0\n[hold]\ntimeout = 5s\n"
        + "[retry]\nstatuses = 503\n")
    try stage.start()
    // One takes the other replica's place, and one waits for a place after its 503.
    let clients = try (0..<3).map { _ in try stage.connect() }
    try clients[0].send("GET /0 HTTP/1.1\r\nHost: test\r\n\r\n")
    try clients[1].send("GET /1 HTTP/1.1\r\nHost: test\r\n\r\n")
    try clients[2].send("GET /2 HTTP/1.1\r\nHost: test\r\n\r\n")
    try eventually("two are under way") { slow.active.value == 2 }
    // Whoever waits says more, and one of them goes.
    for client in clients { try client.send("GET /again HTTP/1.1\r\nHost: test\r\n\r\n") }
    clients[2].endSending()
    Clock.sleep(milliseconds: 100)
    slow.gate.open()
    for client in clients {
      for _ in 0..<2 { #expect(try client.answer().text == "ok") }
    }
    try stage.awaitPool("nothing is in flight") { $0.allSatisfy { $0.active == 0 } }
    #expect(try stage.lbctl("metrics").output.contains("lbd_held_requests 0\n"))
  }

  @Test func `who finds no place in time is told so`() throws {
    let slow = Slow()
    let replica = try slowReplica(slow)
    let stage = try limited(replica, 1, hold: "200ms")
    let first = try stage.connect()
    try first.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
    try eventually("it is there") { slow.active.value == 1 }
    let late = try stage.connect().get("/")
    #expect(late.status == 503 && late["proxy-status"] == "lbd; error=connection_limit_reached")
    try eventually("the log says so") {
      stage.lbd?.error.contains("every replica is at its max_requests after a wait of") == true
    }
    slow.gate.open()
    #expect(try first.answer().text == "ok")
  }

  @Test func `places of clients that go away are free for those that wait`() throws {
    let slow = Slow()
    let replica = try slowReplica(slow)
    let stage = try limited(replica, 2, hold: "5s")
    do {
      let gone = try (0..<2).map { _ in try stage.connect() }
      for client in gone { try client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n") }
      try eventually("they are there") { slow.active.value == 2 }
      for client in gone { client.resetOnClose() }
    }
    slow.gate.open()
    let client = try stage.connect()
    for _ in 0..<5 { #expect(try client.get("/").text == "ok") }
  }
}
