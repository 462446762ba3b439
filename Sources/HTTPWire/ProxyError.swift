// What lbd says in Proxy-Status of an answer that it gives in a replica's place (RFC 9209 §2): for
// people, and for an lbd before this one, which makes no request again that was made again here.

/// Why lbd answers itself.
package enum ProxyError: Sendable {
  /// No replica is usable; none was asked.
  case unavailable
  /// Each usable one has as many requests in flight as it may.
  case full
  case refused
  case connectTimeout
  /// The replica's connection ended.
  case terminated
  case timeout
  case malformed
  /// lbd itself has no room.
  case exhausted

  /// The error's name in RFC 9209 §2.3.
  package var name: StaticString {
    switch self {
    case .unavailable: "destination_unavailable"
    case .full: "connection_limit_reached"
    case .refused: "connection_refused"
    case .connectTimeout: "connection_timeout"
    case .terminated: "connection_terminated"
    case .timeout: "http_response_timeout"
    case .malformed: "http_protocol_error"
    case .exhausted: "proxy_internal_error"
    }
  }

  /// Whether a response's fields say that an lbd gave the answer after it had asked replicas of its
  /// own. What others state is no reason not to ask elsewhere.
  package static func saysTried(
    _ fields: borrowing HeaderFields, _ bytes: Span<UInt8>
  ) -> Bool {
    let found = fields.find(.proxyStatus)
    guard found.count == 1, let range = found.first?.valueRange else { return false }
    let mine: [ProxyError] = [.refused, .connectTimeout, .terminated, .timeout, .malformed]
    return mine.contains { error in
      let start: StaticString = "lbd; error="
      let split = range.lowerBound + start.utf8CodeUnitCount
      return split < range.upperBound && Text.equals(bytes, range.lowerBound..<split, start)
        && Text.equals(bytes, split..<range.upperBound, error.name)
    }
  }
}
