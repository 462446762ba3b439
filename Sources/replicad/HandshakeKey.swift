// The question and answer of a WebSocket handshake (RFC 6455 §4.2), with SHA-1 and base64 in the
// small: they serve no secret here, only the proof that the server knows the protocol.

import HTTPWire

/// A client's well-formed `Sec-WebSocket-Key`.
struct HandshakeKey {
  private let text: [UInt8]

  /// Reads a request's fields. Nil unless they ask for a WebSocket of version 13 with one key of 16
  /// bytes in base64.
  init?(_ fields: borrowing HeaderFields, _ bytes: Span<UInt8>) {
    var (isWebSocket, isVersion13) = (false, false)
    var keys: [[UInt8]] = []
    for index in 0..<fields.count {
      let field = fields[index]
      if Text.matches(bytes, field.nameRange, "upgrade") {
        isWebSocket = isWebSocket || Text.matches(bytes, field.valueRange, "websocket")
      } else if Text.matches(bytes, field.nameRange, "sec-websocket-version") {
        isVersion13 = Text.matches(bytes, field.valueRange, "13")
      } else if Text.matches(bytes, field.nameRange, "sec-websocket-key") {
        keys.append(field.valueRange.map { bytes[$0] })
      }
    }
    guard isWebSocket && isVersion13 && keys.count == 1, HandshakeKey.isKey(keys[0]) else {
      return nil
    }
    text = keys[0]
  }

  /// 22 characters of base64 and two of padding.
  private static func isKey(_ text: [UInt8]) -> Bool {
    text.count == 24 && text.suffix(2) == [0x3D, 0x3D]
      && text.prefix(22).allSatisfy { alphabet.contains($0) }
  }

  /// The value of `Sec-WebSocket-Accept`, 28 characters.
  var answer: [UInt8] {
    HandshakeKey.base64(
      HandshakeKey.sha1(text + Array("258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8)))
  }

  // MARK: SHA-1 (RFC 3174)

  private static func sha1(_ message: [UInt8]) -> [UInt8] {
    var padded = message + [0x80]
    padded += Array(repeating: 0, count: (120 - padded.count % 64) % 64)
    padded += bigEndian(UInt64(message.count) * 8)
    var state: [UInt32] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0]
    for start in stride(from: 0, to: padded.count, by: 64) {
      mix(padded[start..<start + 64], into: &state)
    }
    return state.flatMap { bigEndian($0) }
  }

  private static func mix(_ block: ArraySlice<UInt8>, into state: inout [UInt32]) {
    var words = stride(from: block.startIndex, to: block.endIndex, by: 4).map { start in
      block[start..<start + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    }
    for index in 16..<80 {
      words.append(
        rotate(words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16], 1))
    }
    var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
    for (index, word) in words.enumerated() {
      let (mixed, constant): (UInt32, UInt32)
      switch index {
      case 0..<20: (mixed, constant) = (b & c | ~b & d, 0x5A82_7999)
      case 20..<40: (mixed, constant) = (b ^ c ^ d, 0x6ED9_EBA1)
      case 40..<60: (mixed, constant) = (b & c | b & d | c & d, 0x8F1B_BCDC)
      default: (mixed, constant) = (b ^ c ^ d, 0xCA62_C1D6)
      }
      (a, b, c, d, e) = (rotate(a, 5) &+ mixed &+ e &+ constant &+ word, a, rotate(b, 30), c, d)
    }
    for (index, value) in [a, b, c, d, e].enumerated() { state[index] &+= value }
  }

  private static func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 {
    word << count | word >> (32 - count)
  }

  private static func bigEndian<Word: FixedWidthInteger>(_ word: Word) -> [UInt8] {
    stride(from: Word.bitWidth - 8, through: 0, by: -8).map {
      UInt8(truncatingIfNeeded: word >> Word($0))
    }
  }

  // MARK: Base64 (RFC 4648 §4)

  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  private static func base64(_ bytes: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
      for position in 0..<4 {
        text.append(position <= group.count ? alphabet[bits >> (18 - 6 * position) & 63] : 0x3D)
      }
    }
    return text
  }
}
