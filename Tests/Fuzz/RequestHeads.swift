// Request heads: read the same in any pieces, and what goes on to a replica is one clear request.

/// What is said of the client, in all four ways.
private let variants = [(false, false), (false, true), (true, false), (true, true)]
/// Dropped in every other way.
private let dropped = ["X-Client-IP", "a", "X_Original_URL"]
private let droppedKeys: Set = ["x-client-ip", "a", "x-original-url"]
private let mark: UInt64 = 0xFEDC_BA98_7654_3210
private let clients = ["192.0.2.1", "2001:db8:1111:2222:3333:4444:5555:6666", "unix"]
private let requestID = Array("00000000000000010000000000abcdef".utf8)

@c(LLVMFuzzerTestOneInput)
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe input(start, count)
  requireSteady(bytes, undecided: .incomplete, end: end) { span in
    var head = RequestHead()
    return HeadParser.parse(request: span, into: &head)
  }
  guard let length = headLength(bytes) else { return 0 }
  let head = Array(bytes.prefix(length))
  requireFound(head, in: bytes)
  guard let request = Request(head) else { return 0 }
  for (index, variant) in variants.enumerated() {
    let client = Array(clients[(count + index) % clients.count].utf8)
    let facts = Facts(
      client: client, isTrusted: variant.0, statesForwarded: variant.1,
      isReserved: (count + index) % 2 == 0)
    requireGoesOn(request, head, facts)
  }
  return 0
}

private func end(_ outcome: ParseOutcome) -> Int? {
  if case .complete(let end) = outcome { end } else { nil }
}

private func headLength(_ bytes: [UInt8]) -> Int? {
  var head = RequestHead()
  return end(HeadParser.parse(request: bytes.span, into: &head))
}

/// The cheap question never overlooks a head's end, whatever was seen before and follows behind.
private func requireFound(_ head: [UInt8], in bytes: [UInt8]) {
  var draw = Draw(from: head)
  let block = Block(head)
  for seen in draw.cuts(of: head.count - 1) {
    require(HeadParser.mayEnd(block.span, from: seen), "an end overlooked from \(seen)")
    require(HeadParser.mayEnd(bytes.span, from: seen), "an end overlooked from \(seen)")
  }
}

private struct Facts {
  let client: [UInt8]
  let isTrusted: Bool
  let statesForwarded: Bool
  /// No Via is stated, and some fields are dropped.
  let isReserved: Bool

  var rules: ForwardRules {
    ForwardRules(
      mark: mark, statesVia: !isReserved, statesForwarded: statesForwarded,
      dropped: DroppedFields(isReserved ? dropped : []))
  }

  func drops(_ key: [UInt8]) -> Bool {
    isReserved && droppedKeys.contains(text(key).replacing("_", with: "-"))
  }
}

/// A request by value, as the parser and the rules of framing understand it.
private struct Request {
  var method: [UInt8] = []
  /// What a replica is asked for.
  var path: [UInt8] = []
  var host: [UInt8] = []
  var isVersion10 = false
  var framing = RequestFraming()
  var lines: [Line] = []

  /// Nil where it is refused.
  init?(_ text: [UInt8], isOwn: Bool = false) {
    let block = Block(text)
    let span = block.span
    var head = RequestHead()
    guard HeadParser.parse(request: span, isOwn: isOwn, into: &head) == .complete(text.count),
      Framing.examine(head, span, into: &framing) == nil
    else { return nil }
    method = bytes(span, head.methodRange)
    path = bytes(span, head.pathRange)
    if path.isEmpty { path = Array((head.method == .options ? "*" : "/").utf8) }
    if path[0] == 0x3F { path.insert(0x2F, at: 0) }
    isVersion10 = head.isVersion10
    lines = Line.all(head.fields, span)
    let isAbsolute = head.form == .absolute
    host = isAbsolute ? bytes(span, head.authorityRange) : lines.values(.host).first ?? []
    if !isAbsolute && lines.values(.host).isEmpty { host = Array("localhost".utf8) }
  }

  /// The head that a replica gets.
  static func written(_ text: [UInt8], _ facts: Facts) -> [UInt8] {
    let block = Block(text)
    var head = RequestHead()
    var framing = RequestFraming()
    _ = HeadParser.parse(request: block.span, into: &head)
    _ = Framing.examine(head, block.span, into: &framing)
    // Room for more than may come: too much must show.
    var writer = ByteWriter(capacity: 2 * text.count + 4096)
    let stated = ForwardedFacts(
      client: facts.client.span, scheme: "http", requestID: (1, 0xABCDEF),
      isTrusted: facts.isTrusted)
    HeadWriter.write(request: head, block.span, framing, stated, facts.rules, to: &writer)
    _ = Hops.judge(head.fields, block.span, mark: mark)
    require(!writer.isOverfull, "overfull")
    let written = writer.bytes
    return bytes(written, written.indices)
  }
}

