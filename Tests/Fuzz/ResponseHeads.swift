// Response heads: read the same in any pieces, and what goes on to a client is one clear response.

private let methods: [Method] = [.get, .head, .post, .options]
private let name = Array("r4".utf8)

@c(LLVMFuzzerTestOneInput)
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe input(start, count)
  requireSteady(bytes, undecided: .incomplete, end: end) { span in
    var head = ResponseHead()
    return HeadParser.parse(response: span, into: &head)
  }
  var parsed = ResponseHead()
  guard let length = end(HeadParser.parse(response: bytes.span, into: &parsed)) else { return 0 }
  let head = Array(bytes.prefix(length))
  for seen in 0..<min(length, 64) {
    require(HeadParser.mayEnd(head.span, from: seen), "an end overlooked from \(seen)")
  }
  for (index, method) in methods.enumerated() {
    guard let response = Response(head, to: method) else { continue }
    let isVersion10 = (count + index) % 2 == 0
    for isClosing in [false, true] {
      requireGoesOn(response, head, Client(method, isVersion10: isVersion10, isClosing: isClosing))
    }
  }
  return 0
}

private func end(_ outcome: ParseOutcome) -> Int? {
  if case .complete(let end) = outcome { end } else { nil }
}

/// The client of a request, as far as it bears on what it gets.
private struct Client {
  let method: Method
  let isVersion10: Bool
  let isClosing: Bool

  init(_ method: Method, isVersion10: Bool, isClosing: Bool) {
    self.method = method
    self.isVersion10 = isVersion10
    self.isClosing = isClosing
  }

  /// As the proxy frames a body towards it.
  func body(_ received: BodyFraming) -> BodyFraming {
    switch received {
    case .chunked where isVersion10: .untilClose
    case .untilClose where !isVersion10: .chunked
    default: received
    }
  }

  func option(_ response: Response) -> ConnectionOption {
    if response.status == 101 { return .upgrade }
    let ends = isClosing || body(response.framing.body) == .untilClose
    return ends ? .close : isVersion10 ? .keepAlive : .unsaid
  }
}

/// A response by value.
private struct Response {
  var status = 0
  var reason: [UInt8] = []
  var isVersion10 = false
  var framing = ResponseFraming()
  var lines: [Line] = []

  /// Nil where it is broken.
  init?(_ text: [UInt8], to method: Method) {
    let block = Block(text)
    let span = block.span
    var head = ResponseHead()
    guard HeadParser.parse(response: span, into: &head) == .complete(text.count),
      Framing.examine(head, span, to: method, into: &framing)
    else { return nil }
    status = head.status
    reason = bytes(span, head.reasonRange)
    isVersion10 = head.isVersion10
    lines = Line.all(head.fields, span)
  }

  /// The head that a client gets.
  func written(_ text: [UInt8], _ client: Client, date: Int) -> [UInt8] {
    let block = Block(text)
    var head = ResponseHead()
    var framing = ResponseFraming()
    _ = HeadParser.parse(response: block.span, into: &head)
    _ = Framing.examine(head, block.span, to: client.method, into: &framing)
    var writer = ByteWriter(capacity: 2 * text.count + 4096)
    let replica = client.isClosing ? name : []
    HeadWriter.write(
      response: head, block.span, framing, body: client.body(framing.body),
      connection: client.option(self), replica: replica.span,
      date: date, to: &writer)
    require(!writer.isOverfull, "overfull")
    let written = writer.bytes
    return bytes(written, written.indices)
  }
}

private func requireGoesOn(_ response: Response, _ head: [UInt8], _ client: Client) {
  let isDated = response.framing.hasDate || response.status < 200
  let text = response.written(head, client, date: isDated ? 0 : 1_000_000_000)
  require(text.count <= head.count + HeadWriter.growth, "grown from \(head.count) to \(text.count)")
  // With lbd's own fields there may be more than lbd's own parser takes.
  guard response.lines.count <= ownRoom else { return }
  guard let written = Response(text, to: client.method) else {
    fatalError("broken: \(response.lines)")
  }
  requireLines(text, count: written.lines.count + 2)
  require(written.status == response.status && written.reason == response.reason, "another status")
  require(!written.isVersion10, "a version")
  let body = client.body(response.framing.body)
  require(written.framing.body == body, "\(body) became \(written.framing.body)")
  requireConnection(written, response, client)
  let dates = response.framing.hasDate ? response.lines.values(.date).count : isDated ? 0 : 1
  require(written.lines.values(.date).count == dates, "Date")
  let listed = response.lines.listed
  let passed = response.lines.endToEnd.filter { !listed.contains($0.key) }
  require(
    written.lines.values(.replicaName) == (client.isClosing ? [name] : []), "the replica's name")
  require(written.lines.endToEnd == passed, "other fields: \(written.lines) of \(response.lines)")
}

private func requireConnection(_ written: Response, _ response: Response, _ client: Client) {
  for name in [FieldName.keepAlive, .proxyConnection, .te, .http2Settings, .lookalike, .expect] {
    require(written.lines.values(name).isEmpty, "\(name) goes on")
  }
  require(!written.framing.listsFields, "connection options")
  let option = client.option(response)
  require(written.framing.isPersistent == (option != .close), "the connection's end")
  let isNamed = option == .upgrade || response.status == 426
  require(isNamed || written.lines.values(.upgrade).isEmpty, "Upgrade")
  let words: [String] =
    (option == .close ? ["close"] : option == .keepAlive ? ["keep-alive"] : [])
    + (isNamed ? ["upgrade"] : [])
  require(written.lines.values(.connection) == words.map { Array($0.utf8) }, "Connection")
  requireLength(written, response, client)
}

private func requireLength(_ written: Response, _ response: Response, _ client: Client) {
  let lengths = written.lines.values(.contentLength)
  let codings = written.lines.values(.transferEncoding)
  require(lengths.count + codings.count <= 1, "two framings: \(written.lines)")
  // RFC 9110 §8.6, RFC 9112 §6.1: neither stands in a 1xx or 204.
  if response.status < 200 || response.status == 204 {
    require(lengths.isEmpty && codings.isEmpty, "a length in a \(response.status)")
  } else if response.framing.body == .none {
    // The length that GET would have had.
    require(lengths == response.lines.values(.contentLength), "another length")
  }
}
