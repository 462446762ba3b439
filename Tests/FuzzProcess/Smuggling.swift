// Messages that two servers could cut in two places, each with a request inside that must reach no replica.

/// A message to be refused.
enum Smuggling {
  /// One of the vectors around an inner request.
  static func message(_ random: inout Seeded) -> [UInt8] {
    let (outer, inner) = (Token(.mutated, &random), Token(.mutated, &random))
    let hidden = "GET /echo?id=\(inner.text) HTTP/1.1\r\nHost: inner\r\n\r\n"
    let size = hidden.utf8.count
    let start = "POST /echo?id=\(outer.text) HTTP/1.1\r\nHost: outer\r\n"
    let head = random.pick([
      "Content-Length: \(size)\r\nTransfer-Encoding: chunked\r\n",
      "Transfer-Encoding: chunked\r\nContent-Length: \(size)\r\n",
      "Content-Length: 0\r\nContent-Length: \(size)\r\n", "Content-Length: 0, \(size)\r\n",
      "Content-Length: +\(size)\r\n", "Content-Length: 0x\(String(size, radix: 16))\r\n",
      "Content-Length: -1\r\n", "Content-Length: \r\n", "Content-Length: \(size) \(size)\r\n",
      "Content-Length: 99999999999999999999\r\n", "Content-Length : \(size)\r\n",
      "Transfer-Encoding : chunked\r\n", "Transfer-Encoding: xchunked\r\n",
      "Transfer-Encoding: chunked, identity\r\n", "Transfer-Encoding: chunked, chunked\r\n",
      "Transfer-Encoding:\u{B}chunked\r\n", "Transfer-Encoding: \"chunked\"\r\n",
      "Transfer-Encoding: gzip, chunked\r\n",
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n",
      "Transfer-Encoding:\r\n chunked\r\n", "X: y\r\n Content-Length: \(size)\r\n",
      "X: y\nContent-Length: \(size)\r\n", "X: y\rContent-Length: \(size)\r\n", "X: \0\r\n",
      "Bad Name: x\r\n",
      "Host: second\r\n", "Content-Length: \(size)\r\n: x\r\n", "\u{1}X: y\r\n", "X\r\n",
    ])
    let body = random.chance(50) ? "0\r\n\r\n\(hidden)" : hidden
    let isOld = head.hasPrefix("Transfer-Encoding: xchunked") || random.chance(5)
    let text =
      isOld && head.contains("Transfer") ? start.replacing("HTTP/1.1", with: "HTTP/1.0") : start
    return Array((text + head + "\r\n" + body).utf8)
  }

  /// Chunked bodies that go wrong somewhere, or stop there.
  static func chunkedBody(_ random: inout Seeded) -> [UInt8] {
    let token = Token(.mutated, &random)
    let inner = Token(.mutated, &random)
    let hidden = "GET /echo?id=\(inner.text) HTTP/1.1\r\nHost: inner\r\n\r\n"
    let body = random.pick([
      "0", "0\r", "0\r\n", "0\r\nX-T", "0\r\nX-T: 1", "0\r\nX-T: 1\r\n", "5", "5\r\n", "5\r\nhel",
      "5\r\nhello",
      "5\r\nhello\r", "5\r\nhello\r\n", "5\r\nhello0\r\n\r\n", "5\nhello\r\n0\r\n\r\n",
      "0x5\r\nhello\r\n0\r\n\r\n",
      "-1\r\n", "+5\r\nhello\r\n0\r\n\r\n", " 5\r\nhello\r\n0\r\n\r\n", "5 \r\nhello\r\n0\r\n\r\n",
      "ffffffffffffffff\r\nx", "fffffffffffffff\r\nx", "7fffffffffffffff\r\nx", "\r\n", "g\r\n",
      ";\r\n", "5;",
      "5;x=\"", "5;x=\"\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r\n0\r\nBad Name: 1\r\n\r\n",
      "0\r\n folded\r\n\r\n",
      "0\r\nContent-Length: 5\r\n\r\n", "0\r\n: x\r\n\r\n",
      "5\r\nhello\r\n00000000000000000000\r\n\r\n",
      "1\r\nx\r\n" + String(repeating: "0", count: random.number(1...40)),
      "0\r\n" + String(repeating: "T: t\r\n", count: random.number(1...4000)),
      "1;" + String(repeating: "e", count: random.number(1...40_000)), hidden, "0\r\n\r\n" + hidden,
    ])
    let method = random.pick(["POST", "PUT", "GET", "DELETE", "HEAD"])
    let path = random.pick(["/echo", "/getInfo", "/bytes/10", "/status/204", "/docs", "/docs/pool"])
    return Array(
      ("\(method) \(path)?id=\(token.text) HTTP/1.1\r\nHost: chunks\r\n"
        + "Transfer-Encoding: chunked\r\n\r\n" + body).utf8)
  }
}
