// Bodies of any size in constant memory: lbd takes no more from one side than the other takes.

import Foundation
import LinuxIO
import Testing

/// One after the other: what they measure is memory and pace.
@Suite(.serialized, .waitingFirst) struct StreamingTests {
  private static let size = 200_000_000
  /// KiB that lbd may grow by, whatever passes through it.
  private static let allowance = 4096
  /// Bytes that the kernel's socket buffers may hold on the way; lbd's own are 32 KiB.
  private static let onTheWay = 40_000_000

  /// What `/bytes/N` sends, twice the alphabet's least multiple that a read may span.
  private static let letters = Data((0..<131_072).map { UInt8(0x61 + $0 % 26) })

  @Test func `a large download passes whole in constant memory at the client's pace`() throws {
    let stage = try Stage(replicas: 1)
    let connection = try stage.connect()
    _ = try connection.get("/bytes/1000000")
    let before = try stage.lbd?.kibibytes("VmRSS") ?? 0
    try connection.send("GET /bytes/\(Self.size) HTTP/1.1\r\nHost: test\r\n\r\n")
    let head = try connection.answerHead()
    #expect(head["content-length"] == "\(Self.size)")
    var received = 0
    var isRight = true
    var (most, reads) = (0, 0)
    while true {
      let bytes = Data(connection.takeReceived())
      let phase = received % 26
      isRight = isRight && bytes == Self.letters[phase..<phase + bytes.count]
      received += bytes.count
      reads += 1
      if received >= Self.size { break }
      // A slow reader at first: lbd must not take in what it cannot pass on.
      if received < 20_000_000 { Clock.sleep(milliseconds: 1) }
      if reads % 64 == 0 { most = max(most, try stage.lbd?.kibibytes("VmRSS") ?? 0) }
      guard try connection.receive() else { break }
    }
    #expect(received == Self.size && isRight && most > 0)
    #expect(most - before < Self.allowance, "from \(before) to \(most) KiB")
    #expect(try connection.get("/getInfo").status == 200)
  }

  @Test func `a large upload passes whole in constant memory`() throws {
    let stage = try Stage(replicas: 1)
    let connection = try stage.connect()
    _ = try connection.post("/getInfo", String(repeating: "x", count: 100_000))
    let before = try stage.lbd?.kibibytes("VmRSS") ?? 0
    var most = 0
    try connection.send(
      "POST /getInfo HTTP/1.1\r\nHost: test\r\nContent-Length: \(Self.size)\r\n\r\n")
    let piece = [UInt8](repeating: 0x78, count: 1_000_000)
    for _ in 0..<Self.size / piece.count {
      try connection.send(piece)
      most = max(most, try stage.lbd?.kibibytes("VmRSS") ?? 0)
    }
    #expect(try connection.answer().port == stage.names[0])
    #expect(most - before < Self.allowance, "from \(before) to \(most) KiB")
    #expect(try connection.get("/getInfo").status == 200)
  }

  @Test func `a client that does not read holds its replica back`() throws {
    let sent = Counter()
    let replica = try ScriptedReplica { _, connection in
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(Self.size)\r\n\r\n")
      let piece = [UInt8](repeating: 0x78, count: 100_000)
      while sent.value < Self.size {
        try connection.send(piece)
        sent.add(piece.count)
      }
      return .keep
    }
    let stage = try Stage(scripted: [replica])
    let connection = try stage.connect()
    try connection.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
    _ = try connection.answerHead()
    try sent.awaitStandstill()
    #expect(sent.value < Self.onTheWay)
    var received = connection.takeReceived().count
    while received < Self.size, try connection.receive() {
      received += connection.takeReceived().count
    }
    #expect(received == Self.size)
  }

  @Test func `a replica that does not read holds its client back`() throws {
    let gate = Gate()
    let received = Counter()
    let replica = try ScriptedReplica { _, connection in
      try gate.wait()
      while let chunk = try connection.chunk() { received.add(chunk.count) }
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
      return .keep
    }
    let stage = try Stage(scripted: [replica])
    let connection = try stage.connect()
    try connection.send("POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n")
    let chunk = Array("ffff\r\n".utf8) + [UInt8](repeating: 0x78, count: 65535) + [13, 10]
    var pending: ArraySlice<UInt8> = []
    var (taken, chunks, idle) = (0, 0, 0)
    // Until nothing was taken for a good while.
    while idle < 60 && taken < Self.size {
      if pending.isEmpty {
        pending = chunk[...]
        chunks += 1
      }
      let count = connection.sendSome(Array(pending))
      pending = pending.dropFirst(count)
      taken += count
      idle = count == 0 ? idle + 1 : 0
      if count == 0 { Clock.sleep(milliseconds: 5) }
    }
    #expect(taken < Self.onTheWay)
    gate.open()
    try connection.send(Array(pending) + Array("0\r\n\r\n".utf8))
    #expect(try connection.answer().status == 200)
    #expect(received.value == chunks * 65535)
  }
}
