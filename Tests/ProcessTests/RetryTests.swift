// A request that no replica can have executed goes to another; one that may have been is never sent
// twice.

import ControlProtocol
import LinuxIO
import Testing

@Suite(.waiting) struct RetryTests {
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

  private func ending(_ next: ScriptedReplica.Next) throws -> ScriptedReplica {
    try ScriptedReplica { _, _ in next }
  }

  @Test func `a POST whose replica refuses the connection goes whole to another`() throws {
    let stage = try Stage(replicas: 2, health: Stage.noProbes)
    try stage.killReplica(stage.ports[0])
    let body = String(repeating: "x", count: 5000)
    let answer = try stage.connect().post("/echo", body)
    #expect(answer.status == 200 && answer.text.hasSuffix("\r\n\r\n" + body))
    #expect(try stage.replica(stage.ports[0]).retries == 1)
  }

  @Test(
    arguments: [ScriptedReplica.Next.close, .reset], [("GET", 2), ("PUT", 2), ("POST", 1)])
  func `a request that was sent and cut is sent once more where it may be executed twice`(
    _ next: ScriptedReplica.Next, _ trial: (method: String, times: Int)
  ) throws {
    let method = trial.method
    let replicas = try (0..<4).map { _ in try ending(next) }
    let stage = try Stage(scripted: replicas)
    let connection = try stage.connect()
    try connection.send("\(method) / HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nbody")
    let answer = try connection.answer()
    #expect(answer.status == 502 && answer.text == #"{"detail":"the replica failed"}"#)
    #expect(replicas.map(\.requests.count).reduce(0, +) == trial.times)
    #expect(replicas.allSatisfy { $0.requests.count <= 1 })
    // Whoever cuts a request is alive all the same.
    #expect(try stage.pool().allSatisfy { $0.state == .up })
  }

  /// Answers its first request, and cuts the connection at the second.
  private func onceOnly() throws -> ScriptedReplica {
    let count = Counter()
    return try ScriptedReplica { _, connection in
      count.add()
      guard count.value == 1 else { return .close }
      try connection.send(Self.ok)
      return .keep
    }
  }

  private func steady() throws -> ScriptedReplica {
    try ScriptedReplica { _, connection in
      try connection.send(Self.ok)
      return .keep
    }
  }

  @Test func `a GET that meets the end of a reused connection is answered by another`() throws {
    let replicas = [try onceOnly(), try steady()]
    let stage = try Stage(scripted: replicas, lbd: "workers = 1")
    let connection = try stage.connect()
    for _ in 0..<3 { #expect(try connection.get("/").text == "ok") }
    #expect(replicas.map(\.requests.count) == [2, 2])
  }

  @Test func `a POST that meets the end of a reused connection is 502 and not sent again`() throws {
    let replicas = [try onceOnly(), try steady()]
    let stage = try Stage(scripted: replicas, lbd: "workers = 1")
    let connection = try stage.connect()
    for _ in 0..<2 { #expect(try connection.get("/").text == "ok") }
    #expect(try connection.post("/", "pay").status == 502)
    #expect(replicas.map(\.requests.count) == [2, 1])
  }

  @Test func `the only replica may end its idle connections whenever it likes`() throws {
    // Each connection ends when its second request comes: the end and the request have crossed.
    let replica = try ScriptedReplica { _, connection in
      try connection.send(Self.ok)
      _ = try connection.request()
      return .close
    }
    let stage = try Stage(scripted: [replica], lbd: "workers = 1", health: Stage.noProbes)
    let connection = try stage.connect()
    for _ in 0..<20 {
      let answer = try connection.get("/")
      #expect(answer.status == 200 && answer.text == "ok")
    }
    #expect(try stage.pool()[0].state == .up)
  }

  enum Broken: String, CaseIterable {
    case rubbish = "rubbish\r\n\r\n"
    case otherProtocol = "SSH-2.0-server\r\n"
    case noStatus = "HTTP/1.1 OK\r\n\r\n"
    case noLength = "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"
    case twoLengths = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"
    case noColon = "HTTP/1.1 200 OK\r\nno colon\r\n\r\n"
    case endless = "HTTP/1.1 200 OK\r\nX: "
  }

  @Test(arguments: Broken.allCases)
  func `a response that is none is 502`(_ response: Broken) throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send(response.rawValue)
      if response == .endless { try connection.send([UInt8](repeating: 0x78, count: 100_000)) }
      return .close
    }
    let stage = try Stage(scripted: [replica], lbd: "docs = on")
    let connection = try stage.connect()
    #expect(try connection.get("/").status == 502)
    #expect(replica.requests.count == 1)
    #expect(try stage.connect().get("/docs").status == 200)
  }

  @Test func `a request behind a long one in the buffer is as replayable as any`() throws {
    let turn = Counter()
    let replica = try ScriptedReplica { request, connection in
      if request.hasPrefix("PUT ") {
        turn.add()
        // The first one meets the end of its connection.
        if turn.value == 1 { return .close }
      }
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      return .keep
    }
    let stage = try Stage(scripted: [replica], lbd: "workers = 1")
    let connection = try stage.connect()
    let long = String(repeating: "x", count: 29_000)
    try connection.send(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(long.utf8.count)\r\n\r\n\(long)"
        + "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n")
    #expect(try connection.answer().text == "ok")
    try connection.send("abc")
    #expect(try connection.answer().text == "ok" && turn.value == 2)
  }

  @Test(arguments: [500, 502, 503, 599])
  func `a replica's own failure is passed on as it is`(_ status: Int) throws {
    let stage = try Stage(replicas: 2)
    let answer = try stage.connect().get("/status/\(status)")
    #expect(answer.status == status && answer.text == #"{"status":\#(status)}"#)
    try stage.awaitPool("it is counted") { $0.map(\.status5xx).reduce(0, +) == 1 }
  }

  @Test func `of many replicas that refuse, no more are tried than the conf allows`() throws {
    let stage = try Stage(
      replicas: 5, health: Stage.noProbes, sections: "[retry]\nattempts = 2\n")
    for port in stage.ports { try stage.killReplica(port) }
    #expect(try stage.connect().get("/").status == 502)
    try stage.awaitPool("three were tried") { $0.count { $0.state == .ejected } == 3 }
  }
}
