// A request's head as the parser found it: ranges into the received bytes, and nothing decided yet.

/// How a request target is written (RFC 9112 §3.2).
package enum TargetForm: Sendable {
  /// `/path?query`
  case origin
  /// `http://host/path`
  case absolute
  /// `*`, with OPTIONS only
  case asterisk
}

/// A parsed request head. Offsets count from the first byte that was parsed.
package struct RequestHead: ~Copyable {
  package var method = Method.other
  package var methodRange = 0..<0
  /// The target as it was sent.
  package var targetRange = 0..<0
  package var form = TargetForm.origin
  /// Path and query, empty where an absolute-form target has none.
  package var pathRange = 0..<0
  /// The authority of an absolute-form target, else empty.
  package var authorityRange = 0..<0
  /// HTTP/1.0 rather than 1.1.
  package var isVersion10 = false
  package var fields = HeaderFields()

  package init() {}
}

/// A parsed response head. Offsets count from the first byte that was parsed.
package struct ResponseHead: ~Copyable {
  /// 100 to 599.
  package var status = 0
  package var reasonRange = 0..<0
  package var isVersion10 = false
  package var fields = HeaderFields()

  package init() {}

  /// 1xx other than 101: another head follows (RFC 9110 §15.2).
  package var isInterim: Bool { status < 200 && status != 101 }
}