private func requireGoesOn(_ request: Request, _ head: [UInt8], _ facts: Facts) {
  let text = Request.written(head, facts)
  require(text.count <= head.count + HeadWriter.growth, "grown from \(head.count) to \(text.count)")
  guard let written = Request(text, isOwn: true) else { fatalError("refused: \(request.lines)") }
  requireLines(text, count: written.lines.count + 2)
  require(written.method == request.method && written.path == request.path, "another target")
  require(!written.isVersion10, "a version")
  require(written.lines.values(.host) == [request.host], "another Host")
  requireSame(written.framing, request.framing)
  requireConnection(written, request.framing)
  let listed = request.lines.listed
  require(
    written.lines.endToEnd
      == request.lines.endToEnd.filter { !listed.contains($0.key) && !facts.drops($0.key) },
    "other fields: \(written.lines.endToEnd) of \(request.lines)")
  requireStated(written.lines, request, facts)
}

private func requireSame(_ written: RequestFraming, _ received: RequestFraming) {
  require(written.body == received.body, "\(received.body) became \(written.body)")
  require(written.expectsContinue == received.expectsContinue, "another expectation")
  require(written.wantsUpgrade == received.wantsUpgrade, "another upgrade")
  require(!written.listsFields && written.isPersistent, "connection options")
  let hops = received.hopsLeft
  require(written.hopsLeft == (hops == .max ? .max : max(0, hops - 1)), "hops: \(written.hopsLeft)")
}

/// What concerns one connection says what lbd means for the next one, and no more.
private func requireConnection(_ written: Request, _ framing: RequestFraming) {
  let stays: [FieldName] = [
    .keepAlive, .proxyConnection, .te, .http2Settings, .testToken, .lookalike, .proxy,
  ]
  for name in stays {
    require(written.lines.values(name).isEmpty, "\(name) goes on")
  }
  let upgrade = framing.wantsUpgrade ? [Array("upgrade".utf8)] : []
  require(written.lines.values(.connection) == upgrade, "Connection: \(written.lines)")
  require(written.lines.values(.upgrade).isEmpty != framing.wantsUpgrade, "Upgrade")
  require(framing.body == .chunked || written.lines.values(.trailer).isEmpty, "Trailer")
  require(written.lines.values(.expect).count == (framing.expectsContinue ? 1 : 0), "Expect")
  let hasLength = if case .length = framing.body { 1 } else { 0 }
  require(written.lines.values(.contentLength).count == hasLength, "Content-Length")
}

/// What is stated of the client is lbd's word, and before it only a trusted proxy's.
private func requireStated(_ lines: [Line], _ request: Request, _ facts: Facts) {
  let own = request.lines
  let said = own.values(.forwardedFor).filter { !$0.isEmpty && facts.isTrusted } + [facts.client]
  let list = Array(said.joined(separator: Array(", ".utf8)))
  require(lines.values(.forwardedFor) == [list], "X-Forwarded-For")
  require(lines.values(.forwardedProto).count == 1, "X-Forwarded-Proto")
  require(lines.values(.forwardedHost).count == 1, "X-Forwarded-Host")
  require(lines.values(.requestID).count == 1, "X-Request-Id")
  let via = Array((request.isVersion10 ? "1.0 " : "1.1 ").utf8) + Array("lbd-fedcba9876543210".utf8)
  require(
    lines.values(.via) == own.values(.via) + (facts.isReserved ? [] : [via]), "Via: \(lines)")
  let forwarded = lines.values(.forwarded)
  if facts.statesForwarded {
    require(forwarded.count == 1, "Forwarded")
    require(text(forwarded[0]).hasSuffix(";proto=http"), "Forwarded")
  } else {
    require(forwarded == (facts.isTrusted ? notListed(own, .forwarded) : []), "Forwarded")
  }
  let other = facts.isTrusted ? notListed(own, .forwardedOther) : []
  require(lines.values(.forwardedOther) == other, "X-Forwarded-…")
  guard !facts.isTrusted else { return }
  require(lines.values(.forwardedProto) == [Array("http".utf8)], "X-Forwarded-Proto")
  require(lines.values(.requestID) == [requestID], "X-Request-Id")
}

private func notListed(_ lines: [Line], _ name: FieldName) -> [[UInt8]] {
  let listed = lines.listed
  return lines.filter { $0.name == name && !listed.contains($0.key) }.map(\.value)
}
