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
  /// The request has come back, or through too many lbds.
  case loop
  /// The request is none that lbd accepts.
  case request

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
    case .loop: "proxy_loop_detected"
    case .request: "http_request_error"
    }
  }

  /// What is added to a replica's failure that is passed on after others were asked.
  package static var retried: StaticString { "lbd; received-status=" }

  /// Whether a response's fields say that an lbd has asked more replicas of its own than one, or that
  /// one it asked had failed. What others state is no reason not to ask elsewhere.
  package static func saysTried(
    _ fields: borrowing HeaderFields, _ bytes: Span<UInt8>
  ) -> Bool {
    for index in 0..<fields.count where fields[index].name == .proxyStatus {
      if saysTried(bytes, fields[index].valueRange) { return true }
    }
    return false
  }

  /// Whether a response's fields say that an lbd gave it, for this reason.
  package func isSaid(_ fields: borrowing HeaderFields, _ bytes: Span<UInt8>) -> Bool {
    for index in 0..<fields.count where fields[index].name == .proxyStatus {
      let error = ProxyError.begins(bytes, fields[index].valueRange, with: ProxyError.own)
      if let error, Text.equals(bytes, error, name) { return true }
    }
    return false
  }

  private static var own: StaticString { "lbd; error=" }

  private static func saysTried(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    if begins(bytes, range, with: retried) != nil { return true }
    guard let error = begins(bytes, range, with: own) else { return false }
    // Who would ask elsewhere after a loop's end would make each round of it two.
    let mine: [ProxyError] = [.refused, .connectTimeout, .terminated, .timeout, .malformed, .loop]
    return mine.contains { Text.equals(bytes, error, $0.name) }
  }

  /// What follows a text at a range's beginning; nil where it does not begin so.
  private static func begins(
    _ bytes: Span<UInt8>, _ range: Range<Int>, with text: StaticString
  ) -> Range<Int>? {
    let split = range.lowerBound + text.utf8CodeUnitCount
    guard split < range.upperBound, Text.equals(bytes, range.lowerBound..<split, text) else {
      return nil
    }
    return split..<range.upperBound
  }
}
