// Abuse with connections: many, silent, cut at any moment, or with something on them that is no HTTP.

import LinuxIO
import TestSupport

extension Abuse {
  /// Connections on which nothing is ever said end without a word.
  static func saySilent(_ port: UInt16) throws {
    for connection in try open(port, crowd) {
      guard try connection.isOver() && connection.end == .ended else {
        throw TestFailure("a silent client gets \(connection.unreadText.debugDescription)")
      }
    }
  }

  private static let whole =
    post + "Content-Length: 10\r\n\r\n0123456789GET /getInfo HTTP/1.1\r\nHost: test\r\n\r\n"

  /// A part of what makes two requests, and then nobody is there any more.
  static func vanish(_ port: UInt16, _ random: inout Seeded) throws {
    let count = Int.random(in: 1...whole.utf8.count, using: &random)
    for connection in try open(port, crowd) { try connection.send(String(whole.prefix(count))) }
  }

  static func flood(_ port: UInt16) throws {
    for _ in 0..<200 { _ = try Connection(port: port) }
  }

  /// Connections that are reset at any point of a request and of its answer.
  static func floodWithResets(_ port: UInt16, _ random: inout Seeded) throws {
    for _ in 0..<100 {
      let connection = try Connection(port: port)
      connection.resetOnClose()
      let count = Int.random(in: 0...whole.utf8.count, using: &random)
      try? connection.send(String(whole.prefix(count)))
      if count > 70 && Bool.random(using: &random) { _ = connection.isSilent(milliseconds: 1) }
    }
  }

  /// Bytes of any sort, and the end: lbd answers with an error, or with the end.
  static func sendGarbage(_ port: UInt16, _ random: inout Seeded) throws {
    for connection in try open(port, crowd) {
      let count = Int.random(in: 1...3000, using: &random)
      var bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      if Bool.random(using: &random) { bytes = Array("GET / HTTP/1.1\r\n".utf8) + bytes }
      // lbd may refuse it and end before all was sent.
      try? connection.send(bytes)
      connection.endSending()
      let answer = String(decoding: try connection.takeRest(), as: UTF8.self)
      guard answer.isEmpty || answer.hasPrefix("HTTP/1.1 4") || answer.hasPrefix("HTTP/1.1 5")
      else { throw TestFailure("garbage is answered \(answer.debugDescription)") }
    }
  }

  private static let handshake =
    "GET /ws HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

  /// Tunnels that are opened and left in one way or another.
  static func abandonTunnels(_ port: UInt16, _ random: inout Seeded) throws {
    let tunnels = try open(port, crowd)
    for tunnel in tunnels { try tunnel.send(handshake) }
    for tunnel in tunnels {
      let answer = try tunnel.answerHead()
      guard answer.status == 101 else { throw TestFailure("a handshake is answered \(answer)") }
      switch Int.random(in: 0...3, using: &random) {
      case 0: tunnel.resetOnClose()
      case 1: tunnel.endSending()
      case 2: try? tunnel.send([UInt8](repeating: 0xFF, count: 50_000))
      default: break
      }
    }
  }
}
