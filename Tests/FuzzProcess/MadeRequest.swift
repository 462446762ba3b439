// Requests that are right, of all sorts: the grammar that attacks begin with.

/// A request as it is sent.
struct MadeRequest {
  let token: Token
  let bytes: [UInt8]
  /// Where its body begins.
  let headLength: Int
  let isHead: Bool
  let wantsUpgrade: Bool

  /// - Parameter upgrades: whether it may ask for another protocol.
  init(_ kind: Token.Kind, upgrades: Bool = false, _ random: inout Seeded) {
    token = Token(kind, &random)
    wantsUpgrade = upgrades
    let method = upgrades ? "GET" : random.pick(MadeRequest.methods)
    isHead = method == "HEAD"
    let is10 = !upgrades && random.chance(4)
    let target = MadeRequest.target(token, upgrades, &random)
    var head = "\(method) \(target) HTTP/1.\(is10 ? 0 : 1)\r\nHost: fuzz.test\r\n"
    for _ in 0..<random.number(0...4) { head += random.pick(MadeRequest.fields) + "\r\n" }
    if random.chance(20) { head += "X-Mark: \(token.text)\r\n" }
    if upgrades { head += MadeRequest.upgrade(&random) }
    var body: [UInt8] = []
    let mayHaveBody =
      !upgrades && (random.chance(10) || !["GET", "HEAD", "TRACE"].contains(method))
    if mayHaveBody {
      let data = Array("body \(token.text) ".utf8) + MadeRequest.filling(&random)
      if random.chance(12) && !is10 { head += "Expect: 100-continue\r\n" }
      if random.chance(50) && !is10 {
        head += "Transfer-Encoding: chunked\r\n"
        body = AnswerPlan.chunked(data, &random)
      } else {
        head += "Content-Length: \(data.count)\r\n"
        body = data
      }
    }
    if random.chance(5) { head += "Connection: \(random.pick(["close", "keep-alive", "x-a"]))\r\n" }
    let bytes = Array((head + "\r\n").utf8)
    headLength = bytes.count
    self.bytes = bytes + body
  }

  private static func filling(_ random: inout Seeded) -> [UInt8] {
    let size = random.chance(2) ? random.number(0...400_000) : random.length(atMost: 70_000)
    return [UInt8](repeating: 0x2B, count: size)
  }

  private static let methods = [
    "GET", "GET", "GET", "POST", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "PATCH", "FOO",
  ]

  private static func target(_ token: Token, _ upgrades: Bool, _ random: inout Seeded) -> String {
    let mark = "id=\(token.text)"
    if upgrades { return "/ws?\(mark)" }
    switch random.number(0...19) {
    case 0: return "/bytes/\(random.length(atMost: 70_000))?\(mark)"
    case 1:
      return "/stream?chunks=\(random.number(0...5))&interval=\(random.number(1...9))ms&\(mark)"
    case 2: return "/status/\(random.pick([200, 204, 304, 404, 500, 503]))?\(mark)"
    case 3: return "/delay/\(random.number(1...300))ms?\(mark)"
    case 4: return "/getInfo?\(mark)"
    case 5: return "http://other.test:80/echo?\(mark)"
    case 6: return "/echo?\(mark)&" + String(repeating: "q", count: random.length(atMost: 3000))
    default: return "/echo?\(mark)"
    }
  }

  private static func upgrade(_ random: inout Seeded) -> String {
    let name = random.pick([
      "websocket", "websocket", "websocket", "foo/1", "h2c", "foo, websocket",
    ])
    return "Connection: Upgrade\r\nUpgrade: \(name)\r\nSec-WebSocket-Version: 13\r\n"
      + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
  }

  private static let fields = [
    "Accept: */*", "Cookie: a=b", "X-Forwarded-For: 10.0.0.1", "X-Real-IP: 10.0.0.2",
    "TE: trailers",
    "X-Request-Id: given-0123456789", "Forwarded: for=10.0.0.3", "X_Forwarded_For: 10.0.0.4",
    "Via: 1.1 other", "Proxy: http://127.0.0.1:9", "Authorization: Basic eDp5", "Max-Forwards: 5",
    "X-Obs: \u{E9}\u{85}", "X-Empty:", "X-Space:  a b  ", "Trailer: X-T", "X-Lbd-Test: guess",
    "Range: bytes=0-1", "If-Match: \"x\"", "Keep-Alive: timeout=5", "Proxy-Connection: keep-alive",
    "X-Long: " + String(repeating: "v", count: 2000), "User-Agent: fuzz", "Content_Length: 4",
  ]
}
