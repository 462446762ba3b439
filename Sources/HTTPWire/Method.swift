// The request methods that change what a balancer does; every other token passes as it is.

/// A request method, as far as it matters for framing and for retries.
package enum Method: UInt8, Sendable {
  case get, head, post, put, delete, options, trace, connect, patch, other

  /// Whether doing it twice is as good as once (RFC 9110 §9.2.2).
  package var isIdempotent: Bool {
    switch self {
    case .get, .head, .put, .delete, .options, .trace: true
    case .post, .connect, .patch, .other: false
    }
  }

  /// Recognises a method; names are case-sensitive (RFC 9110 §9.1).
  static func recognise(_ name: Span<UInt8>) -> Method {
    guard name.count <= 8 else { return .other }
    var word: UInt64 = 0
    for index in name.indices { word = word << 8 | UInt64(name[index]) }
    return switch word {
    case 0x474554: .get
    case 0x4845_4144: .head
    case 0x504F_5354: .post
    case 0x505554: .put
    case 0x4445_4C45_5445: .delete
    case 0x4F_5054_494F_4E53: .options
    case 0x54_5241_4345: .trace
    case 0x43_4F4E_4E45_4354: .connect
    case 0x50_4154_4348: .patch
    default: .other
    }
  }
}
