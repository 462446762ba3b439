// One side stops in the middle of a message: what was begun is never followed by something else.

import ControlProtocol
import Foundation
import LinuxIO
import TestSupport
import Testing

@Suite(.waiting) struct HalfwayTests {
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
  private static let chunked = "Host: test\r\nTransfer-Encoding: chunked\r\n\r\n"

  /// The bytes that lbd has sent on a connection and its client has not read, as the kernel counts
  /// them: what lbd's socket still holds, and what the client's has.
  /// Nil when the table, which changes while it is read, did not show both.
  private func bytesOnTheWay(_ stage: Stage, _ client: UInt16) throws -> Int? {
    let table = Data(try Files.read("/proc/net/tcp", limit: 16 << 20))
    func queues(of local: UInt16, to remote: UInt16) -> [Int]? {
      let ends = [local, remote].map { "0100007F:" + String(format: "%04X", Int($0)) }
      guard let found = table.range(of: Data(" \(ends[0]) \(ends[1]) 01 ".utf8)) else {
        return nil
      }
      let text = String(decoding: table[found.upperBound...].prefix(17), as: UTF8.self)
      return text.split(separator: ":").compactMap { Int($0, radix: 16) }
    }
    guard let sent = queues(of: stage.mainPort, to: client),
      let received = queues(of: client, to: stage.mainPort)
    else { return nil }
    return sent[0] + received[1]
  }

  /// Whether this comes to be so within a while.
  private func isSettled(_ ask: () throws -> Bool) throws -> Bool {
    let end = Clock.now() + 300_000_000
    while Clock.now() < end {
      if try ask() { return true }
      Clock.sleep(milliseconds: 1)
    }
    return false
  }

  @Test func `no retry follows an interim response that is half sent`() throws {
    let (allowed, gate) = (Counter(), Gate())
    let script: ScriptedReplica.Script = { request, connection in
      guard request.hasPrefix("PUT") else {
        try connection.send(Self.ok)
        return .keep
      }
      let field = String(repeating: "x", count: 60_000)
      var sent = 0
      try eventually("the end") {
        guard !gate.isOpen else { return true }
        guard sent < allowed.value else { return false }
        try connection.send("HTTP/1.1 103 Early Hints\r\nX: \(field)\r\n\r\n")
        sent += 1
        return false
      }
      return .reset
    }
    let replicas = [try ScriptedReplica(script), try ScriptedReplica(script)]
    let stage = try Stage(
      scripted: replicas, lbd: "workers = 1", sections: "[limits]\nheader = 64k\n")
    let connection = try stage.connect()
    // Only a reused connection's end lets a request that was sent go to another.
    for _ in replicas { #expect(try connection.get("/").text == "ok") }
    try connection.send("PUT / HTTP/1.1\r\n\(Self.chunked)")
    // One at a time, until the client, which reads nothing, is given only a part of one.
    var (size, whole) = (0, 0)
    var isWhole = true
    while isWhole {
      allowed.add()
      if size == 0 {
        try eventually("the first one is on its way") {
          size = try bytesOnTheWay(stage, connection.port) ?? 0
          Clock.sleep(milliseconds: 100)
          return try size > 0 && size == bytesOnTheWay(stage, connection.port)
        }
      }
      whole += size
      isWhole = try isSettled { try bytesOnTheWay(stage, connection.port) == whole }
    }
    try stage.lbd?.paused {
      // lbd meets the end when it sends this, before it can read of it.
      try connection.send("1\r\nx\r\n")
      gate.open()
      try eventually("the replica's end") { replicas[0].closed.value == 1 }
    }
    let text = String(decoding: try connection.takeRest(), as: UTF8.self)
    let heads = text.components(separatedBy: "\r\n\r\n")
    #expect(heads[0].hasPrefix("HTTP/1.1 103 "))
    // After whole interim responses comes the end, be it within one, or lbd's own answer.
    let rest = heads.drop { $0 == heads[0] }
    let isCut = rest.count == 1 && rest.first.map { heads[0].hasPrefix($0) } == true
    let isAnswered = rest.count == 2 && rest.first?.hasPrefix("HTTP/1.1 502 ") == true
    #expect(isCut || isAnswered, "\(rest.map { $0.prefix(200) })")
    #expect(replicas.map(\.requests.count) == [2, 1])
    #expect(stage.lbd?.isRunning == true)
    #expect(try stage.connect().get("/").status == 200)
  }

  @Test func `a refusal never lands inside a response`() throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send("HTTP/1.1 200 OK\r\n\r\nfirst half")
      _ = try connection.takeRest()
      return .close
    }
    let stage = try Stage(scripted: [replica])
    let connection = try stage.connect()
    try connection.send("POST / HTTP/1.1\r\n\(Self.chunked)1\r\nx\r\n")
    #expect(try connection.answerHead().status == 200)
    #expect(try connection.chunk() == Array("first half".utf8))
    try connection.send("no size\r\n")
    #expect(try connection.takeRest().isEmpty)
    #expect(connection.end == .reset)
  }

  // MARK: A replica that answers an upload early

  /// Answers after the first bytes of the body and closes with the rest unread, which is a reset.
  private static func refuseUpload(_ connection: Connection) throws -> ScriptedReplica.Next {
    try connection.send(
      "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig")
    return .close
  }

  private static let chunk = "1000\r\n" + String(repeating: "x", count: 4096) + "\r\n"

  @Test func `a replica's answer to an upload is heard though it closed at once`() throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.receive()
      return try Self.refuseUpload(connection)
    }
    let stage = try Stage(scripted: [replica], lbd: "workers = 1")
    for _ in 0..<20 {
      let connection = try stage.connect()
      try connection.send("POST / HTTP/1.1\r\n\(Self.chunked)")
      for _ in 0..<200 where (try? connection.send(Self.chunk)) == nil { break }
      let answer = try? connection.answer()
      #expect(answer?.status == 413 && answer?.text == "big")
    }
  }

  @Test func `a replica's answer is heard though sending to it failed before`() throws {
    let gates = (0..<3).map { _ in Gate() }
    let rounds = Counter()
    let replica = try ScriptedReplica { _, connection in
      rounds.add()
      try gates[rounds.value - 1].wait()
      _ = try Self.refuseUpload(connection)
      return .reset
    }
    let stage = try Stage(scripted: [replica], lbd: "workers = 1")
    for round in gates.indices {
      let connection = try stage.connect()
      try connection.send("POST / HTTP/1.1\r\n\(Self.chunked)\(Self.chunk)")
      try eventually("it is in flight") { rounds.value == round + 1 }
      try stage.lbd?.paused {
        try connection.send(Self.chunk)
        gates[round].open()
        try eventually("the replica's end") { replica.closed.value == round + 1 }
      }
      let answer = try? connection.answer()
      #expect(answer?.status == 413 && answer?.text == "big")
    }
  }
}
