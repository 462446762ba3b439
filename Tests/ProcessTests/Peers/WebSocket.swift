// A WebSocket's client, written out by RFC 6455 so that a test sees each frame.

import LinuxIO
import TestSupport

/// One WebSocket on a connection of its own.
final class WebSocket {
  enum Kind: UInt8 {
    case text = 1
    case binary = 2
    case close = 8
    case ping = 9
    case pong = 10
  }

  struct Frame: Equatable {
    let kind: Kind
    let payload: [UInt8]

    init(_ kind: Kind, _ payload: [UInt8]) {
      self.kind = kind
      self.payload = payload
    }

    init(_ kind: Kind, _ text: String) {
      self.init(kind, Array(text.utf8))
    }

    static func close(_ code: Int) -> Frame {
      Frame(.close, [UInt8(code >> 8), UInt8(code & 255)])
    }
  }

  let connection: Connection

  /// Asks for the change of protocol. The answer that is none throws.
  init(_ connection: Connection, _ target: String = "/ws") throws {
    self.connection = connection
    try connection.send(WebSocket.handshake(target))
    let head = try connection.answerHead()
    // The answer to this very key (§1.3).
    guard head.status == 101, head["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" else {
      throw TestFailure("no WebSocket: \(head)")
    }
  }

  static func handshake(_ target: String) -> String {
    "GET \(target) HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
  }

  /// Sends a frame, masked as a client has to (§5.3).
  func send(_ frame: Frame) throws {
    let mask: [UInt8] = [0x9A, 0x01, 0xFF, 0x5C]
    let count = frame.payload.count
    guard count < 1 << 16 else { throw TestFailure("\(count) bytes are too many for this client") }
    let length = count < 126 ? [UInt8(count)] : [126, UInt8(count >> 8), UInt8(count & 255)]
    try connection.send(
      [0x80 | frame.kind.rawValue, 0x80 | length[0]] + length.dropFirst() + mask
        + frame.payload.enumerated().map { $1 ^ mask[$0 % 4] })
  }

  /// Reads the next frame, which must be a whole message and not masked.
  func receive() throws -> Frame {
    let start = try connection.take(2)
    guard start[0] & 0xF0 == 0x80, let kind = Kind(rawValue: start[0] & 0x0F), start[1] < 127 else {
      throw TestFailure("no frame begins with \(start)")
    }
    var count = Int(start[1])
    if count == 126 {
      let length = try connection.take(2)
      count = Int(length[0]) << 8 | Int(length[1])
    }
    return Frame(kind, try connection.take(count))
  }
}
