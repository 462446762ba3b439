// Slow is not idle: while bytes flow nobody is cut, however long it takes.

import LinuxIO
import Testing

@Suite(.waiting) struct SlowPeerTests {
  private static let size = 48_000_000
  private static let sections = "[timeouts]\nidle = 1s\nclient_idle = 1s\nresponse = 1s\n"

  /// Takes so many bytes, for three seconds in small portions; how many came.
  private static func takeSlowly(_ count: Int, _ connection: Connection) throws -> Int {
    let hurry = Clock.now() + 3_000_000_000
    var taken = connection.takeReceived().count
    while taken < count, try connection.receive(atMost: 200_000) {
      taken += connection.takeReceived().count
      if Clock.now() < hurry && taken < count { Clock.sleep(milliseconds: 20) }
    }
    return taken
  }

  @Test func `an upload that a replica takes slowly arrives whole`() throws {
    let replica = try ScriptedReplica { _, connection in
      let taken = try Self.takeSlowly(Self.size, connection)
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \("\(taken)".count)\r\n\r\n\(taken)")
      return .close
    }
    let stage = try Stage(scripted: [replica], lbd: "workers = 1", sections: Self.sections)
    let connection = try stage.connect()
    // As one chunk, since a body of a stated length is read before the script runs.
    let end = "\r\n0\r\n\r\n"
    let frame = String(Self.size - end.utf8.count - 9, radix: 16) + "\r\n"
    #expect(frame.utf8.count == 9)
    try connection.send(
      "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n\(frame)")
    let piece = [UInt8](repeating: 0x78, count: 1_000_000)
    var left = Self.size - end.utf8.count - frame.utf8.count
    while left > 0 {
      let count = min(left, piece.count)
      try connection.send(count == piece.count ? piece : Array(piece[..<count]))
      left -= count
    }
    try connection.send(end)
    let answer = try connection.answer()
    #expect(answer.status == 200 && answer.text == "\(Self.size)")
  }

  @Test func `a download that a client takes slowly arrives whole`() throws {
    let replica = try ScriptedReplica { _, connection in
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(Self.size)\r\n\r\n")
      let piece = [UInt8](repeating: 0x78, count: 1_000_000)
      for _ in 0..<Self.size / piece.count { try connection.send(piece) }
      return .keep
    }
    let stage = try Stage(scripted: [replica], lbd: "workers = 1", sections: Self.sections)
    let connection = try stage.connect()
    try connection.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
    #expect(try connection.answerHead().status == 200)
    #expect(try Self.takeSlowly(Self.size, connection) == Self.size)
  }
}
