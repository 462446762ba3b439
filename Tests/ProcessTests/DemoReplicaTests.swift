// The demo replica, asked directly and through lbd: no client holds one of its threads for longer than
// it is there and does its part.

import ControlProtocol
import Foundation
import LinuxIO
import TestSupport
import Testing

@Suite(.waiting) struct DemoReplicaTests {
  private static let post =
    "POST /getInfo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n"

  /// Chunked bodies that stop where more has to come before what is there means something, and some
  /// that stop elsewhere.
  private static let cutBodies = [
    "0", "3\r\nabc\r\n0", "00", "0\r\nX: y", "0\r\nX: y\r", "0\r\nX: y\r\nZ", "0\r\n\r", "", "3",
    "3\r\nab", "3\r\nabc\r", "3;x", "0;x", "0\r\n", "0\r\nX: y\r\n",
  ]

  /// A replica without an lbd before it.
  private final class Lone {
    private let stage: Stage
    let port: UInt16
    let child: Child

    init(_ arguments: String...) throws {
      stage = try Stage()
      port = try stage.startReplica(arguments)
      child = try #require(stage.replicas[port])
    }
  }

  private func send(_ request: String, _ count: Int, to port: UInt16) throws -> [Connection] {
    try (0..<count).map { _ in
      let connection = try Connection(port: port)
      try connection.send(request)
      return connection
    }
  }

  private func awaitThreads(_ child: Child, _ what: String, _ isSo: (Int) -> Bool) throws {
    var last = 0
    try eventually("\(what); threads: \(last)", within: 30) {
      last = try child.threads()
      return isSo(last)
    }
  }

  @Test(arguments: ["/getInfo", "/echo"])
  func `a chunked body that stops anywhere costs no time, and its thread ends with its client`(
    _ path: String
  ) throws {
    let lone = try Lone()
    let request = Self.post.replacing("/getInfo", with: path)
    var connections = try Self.cutBodies.flatMap { try send(request + $0, 4, to: lone.port) }
    try awaitThreads(lone.child, "each is served") { $0 > connections.count }
    try eventually("nothing is worked on", within: 30) { try lone.child.load() < 10 }
    #expect(try Connection(port: lone.port).get("/health").status == 200)
    // Half of them go by an end, half by a reset.
    for index in stride(from: 0, to: connections.count, by: 2) { connections[index].resetOnClose() }
    try letGo(&connections, lone.child)
  }

  private func letGo(_ connections: inout [Connection], _ child: Child) throws {
    connections = []
    try awaitThreads(child, "all have ended") { $0 == 1 }
  }

  /// lbd passes on only what means something, but of a last chunk with an extension that is a lone `0`.
  @Test func `hundreds of cut bodies through lbd leave its replica as it was`() throws {
    let stage = try Stage(replicas: 1)
    let port = stage.ports[0]
    let child = try #require(stage.replicas[port])
    #expect(try stage.connect().get("/getInfo").status == 200)
    var connections = try Self.cutBodies.flatMap {
      try send(Self.post + $0, 20, to: stage.mainPort)
    }
    try awaitThreads(child, "each is served") { $0 > connections.count }
    #expect(try Connection(port: port).get("/health").status == 200)
    connections = []
    // Some of lbd's own rest there: its probes', and those of a few requests.
    try awaitThreads(child, "all have ended") { $0 < 16 }
    try eventually("nothing is worked on", within: 30) { try child.load() < 20 }
    #expect(try stage.replica(port).state == .up)
    #expect(try stage.connect().get("/getInfo").status == 200)
  }

