// A response as a client of lbd reads it, strictly.

/// What the bytes of a connection begin with.
enum Reading {
  case whole(Answer, end: Int)
  /// More is to come; with the connection's end it was cut.
  case incomplete
}

/// A response with its body.
struct Answer {
  let status: Int
  let head: Head
  var body: [UInt8] = []
  /// The connection ends with it.
  var isLast = false

  func value(_ name: String) -> String { head.values(name).joined(separator: ", ") }

  /// Reads the final response that begins at a place, over the interim ones before it.
  /// - Parameters:
  ///   - isHead: it answers a HEAD.
  ///   - isEnded: no byte will follow.
  static func read(
    _ bytes: [UInt8], from start: Int, isHead: Bool, isEnded: Bool
  ) throws(Malformed) -> Reading {
    var position = start
    while let head = try Head(bytes, from: position) {
      let status = try status(head)
      guard status >= 100 && status < 200 && status != 101 else {
        return try read(Answer(status: status, head: head), bytes, isHead, isEnded)
      }
      position = head.end
    }
    return .incomplete
  }

  private static func status(_ head: Head) throws(Malformed) -> Int {
    let bytes = Array(head.line.utf8)
    let start = Array("HTTP/1.1 ".utf8)
    guard bytes.starts(with: start), bytes.count >= 13, bytes[12] == 0x20,
      let status = Int(String(decoding: bytes[9..<12], as: UTF8.self)), 100...999 ~= status
    else { throw Malformed("no status line", bytes) }
    return status
  }

  private static func read(
    _ answer: Answer, _ bytes: [UInt8], _ isHead: Bool, _ isEnded: Bool
  ) throws(Malformed) -> Reading {
    var answer = answer
    answer.isLast = answer.value("connection").lowercased() == "close"
    let start = answer.head.end
    if isHead || [101, 204, 304].contains(answer.status) { return .whole(answer, end: start) }
    switch try Framing(answer.head, otherwise: .untilClose) {
    case .none: return .whole(answer, end: start)
    case .length(let count):
      guard bytes.count - start >= count else { return .incomplete }
      answer.body = Array(bytes[start..<start + count])
      return .whole(answer, end: start + count)
    case .chunked:
      var chunks = Chunks()
      let end = try chunks.take(bytes, from: start)
      guard chunks.isOver else { return .incomplete }
      answer.body = chunks.data
      return .whole(answer, end: end)
    case .untilClose:
      guard isEnded else { return .incomplete }
      answer.body = Array(bytes[start...])
      answer.isLast = true
      return .whole(answer, end: bytes.count)
    }
  }

  /// One of lbd's own for a request that came to nothing, as docs/http.md describes it.
  var isOwnFailure: Bool {
    502...504 ~= status && value("proxy-status").hasPrefix("lbd; error=")
      && body.starts(with: Array("{\"detail\":\"".utf8)) && body.last == 0x7D
  }
}
