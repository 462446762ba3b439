// What uvicorn sends bit by bit for as long as a client listens: server-sent events and WebSockets.

import ControlProtocol
import LinuxIO
import Testing

@Suite(.waiting) struct PeerEventTests {
  private func release(_ connection: Connection) throws {
    #expect(try connection.post("/events/release", "").status == 200)
  }

  private func listen(_ peers: UvicornStage, count: Int) throws -> Connection {
    let listener = try peers.connect()
    try listener.send("GET /events?count=\(count) HTTP/1.1\r\nHost: test\r\n\r\n")
    let head = try listener.answerHead()
    #expect(head.status == 200 && head["content-type"]?.hasPrefix("text/event-stream") == true)
    return listener
  }

  @Test(arguments: ["workers = 1", "workers = 2"])
  func `each event comes before the next one is made`(_ workers: String) throws {
    let peers = try UvicornStage(1, lbd: workers)
    // Its head comes though no event has.
    let listener = try listen(peers, count: 20)
    let other = try peers.connect()
    for number in 0..<20 {
      #expect(listener.unread.isEmpty)
      try release(other)
      let event = try listener.chunk() ?? []
      #expect(String(decoding: event, as: UTF8.self) == "id: \(number)\ndata: event \(number)\n\n")
    }
    #expect(try listener.chunk() == nil)
    #expect(try listener.get("/json").status == 200)
  }

  @Test func `events of many listeners go on side by side`() throws {
    let peers = try UvicornStage()
    let listeners = try (0..<20).map { _ in try listen(peers, count: 1) }
    try peers.awaitSeen("all listeners") { $0.streams == 20 }
    let other = try peers.connect()
    for _ in listeners { try release(other) }
    for listener in listeners {
      #expect(try listener.chunk() == Array("id: 0\ndata: event 0\n\n".utf8))
      #expect(try listener.chunk() == nil)
    }
  }

  @Test(arguments: [true, false])
  func `a listener that leaves ends its events in the app`(_ isReset: Bool) throws {
    let peers = try UvicornStage()
    do {
      let listener = try listen(peers, count: 5)
      try release(try peers.connect())
      _ = try listener.chunk()
      #expect(try peers.seen().streams == 1)
      if isReset { listener.resetOnClose() }
    }
    // No further event comes.
    try peers.awaitSeen("that nobody listens") { $0.streams == 0 }
    try peers.stage.awaitPool("nothing is in flight") { $0[0].active == 0 }
  }

  // MARK: WebSockets

  @Test func `a WebSocket carries text, bytes and pings both ways`() throws {
    let peers = try UvicornStage()
    let socket = try WebSocket(try peers.connect())
    for count in [0, 1, 125, 126, 60_000] {
      let payload = Peer.letters(count)
      for kind in [WebSocket.Kind.text, .binary] {
        try socket.send(.init(kind, payload))
        #expect(try socket.receive() == .init(kind, payload))
      }
      let ping = Array(payload.prefix(125))
      try socket.send(.init(.ping, ping))
      #expect(try socket.receive() == .init(.pong, ping))
    }
    #expect(try peers.stage.replica(peers.ports[0]).active == 1)
  }

  @Test func `uvicorn's own pings reach the client and its pongs reach uvicorn`() throws {
    let peers = try UvicornStage(1, ["--ws-ping-interval", "0.05", "--ws-ping-timeout", "20"])
    let socket = try WebSocket(try peers.connect())
    for _ in 0..<5 {
      let ping = try socket.receive()
      #expect(ping.kind == .ping)
      // The next one comes only after this.
      try socket.send(.init(.pong, ping.payload))
    }
  }

  @Test func `a client's close reaches the app with its code`() throws {
    let peers = try UvicornStage()
    let socket = try WebSocket(try peers.connect())
    try socket.send(.close(4001))
    #expect(try socket.receive() == .close(4001))
    // The server ends first, and waits for its client (RFC 6455 §7.1.1).
    #expect(try socket.connection.isOver())
    socket.connection.endSending()
    try peers.awaitSeen("the code") { $0.closes == [4001] }
    try peers.stage.awaitPool("nothing is in flight") { $0[0].active == 0 }
  }

  @Test func `the app's close reaches the client with its code`() throws {
    let peers = try UvicornStage()
    let socket = try WebSocket(try peers.connect())
    try socket.send(.init(.text, "close 4002"))
    #expect(try socket.receive() == .close(4002))
    try socket.send(.close(4002))
    #expect(try socket.connection.isOver())
    socket.connection.endSending()
    try peers.stage.awaitPool("nothing is in flight") { $0[0].active == 0 }
  }

  @Test func `a WebSocket whose client vanishes ends in the app`() throws {
    let peers = try UvicornStage()
    do {
      let socket = try WebSocket(try peers.connect())
      try socket.send(.init(.text, "x"))
      #expect(try socket.receive() == .init(.text, "x"))
      socket.connection.resetOnClose()
    }
    // 1006 stands for a connection that ended without a close (RFC 6455 §7.1.5).
    try peers.awaitSeen("the end") { $0.closes == [1006] }
    try peers.stage.awaitPool("nothing is in flight") { $0[0].active == 0 }
  }

  @Test func `a WebSocket whose uvicorn is killed ends for the client`() throws {
    let peers = try UvicornStage()
    let socket = try WebSocket(try peers.connect())
    #expect(try peers.stopUvicorn(peers.ports[0], by: 9) == 137)
    #expect(try socket.connection.isOver())
  }

  @Test func `a WebSocket that the app refuses is an answer like any other`() throws {
    let peers = try UvicornStage()
    let connection = try peers.connect()
    try connection.send(WebSocket.handshake("/ws/refused"))
    #expect(try connection.answer().status == 403)
    #expect(try peers.connect().get("/json").status == 200)
  }
}
