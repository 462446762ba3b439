// How a hostile replica answers: by steps that follow from the request's mark, so that the same seed has the
// same answers whatever the order in which requests come.

/// The steps of one answer.
struct AnswerPlan {
  enum Step {
    case readBody
    case send([UInt8])
    /// A byte at a time.
    case drip([UInt8], Int)
    case pause(Int)
    case tunnel
    /// Bytes that nobody asked for, once all is over; then nothing more is answered.
    case speak([UInt8])
    case close, reset
  }

  private var steps: [Step] = []
  private let request: ReceivedRequest
  /// What every answer states.
  private let mark: String
  private let isTame: Bool

  /// Answers that come before a question. Who asks next may be given one: lbd can't know better.
  static let unasked = [
    "HTTP/1.1 200 OK\r\nX-Mark: unasked\r\nContent-Length: 7\r\n\r\nunasked", "\r\n", "x",
    "HTTP/1.1 408 Request Timeout\r\nX-Mark: unasked\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\n",
  ].map { Array($0.utf8) }

  init(_ request: ReceivedRequest, isTame: Bool, _ random: inout Seeded) {
    (self.request, self.isTame) = (request, isTame)
    mark = request.token?.text ?? "none"
    switch request.token?.kind {
    case _ where request.isProbe: answerProbe(isTame, &random)
    case .unanswered: wait()
    case _ where isTame: answer(&random)
    case .steady: answerSteady(&random)
    case .pure, .mutated, nil: answerAttacker(&random)
    }
  }

  mutating func take() -> [Step] {
    defer { steps = [] }
    return steps
  }

  private mutating func wait() { steps = [.readBody, .pause(120_000), .close] }

  // MARK: For whom

  private mutating func answerProbe(_ isTame: Bool, _ random: inout Seeded) {
    let passed = Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".utf8)
    guard !isTame && random.chance(3) else {
      steps = [.send(passed)]
      return
    }
    switch random.number(0...4) {
    case 0: steps = [.reset]
    case 1: steps = [.pause(random.number(0...1500)), .send(passed)]
    case 2: steps = [.send(AnswerPlan.malformed(mark, &random)), .close]
    case 3: steps = [.drip(passed, 5)]
    default: steps = [.send(passed + AnswerPlan.unasked[0])]
    }
  }

  /// Well-behaved clients must be answered: what goes wrong does so before lbd has sent anything on.
  private mutating func answerSteady(_ random: inout Seeded) {
    switch random.number(0...99) {
    case 0..<75: answer(&random)
    case 75..<79: answerWithRest(&random)
    case 79: answerAndSpeak(&random)
    case 80..<85: steps = [.readBody, random.chance(50) ? .reset : .close]
    case 85..<90: steps = [.readBody, .send(AnswerPlan.malformed(mark, &random)), .close]
    case 90..<92: steps = [.readBody, .pause(random.number(100...12_000)), .close]
    case 92..<96: interimsFirst(&random)
    default: fail(&random)
    }
  }

  private mutating func answerAttacker(_ random: inout Seeded) {
    if request.wantsUpgrade && random.chance(70) { return upgrade(&random) }
    switch random.number(0...99) {
    case 0..<35: answer(&random)
    case 35..<40: answerWithRest(&random)
    case 40..<42: answerAndSpeak(&random)
    case 42..<50: cut(&random)
    case 50..<58: steps = [.readBody, .send(AnswerPlan.malformed(mark, &random)), .close]
    case 58..<66: interimsFirst(&random)
    case 66..<72: fail(&random)
    case 72..<76: steps = [.readBody, random.chance(50) ? .reset : .close]
    case 76..<80: answerEarly(&random)
    case 80..<84: upgrade(&random)
    case 84..<88: steps = [.pause(random.number(0...6000)), random.chance(50) ? .reset : .close]
    case 88..<94: mutate(&random)
    default:
      steps = [.readBody, .send(random.noise(3000)), random.chance(50) ? .close : .pause(50)]
    }
  }

  // MARK: Right answers

  /// A body that can be seen to be whole.
  private func body(_ random: inout Seeded) -> [UInt8] {
    let size = random.chance(3) ? random.number(0...300_000) : random.length(atMost: 70_000)
    return Array("hostile \(mark) ".utf8) + [UInt8](repeating: 0x2E, count: size)
      + Array(" end \(mark)".utf8)
  }