  @Test(arguments: ["/getInfo", "/echo"])
  func `a body that goes on after any byte is taken whole`(_ path: String) throws {
    let lone = try Lone()
    let connection = try Connection(port: lone.port)
    for body in ["3\r\nabc\r\n0\r\n\r\n", "03;x=y\r\nabc\r\n00\r\nX: y\r\nZ: y\r\n\r\n"] {
      try connection.send(Self.post.replacing("/getInfo", with: path))
      for byte in body.utf8 {
        try connection.send([byte])
        Clock.sleep(milliseconds: 1)
      }
      let answer = try connection.answer()
      #expect(answer.status == 200)
      if path == "/echo" { #expect(answer.text.hasSuffix("\r\n\r\nabc")) }
    }
  }

  // MARK: Clients that leave

  @Test(arguments: [
    "/delay/10m", "/stream?chunks=2&interval=10m", "/bytes/1073741824", "/echo", "/ws",
  ])
  func `a client that leaves ends its thread at once`(_ path: String) throws {
    let lone = try Lone()
    let upgrade =
      "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
      + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    let field = path == "/ws" ? upgrade : path == "/echo" ? "Content-Length: 5\r\n" : ""
    let request = "GET \(path) HTTP/1.1\r\nHost: test\r\n\(field)\r\n"
    var connections = try send(request, 20, to: lone.port)
    try awaitThreads(lone.child, "each is served") { $0 == 21 }
    try letGo(&connections, lone.child)
  }

  @Test func `clients of lbd that leave end the threads of its replica that wait`() throws {
    let stage = try Stage(replicas: 1)
    let child = try #require(stage.replicas[stage.ports[0]])
    var connections = try send(
      "GET /delay/10m HTTP/1.1\r\nHost: test\r\n\r\n", 20, to: stage.mainPort)
    try awaitThreads(child, "each is served") { $0 > 20 }
    for connection in connections { connection.resetOnClose() }
    connections = []
    try awaitThreads(child, "all have ended") { $0 < 10 }
  }

  @Test func `so does a delay for all`() throws {
    let lone = try Lone("--delay", "24h")
    var connections = try send("GET /getInfo HTTP/1.1\r\nHost: test\r\n\r\n", 20, to: lone.port)
    try awaitThreads(lone.child, "each is served") { $0 == 21 }
    try letGo(&connections, lone.child)
  }

  // MARK: Bounds

  @Test(arguments: [
    ("/bytes/1073741825", "up to 1073741824"), ("/bytes/999999999999999999", "up to 1073741824"),
    ("/delay/601s", "up to 10m"), ("/stream?chunks=100001", "up to 100000 chunks"),
    ("/stream?chunks=3&interval=6m", "10m in all"), ("/status/600", "200 to 599"),
    ("/status/99999999999999999999", "200 to 599"),
  ])
  func `what asks for too much is told how much it may`(_ target: String, _ word: String) throws {
    let lone = try Lone()
    let connection = try Connection(port: lone.port)
    try connection.send("GET \(target) HTTP/1.1\r\nHost: test\r\n\r\n")
    let head = try connection.answerHead()
    try #require(head.status == 400)
    let length = try #require(head["content-length"].flatMap { Int($0) })
    #expect(String(decoding: try connection.take(length), as: UTF8.self).contains(word))
  }

  @Test func `it serves as many connections as it is told, and the next ones in their turn`() throws
  {
    let lone = try Lone("--connections", "3")
    var connections = try (0..<3).map { _ in try Connection(port: lone.port) }
    for connection in connections { #expect(try connection.get("/getInfo").status == 200) }
    var waiting = try send("GET /getInfo HTTP/1.1\r\nHost: test\r\n\r\n", 5, to: lone.port)
    #expect(waiting.allSatisfy { $0.isSilent(milliseconds: 50) })
    #expect(try lone.child.threads() == 4)
    while !waiting.isEmpty {
      connections.removeFirst()
      let connection = waiting.removeFirst()
      #expect(try connection.answer().status == 200)
      #expect(try lone.child.threads() <= 4)
      connections.append(connection)
    }
  }

  @Test func `it listens on this machine only unless told`() throws {
    let lone = try Lone()
    // A wildcard would take this one, too.
    let other = try #require(SocketAddress(ip: "127.0.0.2", port: lone.port))
    #expect(throws: SystemError.self) { try Connection(other) }
    let wide = try Lone("--host", "0.0.0.0")
    let reached = try #require(SocketAddress(ip: "127.0.0.2", port: wide.port))
    #expect(try Connection(reached).get("/health").status == 200)
  }

  @Test(arguments: [
    ["--connections", "0"], ["--connections", "8193"], ["--connections", "many"],
  ])
  func `a number of connections that makes no sense is refused`(_ arguments: [String]) throws {
    let outcome = try Child.run("replicad", ["--port", "0"] + arguments)
    #expect(outcome.status == 2 && outcome.error.contains("from 1 to 8192"), "\(outcome)")
  }
}
