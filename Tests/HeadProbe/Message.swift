// One message: from its line, through the parser and the rules of framing, to its answer.

import HTTPWire

/// A message as it came in, and the question that it is asked.
struct Message {
  private enum Kind {
    case request
    case response(to: Method)
    case chunkedBody
  }

  private let kind: Kind
  private let bytes: [UInt8]

  /// `KIND HEX`; nil when it is not that.
  init?(_ line: String) {
    let parts = line.split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 2, let bytes = Hex.bytes(parts[1].utf8) else { return nil }
    switch parts[0] {
    case "q": kind = .request
    case "s": kind = .response(to: .get)
    case "h": kind = .response(to: .head)
    case "c": kind = .chunkedBody
    default: return nil
    }
    self.bytes = bytes
  }

  func answer() -> String {
    switch kind {
    case .request: request(bytes.span)
    case .response(let method): response(bytes.span, to: method)
    case .chunkedBody: ChunkedBody(bytes).answer()
    }
  }

  private func request(_ bytes: Span<UInt8>) -> String {
    var head = RequestHead()
    var framing = RequestFraming()
    switch HeadParser.parse(request: bytes, into: &head) {
    case .incomplete: return "incomplete"
    case .malformed(let refusal): return Message.refused(refusal)
    case .complete(let length):
      if let refusal = Framing.examine(head, bytes, into: &framing) {
        return Message.refused(refusal)
      }
      let parts = [
        "request", "\(length)", head.isVersion10 ? "1.0" : "1.1",
        framing.isPersistent ? "1" : "0", framing.expectsContinue ? "1" : "0",
        Message.text(framing.body), Hex.text(bytes, head.methodRange),
        Hex.text(bytes, head.targetRange),
      ]
      return (parts + Message.fields(head.fields, bytes)).joined(separator: " ")
    }
  }

  private func response(_ bytes: Span<UInt8>, to method: Method) -> String {
    var head = ResponseHead()
    var framing = ResponseFraming()
    switch HeadParser.parse(response: bytes, into: &head) {
    case .incomplete: return "incomplete"
    case .malformed(let flaw): return "refused 502 \(flaw.flaw)"
    case .complete(let length):
      if let flaw = Framing.judge(head, bytes, to: method, into: &framing) {
        return "refused 502 \(flaw.flaw)"
      }
      let parts = [
        "response", "\(length)", head.isVersion10 ? "1.0" : "1.1",
        framing.isPersistent ? "1" : "0", Message.text(framing.body), "\(head.status)",
        Hex.text(bytes, head.reasonRange),
      ]
      return (parts + Message.fields(head.fields, bytes)).joined(separator: " ")
    }
  }

  private static func refused(_ refusal: Refusal) -> String {
    "refused \(refusal.status) \(refusal.detail)"
  }

  private static func text(_ body: BodyFraming) -> String {
    switch body {
    case .none: "none"
    case .length(let length): "length:\(length)"
    case .chunked: "chunked"
    case .untilClose: "close"
    }
  }

  private static func fields(
    _ fields: borrowing HeaderFields, _ bytes: Span<UInt8>
  ) -> [String] {
    var texts: [String] = []
    for index in 0..<fields.count {
      let field = fields[index]
      let name = Hex.text(bytes, field.nameRange, inSmallLetters: true)
      texts.append("\(name)=\(Hex.text(bytes, field.valueRange))")
    }
    return texts
  }
}