  /// The bytes of a right answer, and whether the connection must end behind them.
  private func rightAnswer(
    _ random: inout Seeded, status: Int = 200
  ) -> (head: [UInt8], body: [UInt8], ends: Bool) {
    let body = body(&random)
    var head = "HTTP/1.1 \(status) \(random.pick(["OK", "", "Fine \u{E9}", "No Content"]))\r\n"
    head += "X-Mark: \(mark)\r\n"
    for _ in 0..<(isTame ? 0 : random.number(0...3)) {
      head += random.pick(AnswerPlan.fields) + "\r\n"
    }
    var ends = random.chance(15)
    if ends { head += "Connection: close\r\n" }
    let sent: [UInt8]
    switch random.number(0...9) {
    case 0..<5:
      head += "Content-Length: \(body.count)\r\n\r\n"
      sent = body
    case 5..<9:
      head += "Transfer-Encoding: chunked\r\n\r\n"
      sent = AnswerPlan.chunked(body, &random)
    default:
      head += "\r\n"
      sent = body
      ends = true
    }
    return (Array(head.utf8), request.isHead ? [] : sent, ends)
  }

  private mutating func answer(_ random: inout Seeded, status: Int = 200) {
    let (head, body, ends) = rightAnswer(&random, status: status)
    steps.append(.readBody)
    if random.chance(20) { steps.append(.pause(random.number(1...40))) }
    send(head + body, &random)
    if ends { steps.append(.close) }
  }

  /// In one piece, in a few, or in many.
  private mutating func send(_ bytes: [UInt8], _ random: inout Seeded) {
    switch random.number(0...9) {
    case 0..<7: steps.append(.send(bytes))
    case 7..<9:
      let at = random.number(0...bytes.count)
      steps += [
        .send(Array(bytes[..<at])), .pause(random.number(0...20)), .send(Array(bytes[at...])),
      ]
    default:
      let at = min(bytes.count, 200)
      steps += [.drip(Array(bytes[..<at]), random.number(0...1)), .send(Array(bytes[at...]))]
    }
  }

