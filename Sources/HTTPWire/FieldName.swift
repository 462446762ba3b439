// The field names that a balancer acts on. A name is recognised once, by comparing machine words;
// all others pass as they are.

/// A field name that a balancer reads, replaces or removes, or `other`.
package enum FieldName: UInt8, BitwiseCopyable, Sendable {
  case other
  case host, connection, contentLength, transferEncoding, expect, upgrade, te, keepAlive, trailer
  case proxyConnection, via, forwarded, forwardedFor, forwardedHost, forwardedProto, requestID
  case http2Settings, testToken, replicaName, date, maxForwards, proxyStatus
  /// `Proxy`: behind CGI it becomes `HTTP_PROXY`, by which programs find their own proxy.
  case proxy
  /// `X-Real-IP` and every other `X-Forwarded-…`: what only a proxy can know of a client.
  case forwardedOther
  /// One of these with `_` for `-`: servers behind CGI and WSGI read both alike, so a client could
  /// state with it what lbd states. It goes no further.
  case lookalike

  /// A field that a proxy writes: whoever sends it speaks for another, or says so.
  package var isByProxy: Bool {
    switch self {
    case .via, .forwarded, .forwardedFor, .forwardedHost, .forwardedProto, .forwardedOther,
      .lookalike:
      true
    default: false
    }
  }

  /// Recognises the name of `count` bytes at `start`, in any case. All bytes are tokens, so that
  /// setting bit 5 of each makes letters small and leaves no other name looking like one of ours.
  @inline(__always)
  static func recognise(_ bytes: Span<UInt8>, _ start: Int, _ count: Int) -> FieldName {
    guard count <= 17 || bytes[start] | 0x20 == 0x78 else { return .other }
    var hasUnderscore = false
    let head = word(bytes, start, min(count, 8), &hasUnderscore)
    guard count > 8 else { return short(head) }
    let tail = word(bytes, start + count - 8, 8, &hasUnderscore)
    let ninth = bytes[start + 8] == 0x5F ? 0x2D : bytes[start + 8] | 0x20
    var name = long(head, tail, ninth, count)
    if name == .other && head == forwardedStart && count > 12 {
      let next = word(bytes, start + 8, 4, &hasUnderscore)
      name = next == 0x6465_642d ? .forwardedOther : .other
    }
    let isLookalike = name != .other && (hasUnderscore || bytes[start + 8] == 0x5F)
    return isLookalike ? .lookalike : name
  }

  /// `x-forwar`.
  private static var forwardedStart: UInt64 { 0x782d_666f_7277_6172 }

  private static func short(_ head: UInt64) -> FieldName {
    switch head {
    case 0x7465: .te
    case 0x76_6961: .via
    case 0x686f_7374: .host
    case 0x6461_7465: .date
    case 0x70_726f_7879: .proxy
    case 0x6578_7065_6374: .expect
    case 0x75_7067_7261_6465: .upgrade
    case 0x74_7261_696c_6572: .trailer
    default: .other
    }
  }

  /// Names of 9 to 17 bytes by their first eight, their last eight and, where these do not meet,
  /// the ninth.
  private static func long(
    _ head: UInt64, _ tail: UInt64, _ ninth: UInt8, _ count: Int
  ) -> FieldName {
    switch (head, tail, count) {
    case (0x666f_7277_6172_6465, 0x6f72_7761_7264_6564, 9): .forwarded
    case (0x782d_7265_616c_2d69, 0x2d72_6561_6c2d_6970, 9): .forwardedOther
    case (0x636f_6e6e_6563_7469, 0x6e6e_6563_7469_6f6e, 10): .connection
    case (0x6b65_6570_2d61_6c69, 0x6570_2d61_6c69_7665, 10): .keepAlive
    case (0x782d_6c62_642d_7465, 0x6c62_642d_7465_7374, 10): .testToken
    case (0x6d61_782d_666f_7277, 0x666f_7277_6172_6473, 12): .maxForwards
    case (0x7072_6f78_792d_7374, 0x792d_7374_6174_7573, 12): .proxyStatus
    case (0x782d_7265_7175_6573, 0x7175_6573_742d_6964, 12): .requestID
    case (0x782d_6c62_642d_7265, 0x2d72_6570_6c69_6361, 13): .replicaName
    case (0x636f_6e74_656e_742d, 0x742d_6c65_6e67_7468, 14): .contentLength
    case (0x6874_7470_322d_7365, 0x7365_7474_696e_6773, 14): .http2Settings
    case (0x782d_666f_7277_6172, 0x7264_6564_2d66_6f72, 15): .forwardedFor
    case (0x782d_666f_7277_6172, 0x6465_642d_686f_7374, 16): .forwardedHost
    case (0x7072_6f78_792d_636f, 0x6e6e_6563_7469_6f6e, 16): .proxyConnection
    case (0x7472_616e_7366_6572, 0x656e_636f_6469_6e67, 17) where ninth == 0x2d: .transferEncoding
    case (0x782d_666f_7277_6172, 0x6564_2d70_726f_746f, 17) where ninth == 0x64: .forwardedProto
    default: .other
    }
  }

  /// `count` bytes, at most eight, as one word: letters small, `_` as `-`.
  @inline(__always)
  private static func word(
    _ bytes: Span<UInt8>, _ start: Int, _ count: Int, _ hasUnderscore: inout Bool
  ) -> UInt64 {
    if let whole = ByteScan.word(bytes, start) {
      let letters = whole.byteSwapped &>> UInt64(64 - count * 8)
      if !mayHoldUnderscore(letters) {
        return (letters | 0x2020_2020_2020_2020) & UInt64.max &>> UInt64(64 - count * 8)
      }
    }
    var word: UInt64 = 0
    for index in start..<start + count {
      let isUnderscore = bytes[index] == 0x5F
      hasUnderscore = hasUnderscore || isUnderscore
      word = word << 8 | UInt64(isUnderscore ? 0x2D : bytes[index] | 0x20)
    }
    return word
  }

  /// Whether one of the bytes is `_`; where it says so, it may be wrong.
  @inline(__always)
  private static func mayHoldUnderscore(_ word: UInt64) -> Bool {
    let differences = word ^ 0x5F5F_5F5F_5F5F_5F5F
    return (differences &- 0x0101_0101_0101_0101) & ~differences & 0x8080_8080_8080_8080 != 0
  }
}
