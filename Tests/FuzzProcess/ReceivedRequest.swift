// A request as a replica gets it. lbd wrote it, so it is in strict form and states what lbd states; a
// request that does not is one that a client smuggled through.

/// A request's head.
struct ReceivedRequest {
  let method: String
  let target: String
  let head: Head
  let framing: Framing
  /// The mark of the client's request, where it still has one.
  let token: Token?
  /// Its bytes.
  let text: ArraySlice<UInt8>

  /// Reads the request that begins at a place; nil while there is more to come.
  init?(_ bytes: [UInt8], from start: Int) throws(Malformed) {
    guard let head = try Head(bytes, from: start) else { return nil }
    let words = head.line.split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 3, words[2] == "HTTP/1.1", !words[0].isEmpty,
      words[1].hasPrefix("/") || words[1] == "*"
    else { throw Malformed("a request line", Array(head.line.utf8)) }
    (method, target) = (String(words[0]), String(words[1]))
    framing = try Framing(head, otherwise: .none)
    self.head = head
    text = bytes[start..<head.end]
    token = Token.all(in: target).first
    try check()
  }

  /// It is one of lbd's own questions.
  var isProbe: Bool {
    head.values("user-agent") == ["lbd-health"] && head.values("x-request-id").isEmpty
  }
  var isHead: Bool { method == "HEAD" }
  var isIdempotent: Bool {
    ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"].contains(method)
  }
  var wantsUpgrade: Bool { !head.values("upgrade").isEmpty }

  private func check() throws(Malformed) {
    guard head.values("host").count == 1 else { throw Malformed("no single Host", text) }
    guard !isProbe else { return }
    let own = ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-request-id"]
    guard own.allSatisfy({ head.values($0).count == 1 }) else {
      throw Malformed("a request without what lbd states", text)
    }
    guard framing != .none || head.values("trailer").isEmpty else {
      throw Malformed("trailers without a body", text)
    }
  }
}
