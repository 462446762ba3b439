// Abuse with heads and bodies that do not come to an end, or stop before it.

import LinuxIO
import TestSupport

extension Abuse {
  static let post = "POST /getInfo HTTP/1.1\r\nHost: test\r\n"
  private static let chunked = post + "Transfer-Encoding: chunked\r\n\r\n"

  // MARK: Slow ones

  /// Heads one byte at a time, each of which is cut short.
  static func sendSlowHeads(_ port: UInt16) throws {
    let connections = try open(port, crowd)
    let head = Array("GET /getInfo HTTP/1.1\r\nHost: test\r\nX: ".utf8)
    var (position, open) = (0, connections)
    try eventually("all heads that drip in are refused", within: 15) {
      open.removeAll { !$0.isSilent(milliseconds: 0) }
      for connection in open {
        _ = connection.sendSome([position < head.count ? head[position] : 0x78])
      }
      position += 1
      return open.isEmpty
    }
    for connection in connections { try connection.expectRefusal(408) }
  }

  /// Bodies that stop half way.
  static func sendSlowBodies(_ port: UInt16) throws {
    let connections = try open(port, crowd)
    for (index, connection) in connections.enumerated() {
      try connection.send(
        index % 2 == 0 ? post + "Content-Length: 1000\r\n\r\nhalf" : chunked + "3e8\r\nhalf")
    }
    for connection in connections { try connection.expectRefusal(408) }
  }

  // MARK: Endless ones

  /// Sends pieces until an answer comes; it must be this refusal, long before the last piece.
  private static func sendEndlessly(
    _ port: UInt16, _ start: String, _ random: inout Seeded, refused status: Int,
    _ piece: (Int) -> String
  ) throws {
    let connection = try open(port)
    try connection.send(start)
    var sent = 0
    let size = Int.random(in: 100...4000, using: &random)
    while sent < 200_000 && connection.isSilent(milliseconds: 0) {
      let piece = piece(size)
      try connection.send(piece)
      sent += piece.utf8.count
    }
    try connection.expectRefusal(status)
  }

  static func sendEndlessFields(_ port: UInt16, _ random: inout Seeded) throws {
    try sendEndlessly(port, "GET / HTTP/1.1\r\nHost: test\r\n", &random, refused: 431) {
      "X-Field: \(String(repeating: "v", count: $0))\r\n"
    }
  }

  static func sendEndlessLine(_ port: UInt16, _ random: inout Seeded) throws {
    try sendEndlessly(port, "GET /", &random, refused: 414) { String(repeating: "a", count: $0) }
  }

  static func sendEndlessExtensions(_ port: UInt16, _ random: inout Seeded) throws {
    try sendEndlessly(port, chunked + "1", &random, refused: 400) {
      ";x=" + String(repeating: "e", count: $0)
    }
  }

  static func sendEndlessTrailers(_ port: UInt16, _ random: inout Seeded) throws {
    try sendEndlessly(port, chunked + "1\r\nx\r\n0\r\n", &random, refused: 400) {
      "T: \(String(repeating: "t", count: $0))\r\n"
    }
  }

  // MARK: Huge ones

  /// A chunk whose size is no number that a machine has, and one of which only a little comes.
  static func sendHugeChunks(_ port: UInt16) throws {
    let connections = try open(port, 3)
    try connections[0].send(chunked + "ffffffffffffffff\r\nx")
    try connections[1].send(chunked + String(repeating: "0", count: 64) + "1\r\nx")
    try connections[2].send(chunked + "fffffffffffffff\r\nx")
    for (connection, status) in zip(connections, [400, 400, 408]) {
      try connection.expectRefusal(status)
    }
  }

  /// More than `[limits] body` allows.
  static func announceHugeBody(_ port: UInt16) throws {
    let connection = try open(port)
    try connection.send(post + "Content-Length: 1000000000000\r\n\r\nx")
    try connection.expectRefusal(413)
  }
}
