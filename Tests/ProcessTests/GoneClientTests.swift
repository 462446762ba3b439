// A client that is gone asks for nothing: what it asked for is not carried out where that can be, and
// given up at once where it has begun.

import ControlProtocol
import Glibc
import LinuxIO
import TestSupport
import Testing

@Suite(.waiting) struct GoneClientTests {
  private static let post = "POST /x HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\nhi"

  /// A replica that answers only what says `fast`, until the gate opens.
  private static func slowReplica(_ gate: Gate) throws -> ScriptedReplica {
    try ScriptedReplica { request, connection in
      if !request.contains("fast") { try gate.wait() }
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      return .keep
    }
  }

  @Test func `a request whose client has reset the connection by then is not carried out`() throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      return .keep
    }
    let stage = try Stage(scripted: [replica], lbd: "workers = 1")
    // lbd finds the requests and their resets at once.
    try stage.lbd?.paused {
      for _ in 0..<50 {
        let connection = try stage.connect()
        try connection.send(Self.post)
        connection.resetOnClose()
      }
    }
    #expect(try stage.connect().get("/after").status == 200)
    #expect(replica.requests.map { $0.prefix(10) } == ["GET /after"])
  }

  @Test func `a flood of requests with resets leaves no descriptor behind and no work`() throws {
    let gate = Gate()
    defer { gate.open() }
    let replica = try Self.slowReplica(gate)
    let stage = try Stage(
      scripted: [replica], sections: "[timeouts]\nresponse = 10m\nidle = 10m\n")
    let lbd = try #require(stage.lbd)
    let before = try lbd.descriptors()
    for _ in 0..<1000 {
      let connection = try stage.connect()
      try connection.send(Self.post)
      connection.resetOnClose()
    }
    try eventually("no more descriptors than before") { try lbd.descriptors() <= before + 8 }
    try stage.awaitPool("nothing is in flight") { $0.allSatisfy { $0.active == 0 } }
  }

  @Test func `a request in flight is given up when its client closes`() throws {
    let gate = Gate()
    defer { gate.open() }
    let replica = try Self.slowReplica(gate)
    // Nothing else ends it within the time of this test.
    let stage = try Stage.withAccessLog(
      scripted: [replica], sections: "[timeouts]\nresponse = 10m\nidle = 10m\n")
    do {
      let connection = try stage.connect()
      try connection.send("GET /slow HTTP/1.1\r\nHost: test\r\n\r\n")
      try eventually("it is in flight") { replica.requests.count == 1 }
    }
    try stage.awaitPool("it is given up") { $0.allSatisfy { $0.active == 0 } }
    #expect(try stage.awaitAccessLines(1)[0].isTrue("aborted"))
  }

  @Test(arguments: [false, true])
  func `a client that pipelines a request and leaves still gets the answer before it`(
    _ hasBegun: Bool
  ) throws {
    let size = 3_000_000
    let answers = Counter()
    let replica = try ScriptedReplica { request, connection in
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
      answers.add(1)
      try connection.send([UInt8](repeating: 0x78, count: size))
      return .keep
    }
    let stage = try Stage(scripted: [replica], lbd: "workers = 1", health: Stage.noProbes)
    let client = try stage.connect()
    try client.send("GET /1 HTTP/1.1\r\nHost: test\r\n\r\n")
    #expect(try client.answerHead().status == 200)
    // lbd has passed it all on, and its kernel holds the end of it.
    try stage.awaitPool("nothing is in flight") { $0[0].active == 0 && $0[0].requests == 1 }
    try client.send("GET /2 HTTP/1.1\r\nHost: test\r\n\r\n")
    if hasBegun {
      try eventually("the next answer begins") { answers.value == 2 }
      // For lbd to have its head: without that this is the other case.
      Clock.sleep(milliseconds: 200)
    }
    client.endSending()
    // Of the next one there may be a part.
    #expect(try client.takeRest().count >= size)
    #expect(client.end == .ended)
  }

  @Test func `a client that ended its sending side and takes nothing is reset`() throws {
    let (size, pieces) = (30_000_000, Counter())
    let replica = try ScriptedReplica { _, connection in
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
      let piece = [UInt8](repeating: 0x78, count: 100_000)
      for _ in 0..<size / piece.count {
        try connection.send(piece)
        pieces.add()
      }
      return .keep
    }
    let stage = try Stage(
      scripted: [replica], health: Stage.noProbes, sections: "[timeouts]\nidle = 1s\n")
    let client = try stage.connect()
    try client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
    #expect(try client.answerHead().status == 200)
    try pieces.awaitStandstill()
    client.endSending()
    try eventually("it is let go") {
      try stage.metrics().sum("lbd_worker_client_connections") == 0
    }
    // Nothing of what it did not take is left with the kernel.
    #expect(try client.takeRest().count < size)
    #expect(client.end == .reset)
  }

  @Test
  func `a client that has ended its sending side is gone, and where half_close is on it is not`()
    throws
  {
    for (setting, isServed) in [("off", false), ("on", true)] {
      let gate = Gate()
      let replica = try Self.slowReplica(gate)
      let stage = try Stage(scripted: [replica], lbd: "half_close = \(setting)")
      let connection = try stage.connect()
      try connection.send("GET /slow HTTP/1.1\r\nHost: test\r\n\r\n")
      try eventually("it is in flight") { replica.requests.count == 1 }
      connection.endSending()
      if isServed {
        #expect(connection.isSilent(milliseconds: 100))
        gate.open()
        #expect(try connection.answer().text == "ok")
      } else {
        #expect(connection.isCut(within: 10_000))
        gate.open()
      }
    }
  }

  @Test func `what waits for a replica is not carried out once its client is gone`() throws {
    let stage = try Stage()
    let port = try stage.reservePort()
    try stage.writeConf(
      ports: [port], health: Stage.fastProbes, sections: "[hold]\ntimeout = 1m\n")
    var first: ScriptedReplica? = try ScriptedReplica(port: port) { _, connection in
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      return .keep
    }
    try stage.start()
    try first?.stop()
    first = nil
    try stage.awaitPool("it is out") { $0[0].state != .up }
    do {
      let gone = try (0..<4).map { _ in try stage.connect() }
      for connection in gone { try connection.send(Self.post) }
      let patient = try stage.connect()
      try patient.send("GET /patient HTTP/1.1\r\nHost: test\r\n\r\n")
      try eventually("all wait") {
        try stage.lbctl("metrics").output.contains("lbd_held_requests 5")
      }
      for connection in gone { connection.endSending() }
      try eventually("one waits") {
        try stage.lbctl("metrics").output.contains("lbd_held_requests 1")
      }
      let second = try ScriptedReplica(port: port) { _, connection in
        try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        return .keep
      }
      #expect(try patient.answer().status == 200)
      #expect(second.requests.map { $0.prefix(12) } == ["GET /patient"])
    }
  }

  @Test func `a malformed request of a client that has ended its sending side gets its answer`()
    throws
  {
    let stage = try Stage(replicas: 1)
    let connection = try stage.connect()
    try connection.send("rubbish\r\n\r\n")
    connection.endSending()
    #expect(try connection.answer().status == 400)
  }

  @Test func `a replica's connection that is given up leaves no port behind`() throws {
    let gate = Gate()
    defer { gate.open() }
    let replica = try Self.slowReplica(gate)
    let stage = try Stage(scripted: [replica], health: Stage.noProbes)
    let count = 60
    for _ in 0..<count {
      let connection = try stage.connect()
      try connection.send("GET /slow HTTP/1.1\r\nHost: test\r\n\r\n")
      connection.endSending()
      #expect(connection.isCut(within: 10_000))
    }
    try stage.awaitPool("nothing is in flight") { $0.allSatisfy { $0.active == 0 } }
    let waiting = try SocketTable.count(to: replica.port, .timeWait)
    #expect(waiting < count / 4, "\(waiting) ports are in TIME_WAIT")
  }
}
