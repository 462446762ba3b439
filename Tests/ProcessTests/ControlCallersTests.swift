// Callers of the control socket who ask for too much: the others, and lbd itself, are not held up.

import ControlProtocol
import Foundation
import LinuxIO
import Testing

@Suite(.waiting) struct ControlCallersTests {
  private func caller(_ stage: Stage) throws -> Connection {
    try Connection(try #require(SocketAddress(path: stage.socketPath)))
  }

  @Test func `who pipelines many requests lets others go between them`() throws {
    let stage = try Stage(replicas: 2)
    let (greedy, modest) = (try caller(stage), try caller(stage))
    // Both are known to lbd, which then finds all of this at once, the greedy one's first.
    #expect(try modest.get(ControlPath.version).status == 200)
    #expect(try greedy.get(ControlPath.version).status == 200)
    let count = 200
    let ask = "GET \(ControlPath.explain)?replica=\(stage.names[0]) HTTP/1.1\r\nHost: lbd\r\n\r\n"
    let body = "{\"replica\":\"\(stage.names[0])\"}"
    try stage.lbd?.paused {
      try greedy.send(String(repeating: ask, count: count))
      try modest.send(
        "POST \(ControlPath.order(.drain)) HTTP/1.1\r\nHost: lbd\r\n"
          + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }
    #expect(try modest.answer().status == 200)
    var before = 0
    for _ in 0..<count {
      let answer = try greedy.answer()
      #expect(answer.status == 200)
      if !answer.text.contains("\"order\":\"drain\"") { before += 1 }
    }
    #expect(before <= 32, "\(before) of \(count) were answered before the other's one")
  }

  @Test func `who sends all its requests and ends gets all of its answers`() throws {
    let stage = try Stage(replicas: 1)
    let caller = try caller(stage)
    let count = 100
    try caller.send(
      String(repeating: "GET \(ControlPath.version) HTTP/1.1\r\nHost: lbd\r\n\r\n", count: count))
    caller.endSending()
    for _ in 0..<count { #expect(try caller.answer().status == 200) }
    #expect(try caller.isOver())
  }

  @Test func `who reads none of its answers gets no more of them, and they are there in the end`()
    throws
  {
    let stage = try Stage(replicas: 3)
    let deaf = try caller(stage)
    let ask = Array("GET \(ControlPath.pool) HTTP/1.1\r\nHost: lbd\r\n\r\n".utf8)
    // As many as the kernel holds and lbd takes, then no more: it looks for room a few times.
    var (sent, rest, lapses) = (0, [UInt8](), 0)
    while lapses < 20 && rest.isEmpty {
      let took = deaf.sendSome(ask)
      if took == ask.count {
        sent += 1
      } else if took > 0 {
        rest = Array(ask[took...])
      } else {
        lapses += 1
        #expect(try stage.lbctl("health").status == 0)
      }
    }
    for _ in 0..<sent { #expect(try deaf.answer().status == 200) }
    if !rest.isEmpty {
      try deaf.send(rest)
      #expect(try deaf.answer().status == 200)
    }
  }

  @Test func `who holds every connection there may be keeps nobody out`() throws {
    let stage = try Stage(replicas: 1)
    let idle = try (0..<200).map { _ in try caller(stage) }
    let halfway = try (0..<200).map { _ in
      let caller = try caller(stage)
      try caller.send("GET \(ControlPath.pool) HTTP/1.1\r\n")
      return caller
    }
    let outcome = try stage.lbctl("health")
    #expect(outcome.status == 0, "\(outcome)")
    #expect(idle.count + halfway.count == 400)
    let descriptors = try stage.lbd?.descriptors() ?? 0
    #expect(descriptors < 200, "\(descriptors) descriptors")
  }
}
