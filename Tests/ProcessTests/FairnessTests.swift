// One who has much to move does not keep the others waiting, though they share a thread with it.

import LinuxIO
import Synchronization
import TestSupport
import Testing

@Suite(.waiting) struct FairnessTests {
  private final class Busy: Sendable {
    let isOver = Atomic(false)
    let moved = Counter()

    deinit { isOver.store(true, ordering: .relaxed) }
  }

  /// Sends and receives as fast as it goes.
  private static func blast(_ connection: Connection, _ busy: Busy) throws {
    let piece = [UInt8](repeating: 0x78, count: 1 << 18)
    while !busy.isOver.load(ordering: .relaxed) {
      _ = connection.sendSome(piece)
      guard try connection.receive(atMost: 1 << 18) else { return }
      busy.moved.add(connection.takeReceived().count)
    }
  }

  /// Others' requests are answered while bytes move, alone on the machine in 200 ms at the most on an
  /// average.
  private func expectTurns(_ stage: Stage, _ busy: Busy) throws {
    try eventually("bytes move") { busy.moved.value > 20_000_000 }
    let before = busy.moved.value
    let start = Clock.now()
    for number in 1...20 {
      #expect(try stage.connect().get("/").text == "ok")
      let time = (Clock.now() - start) / 1_000_000
      guard time < Length.of(20_000, soak: 4000) else {
        Issue.record("\(number) requests took \(time) ms")
        return
      }
    }
    #expect(busy.moved.value > before)
  }

  private func replica(_ busy: Busy) throws -> ScriptedReplica {
    try ScriptedReplica { request, connection in
      if request.hasPrefix("GET /tunnel") {
        try connection.send(
          "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
        try Self.blast(connection, busy)
        return .close
      }
      if request.hasPrefix("GET /download") {
        try connection.send("HTTP/1.1 200 OK\r\n\r\n")
        let piece = [UInt8](repeating: 0x78, count: 1 << 18)
        while !busy.isOver.load(ordering: .relaxed) { try connection.send(piece) }
        return .close
      }
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      return .keep
    }
  }

  /// Runs so many clients in the background of `body`.
  private func during(
    _ busy: Busy, clients: Int, _ client: @escaping @Sendable () throws -> Void,
    _ body: () throws -> Void
  ) throws {
    let threads = try (0..<clients).map { _ in
      try Thread.start("busy") { _ = try? client() }
    }
    defer {
      busy.isOver.store(true, ordering: .relaxed)
      for thread in threads { thread.join() }
    }
    try body()
  }

  @Test func `tunnels that are busy both ways leave others their turn`() throws {
    let busy = Busy()
    let replica = try replica(busy)
    let stage = try Stage(scripted: [replica], lbd: "workers = 1")
    let client = { @Sendable [port = stage.mainPort] in
      let connection = try Connection(port: port)
      try connection.send(
        "GET /tunnel HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
      try Self.blast(connection, busy)
    }
    try during(busy, clients: 2, client) { try expectTurns(stage, busy) }
  }

  @Test func `a download at full speed leaves others their turn`() throws {
    let busy = Busy()
    let replica = try replica(busy)
    let stage = try Stage(scripted: [replica], lbd: "workers = 1")
    let client = { @Sendable [port = stage.mainPort] in
      let connection = try Connection(port: port)
      try connection.send("GET /download HTTP/1.1\r\nHost: test\r\n\r\n")
      while !busy.isOver.load(ordering: .relaxed), try connection.receive() {
        busy.moved.add(connection.takeReceived().count)
      }
    }
    try during(busy, clients: 1, client) { try expectTurns(stage, busy) }
  }
}