  static func chunked(_ body: [UInt8], _ random: inout Seeded) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = body[...]
    while !rest.isEmpty {
      let part = rest.prefix(random.chance(30) ? random.number(1...40) : random.number(1...20_000))
      let zeros = String(repeating: "0", count: random.chance(10) ? random.number(1...6) : 0)
      let more = random.chance(10) ? random.pick([";x", ";x=y", ";x=\"a;b\""]) : ""
      bytes += Array("\(zeros)\(String(part.count, radix: 16))\(more)\r\n".utf8) + part + [13, 10]
      rest = rest.dropFirst(part.count)
    }
    let trailer = random.chance(20) ? random.pick(["X-T: 1\r\n", "Content-Length: 9\r\n"]) : ""
    return bytes + Array("0\r\n\(trailer)\r\n".utf8)
  }

  private static let fields = [
    "Server: hostile", "Set-Cookie: a=b; Path=/", "Set-Cookie: c=d", "Keep-Alive: timeout=1",
    "Keep-Alive: timeout=0, max=1", "Connection: x-gone", "X-Gone: 1", "X-Lbd-Replica: forged",
    "Content_Length: 3", "Date: Thu, 01 Jan 1970 00:00:00 GMT", "Trailer: X-T", "Upgrade: h2c",
    "Proxy-Status: other; error=dns_error", "Via: 1.1 other", "X-Obs: \u{E9}\u{85}",
    "Content-Type: text/plain", "Retry-After: 1", "X-Long: " + String(repeating: "l", count: 3000),
  ]

  /// Bytes behind the end, which must reach nobody. They come in one segment with it: what came later
  /// could not be told from the answer to the next request.
  private mutating func answerWithRest(_ random: inout Seeded) {
    let body = "hostile \(mark) end \(mark)"
    let start = "\r\nX-Mark: \(mark)\r\n"
    var text = random.pick([
      "HTTP/1.1 200 OK\(start)Content-Length: \(body.utf8.count)\r\n\r\n",
      "HTTP/1.1 200 OK\(start)Transfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 204 No Content\(start)\r\n", "HTTP/1.1 304 Not Modified\(start)\r\n",
    ])
    if !request.isHead && text.contains("Content-Length") { text += body }
    if !request.isHead && text.contains("chunked") {
      text += "\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n0\r\n\r\n"
    }
    text += random.pick([
      "HTTP/1.1 200 OK\r\nContent-Length: 26\r\n\r\nbehind \(mark) ...",
      "HTTP/1.1 100 Continue\r\nX-Mark: \(mark)\r\n\r\n", "\r\n", "\(mark)", "body of \(mark)",
    ])
    steps = [.readBody, .send(Array(text.utf8))]
  }

  /// On a connection that rests, or is about to.
  private mutating func answerAndSpeak(_ random: inout Seeded) {
    answer(&random)
    if case .close = steps.last { return }
    steps += [.pause(random.number(0...200)), .speak(random.pick(AnswerPlan.unasked))]
  }

  private mutating func interimsFirst(_ random: inout Seeded) {
    let count = random.pick([1, 2, 3, 15, 16, 17, 18, 200])
    let interims = (0..<count).map { _ in
      let line = random.pick(["100 Continue", "102 Processing", "103 Early Hints", "199 X"])
      return "HTTP/1.1 \(line)\r\n\(random.chance(30) ? "X-Mark: \(mark)\r\n" : "")\r\n"
    }
    let bytes = Array(interims.joined().utf8)
    steps.append(random.chance(80) ? .send(bytes) : .drip(Array(bytes.prefix(400)), 0))
    if random.chance(20) { steps.append(.pause(random.number(0...100))) }
    answer(&random)
  }

  /// A gateway's failure.
  private mutating func fail(_ random: inout Seeded) {
    answer(&random, status: random.pick([500, 502, 503, 504, 429, 404, 599, 999]))
  }

  // MARK: Wrong ones

  /// An answer that ends, or waits, within.
  private mutating func cut(_ random: inout Seeded) {
    let (head, body, _) = rightAnswer(&random)
    let bytes = head + body
    let at = random.chance(50) ? random.number(0...head.count) : random.number(0...bytes.count)
    steps = [.readBody, .send(Array(bytes[..<at]))]
    if random.chance(20) { steps.append(.pause(random.number(0...5000))) }
    steps.append(random.chance(50) ? .reset : .close)
  }

  /// Before the request has come whole.
  private mutating func answerEarly(_ random: inout Seeded) {
    let (head, body, ends) = rightAnswer(&random)
    steps = [.send(head + body)]
    if ends || random.chance(40) { steps.append(random.chance(50) ? .close : .reset) }
  }

  private mutating func upgrade(_ random: inout Seeded) {
    let asked = request.head.values("upgrade").first ?? "websocket"
    let name = random.chance(70) ? asked : random.pick(["h2c", "websocket", "TLS/1.0", ""])
    var head = "HTTP/1.1 101 Switching Protocols\r\nX-Mark: \(mark)\r\n"
    if random.chance(90) { head += "Upgrade: \(name)\r\n" }
    if random.chance(90) { head += "Connection: Upgrade\r\n" }
    if random.chance(10) { head += "Content-Length: 5\r\n" }
    steps = [.send(Array((head + "\r\n").utf8))]
    switch random.number(0...5) {
    case 0: steps += [.send(random.noise(2000)), .close]
    case 1: steps += [.send(random.noise(2000)), .reset]
    case 2: steps += [.pause(random.number(0...2000)), .close]
    default: steps.append(.tunnel)
    }
  }

  /// A right answer of which some bytes are others.
  private mutating func mutate(_ random: inout Seeded) {
    let (head, body, _) = rightAnswer(&random)
    var bytes = head + body.prefix(2000)
    Mutation.apply(to: &bytes, times: random.number(1...4), words: Mutation.responseWords, &random)
    steps = [.readBody, .send(bytes), random.chance(70) ? .close : .pause(random.number(0...200))]
    if case .pause = steps.last { steps.append(.close) }
  }

  static func malformed(_ mark: String, _ random: inout Seeded) -> [UInt8] {
    let start = "HTTP/1.1 200 OK\r\nX-Mark: \(mark)\r\n"
    let text = random.pick([
      start + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
      start + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      start + "Transfer-Encoding: gzip\r\n\r\n",
      start + "Transfer-Encoding: chunked, chunked\r\n\r\n",
      start + "Content-Length: -1\r\n\r\n", start + "Content-Length: 99999999999999999999\r\n\r\n",
      start + "Content-Length: 0x10\r\n\r\n", start + "Content-Length: \r\n\r\n",
      start + "Bad Name: x\r\n\r\n", start + "No-Colon\r\n\r\n", start + ": x\r\n\r\n",
      start + "Folded: a\r\n b\r\nContent-Length: 0\r\n\r\n", start + "Nul: \0\r\n\r\n",
      "HTTP/1.1 200 OK\nContent-Length: 0\n\n", "HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n",
      "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 099 OK\r\n\r\n", "HTTP/1.1\r\n\r\n",
      "ICY 200 OK\r\n\r\n",
      "\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "\u{16}\u{3}\u{1}\r\n\r\n",
      "<html>\r\n\r\n",
      start + (0..<1100).map { "X-\($0): 1\r\n" }.joined() + "\r\n",
      start + "X: " + String(repeating: "x", count: 70_000) + "\r\n\r\n",
      "HTTP/1.1 200 " + String(repeating: "r", count: 70_000),
    ])
    return Array(text.utf8)
  }
}
