// Changes of bytes that were right: what turns a message into one that was never meant.

/// The mutations.
enum Mutation {
  /// Makes some changes, each at a place of its own.
  static func apply(
    to bytes: inout [UInt8], times: Int, words: [String], _ random: inout Seeded
  ) {
    for _ in 0..<times where !bytes.isEmpty { change(&bytes, words, &random) }
  }

  private static func change(_ bytes: inout [UInt8], _ words: [String], _ random: inout Seeded) {
    let place = random.number(0...bytes.count - 1)
    let count = min(random.number(1...16), bytes.count - place)
    switch random.number(0...8) {
    case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
    case 1: bytes[place] ^= 1 << UInt8(random.number(0...7))
    case 2: bytes.remove(at: place)
    case 3: bytes.removeSubrange(place..<place + count)
    case 4: bytes.insert(contentsOf: bytes[place..<place + count], at: place)
    case 5: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
    case 6: bytes.removeSubrange(place...)
    case 7: swap(&bytes, &random)
    default: bytes.insert(contentsOf: Array(random.pick(words).utf8), at: place)
    }
  }

  /// Two lines in each other's place.
  private static func swap(_ bytes: inout [UInt8], _ random: inout Seeded) {
    var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    guard lines.count > 1 else { return }
    lines.swapAt(random.number(0...lines.count - 1), random.number(0...lines.count - 1))
    bytes = Array(lines.joined(separator: [0x0A]))
  }

  private static let words = [
    "\r\n", "\n", "\r", "\r\n\r\n", "\0", " ", "\t", ":", ",", ";", "0\r\n\r\n", "0", "\u{85}",
    "\u{7F}",
    "Content-Length: 5\r\n", "Content-Length: 18446744073709551615\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding:\u{B}chunked\r\n", "\r\nTransfer-Encoding : chunked",
    "Connection: close\r\n",
    "Connection: keep-alive, content-length\r\n", "ffffffffffffffff", "7fffffffffffffff", "\r\n ",
    "Upgrade: websocket\r\n", "HTTP/1.0", "HTTP/1.9", "HTTP/2.0", "Trailer: X\r\n", "Date: x\r\n",
  ]

  static let requestWords =
    words + [
      "Expect: 100-continue\r\n", "Host: a\r\n", "Host:\r\n", "HEAD ", "CONNECT ", "OPTIONS * ",
      "TRACE ",
      "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "Max-Forwards: 0\r\n",
      "X-Forwarded-For: 1.2.3.4\r\n", "Via: 1.1 lbd\r\n", "X-Lbd-Test: x\r\n",
      "Content_Length: 1\r\n",
      "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n", "http://u@h/", "Proxy: x\r\n",
      "Connection: upgrade\r\n",
    ]

  static let responseWords =
    words + [
      "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n",
      "HTTP/1.1 304 Not\r\n\r\n",
      "Keep-Alive: timeout=99999999999999999999\r\n", "Keep-Alive: timeout=-1\r\n",
      "Set-Cookie: a\r\n",
    ]
}
