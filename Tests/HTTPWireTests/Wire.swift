// How the tests of this folder speak to the parser and read what was written: in texts.

import HTTPWire

/// Calls on texts. Literals write line ends as `\r\n`, so that what is on the wire is what is read.
enum Wire {
  /// A head with a Host field; what is given comes between the Host field and the empty line.
  static func get(_ fields: String, target: String = "/", version: String = "1.1") -> String {
    "GET \(target) HTTP/\(version)\r\nHost: a\r\n\(fields)\r\n"
  }

  static func parse(request text: some Collection<UInt8>) -> ParseOutcome {
    let bytes = Array(text)
    var head = RequestHead()
    return HeadParser.parse(request: bytes.span, into: &head)
  }

  static func parse(response text: some Collection<UInt8>) -> ParseOutcome {
    let bytes = Array(text)
    var head = ResponseHead()
    return HeadParser.parse(response: bytes.span, into: &head)
  }

  static func mayEnd(_ text: some Collection<UInt8>, from offset: Int) -> Bool {
    let bytes = Array(text)
    return HeadParser.mayEnd(bytes.span, from: offset)
  }

  struct Refused: Error, Equatable {
    /// Nil: the head is incomplete.
    let refusal: Refusal?
  }

  /// What a request head decides, or why it is refused by the parser or by the rules of framing.
  static func judge(_ text: String) throws(Refused) -> RequestFraming {
    let bytes = Array(text.utf8)
    var head = RequestHead()
    var framing = RequestFraming()
    switch HeadParser.parse(request: bytes.span, into: &head) {
    case .incomplete: throw Refused(refusal: nil)
    case .malformed(let refusal): throw Refused(refusal: refusal)
    case .complete: break
    }
    if let refusal = Framing.examine(head, bytes.span, into: &framing) {
      throw Refused(refusal: refusal)
    }
    return framing
  }

  /// Why a whole request head is refused; nil when it is accepted.
  static func refusal(_ text: String) -> Refusal? {
    do throws(Refused) {
      _ = try judge(text)
      return nil
    } catch {
      return error.refusal
    }
  }

  /// What a response head decides, or nil when it is refused.
  static func judge(response text: String, to method: Method = .get) -> ResponseFraming? {
    let bytes = Array(text.utf8)
    var head = ResponseHead()
    var framing = ResponseFraming()
    guard case .complete = HeadParser.parse(response: bytes.span, into: &head) else { return nil }
    return Framing.examine(head, bytes.span, to: method, into: &framing) ? framing : nil
  }

  /// The request that a replica gets for a client's.
  static func forwarded(
    _ text: String, client: String = "192.0.2.1", isTrusted: Bool = false,
    statesForwarded: Bool = false, statesVia: Bool = true, dropped: [String] = []
  ) -> String {
    let bytes = Array(text.utf8)
    var head = RequestHead()
    var framing = RequestFraming()
    guard case .complete = HeadParser.parse(request: bytes.span, into: &head),
      Framing.examine(head, bytes.span, into: &framing) == nil
    else { return "refused" }
    var writer = ByteWriter(capacity: 4096)
    let address = Array(client.utf8)
    let facts = ForwardedFacts(
      client: address.span, scheme: "http", requestID: (1, 0xABCDEF), isTrusted: isTrusted)
    let rules = ForwardRules(
      mark: mark, statesVia: statesVia, statesForwarded: statesForwarded,
      dropped: DroppedFields(dropped))
    HeadWriter.write(request: head, bytes.span, framing, facts, rules, to: &writer)
    return self.text(writer)
  }

  /// The mark that the lbd of these tests has, and how it stands in Via.
  static let mark: UInt64 = 0x0123_4567_89AB_CDEF
  static let markText = "lbd-0123456789abcdef"

  static func text(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
    String(decoding: range.map { bytes[$0] }, as: UTF8.self)
  }

  static func text(_ writer: borrowing ByteWriter) -> String {
    let bytes = writer.bytes
    return text(bytes, 0..<bytes.count)
  }
}
