// The head of a WebSocket frame (RFC 6455 §5.2).

import HTTPWire

/// What is said before a frame's payload.
struct WebSocketFrame {
  enum Kind: UInt8 {
    case continuation = 0
    case text = 1
    case binary = 2
    case close = 8
    case ping = 9
    case pong = 10

    /// Control frames are short, whole, and may come between the fragments of a message (§5.4).
    var isControl: Bool { rawValue >= 8 }
  }

  enum Outcome {
    /// The frame's payload begins after this many bytes.
    case complete(WebSocketFrame, Int)
    case incomplete
    /// The connection is to be closed with this code (§7.4.1).
    case refused(Int)
  }

  /// The longest payload that is accepted, in bytes.
  static var longest: Int { 1 << 20 }
  static var protocolError: Int { 1002 }
  static var tooBig: Int { 1009 }
  static var goingAway: Int { 1001 }

  var kind: Kind
  /// It ends its message.
  var isFinal: Bool
  var length: Int
  /// The client's mask; a server's own frames have none (§5.1).
  private var mask: [4 of UInt8] = [0, 0, 0, 0]

  init(_ kind: Kind, isFinal: Bool, length: Int) {
    self.kind = kind
    self.isFinal = isFinal
    self.length = length
  }

  /// Reads a client's frame head at the start of `bytes`.
  static func parse(_ bytes: Span<UInt8>) -> Outcome {
    guard bytes.count >= 2 else { return .incomplete }
    let (first, second) = (bytes[0], bytes[1])
    // No extension was agreed on, so the reserved bits are zero (§5.2); a client masks (§5.1).
    guard first & 0x70 == 0 && second & 0x80 != 0, let kind = Kind(rawValue: first & 15) else {
      return .refused(protocolError)
    }
    var frame = WebSocketFrame(kind, isFinal: first & 0x80 != 0, length: Int(second & 127))
    guard !kind.isControl || frame.isFinal && frame.length <= 125 else {
      return .refused(protocolError)
    }
    let extra = frame.length == 126 ? 2 : frame.length == 127 ? 8 : 0
    guard bytes.count >= 6 + extra else { return .incomplete }
    if extra > 0 {
      var length: UInt64 = 0
      for index in 2..<2 + extra { length = length << 8 | UInt64(bytes[index]) }
      // The shortest form is the only one (§5.2).
      guard length >= (extra == 2 ? 126 : 65536) && length >> 63 == 0 else {
        return .refused(protocolError)
      }
      frame.length = Int(length)
    }
    guard frame.length <= longest else { return .refused(tooBig) }
    for index in 0..<4 { frame.mask[index] = bytes[2 + extra + index] }
    return .complete(frame, 6 + extra)
  }

  /// Takes the mask off payload bytes, the first of which is the payload's at `offset` (§5.3).
  func unmask(_ bytes: inout MutableSpan<UInt8>, at offset: Int) {
    for index in bytes.indices { bytes[index] ^= mask[(offset + index) & 3] }
  }

  /// Writes the head as a server sends it.
  func write(to writer: inout ByteWriter) {
    writer.append((isFinal ? 0x80 : 0) | kind.rawValue)
    let extra: Int
    switch length {
    case ..<126: extra = 0
    case ..<65536: extra = 2
    default: extra = 8
    }
    writer.append(extra == 0 ? UInt8(length) : extra == 2 ? 126 : 127)
    for position in stride(from: extra - 1, through: 0, by: -1) {
      writer.append(UInt8(truncatingIfNeeded: length >> (8 * position)))
    }
  }
}
