// A response that its replica breaks off: the client gets what came of it, and sees that it is not all.

import LinuxIO
import TestSupport
import Testing

@Suite(.waiting) struct CutResponseTests {
  private static let size = 1_500_000

  /// A replica that sends the beginning of a longer body, and then resets or closes.
  private static func replica(_ head: String, _ next: ScriptedReplica.Next) throws
    -> ScriptedReplica
  {
    try ScriptedReplica { _, connection in
      try connection.send("HTTP/1.1 200 OK\r\n\(head)\r\n\r\n")
      try connection.send([UInt8](repeating: 0x78, count: size))
      // lbd takes what its client does not: nothing is left here when this connection breaks.
      while connection.unsent > 0 { Clock.sleep(milliseconds: 5) }
      return next
    }
  }

  /// What a client gets that does not read until lbd has met the end.
  private static func answer(
    to request: String, _ replica: ScriptedReplica
  ) throws -> (count: Int, end: Connection.End?, log: String) {
    let stage = try Stage(scripted: [replica], lbd: "workers = 1", health: Stage.noProbes)
    let connection = try stage.connect()
    try connection.send(request)
    let head = try connection.answerHead()
    guard head.status == 200 else { throw TestFailure("\(head)") }
    try eventually("lbd has met the end") { replica.closed.value == 1 }
    let count = try connection.takeRest().count
    return (count, connection.end, stage.lbd?.error ?? "")
  }

  @Test func `what came of a response with a length is delivered before the end`() throws {
    let replica = try Self.replica("Content-Length: \(Self.size * 2)", .close)
    let answer = try Self.answer(to: "GET / HTTP/1.1\r\nHost: test\r\n\r\n", replica)
    #expect(answer.count == Self.size && answer.end == .ended)
  }

  @Test func `what came of a response in chunks is delivered, and its last chunk is missing`()
    throws
  {
    let replica = try Self.replica(
      "Transfer-Encoding: chunked\r\n\r\n" + String(Self.size * 2, radix: 16), .close)
    let answer = try Self.answer(to: "GET / HTTP/1.1\r\nHost: test\r\n\r\n", replica)
    #expect(answer.count >= Self.size - 16 && answer.end == .ended)
  }

  @Test func `where nothing else tells, what came is delivered and then reset`() throws {
    let replica = try Self.replica(
      "Transfer-Encoding: chunked\r\n\r\n" + String(Self.size * 2, radix: 16), .close)
    let answer = try Self.answer(to: "GET / HTTP/1.0\r\n\r\n", replica)
    #expect(answer.count >= Self.size - 16 && answer.end == .reset)
  }

  @Test
  func `the end of a response waits for a client that takes it slowly, not for one that does not`()
    throws
  {
    let replica = try Self.replica("Content-Length: \(Self.size * 2)", .close)
    let stage = try Stage(
      scripted: [replica], lbd: "workers = 1", health: Stage.noProbes,
      sections: "[timeouts]\nidle = 5s\n")
    let clients = try (0..<2).map { _ in try stage.connect() }
    for client in clients { try client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n") }
    for client in clients { #expect(try client.answerHead().status == 200) }
    // The first one takes a little now and then, until the other one is cut.
    var taken = 0
    try eventually("the one that takes nothing is cut") {
      taken += try clients[0].take(80_000).count
      return clients[1].isCut(within: 1000)
    }
    #expect(try taken + clients[0].takeRest().count == Self.size)
    #expect(clients[0].end == .ended)
  }

  @Test(arguments: [
    "OPTIONS 204 Transfer-Encoding: chunked", "GET 304 Transfer-Encoding: chunked",
    "OPTIONS 204 Content-Length: 6",
  ])
  func `a connection on which a body may follow an answer without one serves no other request`(
    _ trial: String
  ) throws {
    let words = trial.split(separator: " ", maxSplits: 2)
    let replica = try ScriptedReplica { request, connection in
      if request.hasPrefix("GET /next") {
        try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      } else {
        try connection.send("HTTP/1.1 \(words[1]) Odd\r\n\(words[2])\r\n\r\n")
      }
      return .keep
    }
    let stage = try Stage(scripted: [replica], lbd: "workers = 1", health: Stage.noProbes)
    for _ in 0..<5 {
      let first = try stage.connect()
      try first.send("\(words[0]) / HTTP/1.1\r\nHost: test\r\n\r\n")
      #expect(try first.answer(toHead: true).status == Int(words[1]))
      #expect(try stage.connect().get("/next").text == "ok")
    }
    // Each first request had a connection of its own; the others share one, or have one each.
    #expect(replica.connections >= 6)
  }

  @Test func `a body that comes a moment after the answer to a HEAD is nobody's answer`() throws {
    let replica = try ScriptedReplica { request, connection in
      if request.hasPrefix("GET /next") {
        try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        return .keep
      }
      let body = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n")
      Clock.sleep(milliseconds: 5)
      try connection.send(body)
      return .keep
    }
    let stage = try Stage(scripted: [replica], lbd: "workers = 1", health: Stage.noProbes)
    for _ in 0..<20 {
      let first = try stage.connect()
      try first.send("HEAD / HTTP/1.1\r\nHost: test\r\n\r\n")
      #expect(try first.answer(toHead: true).status == 200)
      #expect(try stage.connect().get("/next").text == "ok")
    }
  }
}
