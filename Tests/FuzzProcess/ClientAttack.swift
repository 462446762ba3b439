// One client that attacks: what it sends, in which pieces, and how it leaves.

/// An attack by one connection.
struct ClientAttack {
  enum Delivery {
    case whole
    /// In so many pieces, with so many milliseconds between two.
    case pieces(Int, pause: Int)
    /// Each byte on its own.
    case drip(pause: Int)
  }

  enum Ending {
    /// Reads all answers, then leaves.
    case read
    /// Ends its sending, then reads all.
    case halfClose
    /// Resets behind so many bytes, after so many milliseconds.
    case reset(Int, after: Int)
    /// Leaves without a word.
    case leave(after: Int)
    /// Reads nothing for so long.
    case deaf(Int)
  }

  var bytes: [UInt8] = []
  /// What was sent as it was made; the rest may be anything.
  var requests: [MadeRequest] = []
  /// The marks of requests that were changed, which may stand in pieces in what is sent.
  var marks: [Token] = []
  /// Each answer can be told, since nothing else is sent.
  var isPure = false
  /// Nothing but a refusal may come of it.
  var mustBeRefused = false
  var isTrusted = false
  var goesToReplica = false
  var delivery = Delivery.whole
  var ending = Ending.read

  enum Kind: CaseIterable {
    case pipeline, mutated, smuggling, chunkedBody, upgrade, garbage, deaf, documents, slow
  }

  init(_ random: inout Seeded) {
    let kinds: [Kind] = Kind.allCases + [.pipeline, .pipeline, .mutated, .mutated, .chunkedBody]
    let kind = random.pick(kinds)
    fill(kind, &random)
    nameClient(&random)
    deliver(kind, &random)
  }

  private mutating func fill(_ kind: Kind, _ random: inout Seeded) {
    switch kind {
    case .pipeline: pipeline(random.chance(60) ? 1 : random.number(2...12), &random)
    case .slow: pipeline(random.number(1...2), &random)
    case .upgrade:
      pipeline(random.number(0...2), &random)
      add(MadeRequest(.pure, upgrades: true, &random))
      // What the tunnel is to carry; without one it is what follows the last request.
      if random.chance(60) {
        bytes += ClientAttack.frames(&random)
        isPure = false
      }
    case .mutated:
      for _ in 0..<random.number(1...4) {
        let request = MadeRequest(.mutated, &random)
        marks.append(request.token)
        bytes += request.bytes.prefix(9000)
      }
      Mutation.apply(
        to: &bytes, times: random.number(1...5), words: Mutation.requestWords, &random)
    case .smuggling:
      bytes = Smuggling.message(&random)
      mustBeRefused = true
    case .chunkedBody: bytes = Smuggling.chunkedBody(&random)
    case .garbage: bytes = ClientAttack.garbage(&random)
    case .deaf:
      let token = Token(.mutated, &random)
      let one =
        "GET /bytes/\(random.pick([3000, 300_000, 5_000_000]))?id=\(token.text) HTTP/1.1\r\nHost: d\r\n\r\n"
      bytes = Array(String(repeating: one, count: random.number(1...30)).utf8)
    case .documents:
      for _ in 0..<random.number(1...4) { bytes += Array(random.pick(ClientAttack.documents).utf8) }
    }
  }

  private mutating func pipeline(_ count: Int, _ random: inout Seeded) {
    isPure = true
    for _ in 0..<count { add(MadeRequest(.pure, &random)) }
  }

  private mutating func add(_ request: MadeRequest) {
    requests.append(request)
    bytes += request.bytes
  }

  private static func garbage(_ random: inout Seeded) -> [UInt8] {
    switch random.number(0...5) {
    case 0: []
    case 1: [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3] + random.noise(500)
    case 2: Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + random.noise(100)
    case 3: Array("GET /".utf8) + [UInt8](repeating: 0x61, count: random.number(0...70_000))
    case 4:
      Array("GET / HTTP/1.1\r\nHost: x\r\n".utf8)
        + Array(String(repeating: "X: y\r\n", count: random.number(0...9000)).utf8)
    default: random.noise(5000)
    }
  }

  /// WebSocket frames, and what is none.
  private static func frames(_ random: inout Seeded) -> [UInt8] {
    var bytes: [UInt8] = []
    for _ in 0..<random.number(1...5) {
      let first = UInt8(random.pick([0x81, 0x82, 0x89, 0x8A, 0x88, 0x01, 0x80, 0xFF]))
      let size = random.number(0...125)
      bytes += [first, 0x80 | UInt8(size)] + random.bytes(4 + size)
    }
    return random.chance(20) ? random.noise(3000) : bytes
  }

  private static let documents =
    [
      "/docs", "/docs/", "/openapi.json", "/docs/pool", "/docs/x", "/", "/docs/pool?x",
    ].flatMap { path in
      ["GET", "HEAD", "POST", "OPTIONS"].map { "\($0) \(path) HTTP/1.1\r\nHost: d\r\n\r\n" }
    } + [
      "OPTIONS * HTTP/1.1\r\nHost: d\r\nMax-Forwards: 0\r\n\r\n",
      "TRACE / HTTP/1.1\r\nHost: d\r\nMax-Forwards: 0\r\n\r\n",
      "GET /docs/pool HTTP/1.1\r\nHost: d\r\nContent-Length: 3\r\n\r\nabc",
      "GET /docs HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
      "GET /docs HTTP/1.0\r\n\r\n", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n",
    ]

  /// A PROXY header before it all, which only some may send.
  private mutating func nameClient(_ random: inout Seeded) {
    isTrusted = random.chance(30)
    guard isTrusted ? random.chance(80) : random.chance(3) else { return }
    let isValid = isTrusted && random.chance(75)
    bytes = (isValid ? ProxyHeaders.valid(&random) : ProxyHeaders.hostile(&random)) + bytes
    isPure = isPure && isValid
    // Another header may take the message's front for its own end.
    mustBeRefused = mustBeRefused && isValid
  }

  private mutating func deliver(_ kind: Kind, _ random: inout Seeded) {
    switch random.number(0...9) {
    case _ where kind == .slow: delivery = .drip(pause: random.number(0...15))
    case 0...5: delivery = .whole
    case 6...8: delivery = .pieces(random.number(2...8), pause: random.number(0...30))
    default: delivery = bytes.count < 3000 ? .drip(pause: 0) : .pieces(20, pause: 1)
    }
    switch random.number(0...19) {
    case _ where kind == .deaf: ending = .deaf(random.number(0...1500))
    case 0...9: ending = .read
    case 10...12: ending = .halfClose
    case 13...16:
      let isLate = random.chance(60)
      ending = .reset(
        isLate ? bytes.count : random.number(0...bytes.count), after: random.pick([0, 0, 1, 5, 50]))
    case 17...18: ending = .leave(after: random.pick([0, 1, 20, 300]))
    default: ending = .deaf(random.number(0...1500))
    }
  }
}
