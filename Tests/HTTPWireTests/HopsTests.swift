// How an lbd knows a request that comes back, and one that has come through too many.

import HTTPWire
import Testing

struct HopsTests {
  private func judge(_ fields: String) -> Hops.Verdict {
    let bytes = Array(Wire.get(fields).utf8)
    var head = RequestHead()
    _ = HeadParser.parse(request: bytes.span, into: &head)
    return Hops.judge(head.fields, bytes.span, mark: Wire.mark)
  }

  /// Via with so many lbds of other marks.
  private func others(_ count: Int) -> String {
    (0..<count).map { "1.1 lbd-\(String(0x1000_0000_0000_0000 + $0, radix: 16))" }
      .joined(separator: ", ")
  }

  @Test(arguments: [
    "Via: 1.1 \(Wire.markText)\r\n", "VIA: 1.0 \(Wire.markText)\r\n",
    "Via: HTTP/1.1 \(Wire.markText)\r\n", "Via: 1.1 LBD-0123456789ABCDEF\r\n",
    "Via: 1.1\t \(Wire.markText) (note)\r\n", "Via: 2 edge , 1.1 \(Wire.markText), 1.1 c\r\n",
    "Via: 1.1 edge\r\nA: b\r\nVia:1.1 \(Wire.markText)\r\n", "Via: ,,1.1 \(Wire.markText),\r\n",
  ])
  func `its own mark is known wherever it stands in Via (RFC 9110 §7.6.3)`(_ fields: String) {
    #expect(judge(fields) == .isBack)
  }

  @Test(arguments: [
    "", "Via:\r\n", "Via: 1.1 edge\r\n", "Via: 1.1 lbd\r\n", "Via: 1.1 lbd-\r\n",
    "Via: 1.1 lbd-0123456789abcdee\r\n", "Via: 1.1 lbd-0123456789abcdef0\r\n",
    "Via: 1.1 lbd-0123456789abcde\r\n", "Via: 1.1 xlbd-0123456789abcdef\r\n",
    "Via: \(Wire.markText)\r\n", "Via: 1.1 a \(Wire.markText)\r\n",
    "X-Via: 1.1 \(Wire.markText)\r\n",
    "Via: 1.1 lbd-0123456789abcdeg\r\n", "Via: 1.1\r\n", "Via: 1.1 lbdx, 1.1 lb\r\n",
  ])
  func `another's mark is none of its own`(_ fields: String) {
    #expect(judge(fields) == .goesOn)
  }

  @Test func `ten lbds are as many as a request comes through`() {
    #expect(judge("Via: \(others(9))\r\n") == .goesOn)
    #expect(judge("Via: \(others(10))\r\n") == .tooMany)
    #expect(judge("Via: \(others(5))\r\nVia: 1.1 edge\r\nVia: \(others(5))\r\n") == .tooMany)
    #expect(judge("Via: \(others(11))\r\nVia: 1.1 \(Wire.markText)\r\n") != .goesOn)
    // Those from before there were marks count as well, those of others do not.
    let former = (0..<10).map { _ in "1.1 lbd" }.joined(separator: ",")
    #expect(judge("Via: \(former)\r\n") == .tooMany)
    let edges = (0..<50).map { "1.1 edge\($0)" }.joined(separator: ",")
    #expect(judge("Via: \(edges)\r\n") == .goesOn)
  }

  @Test func `what was written is known again`() {
    let text = Wire.forwarded(Wire.get("Via: 1.1 edge\r\n"))
    let bytes = Array(text.utf8)
    var head = RequestHead()
    _ = HeadParser.parse(request: bytes.span, into: &head)
    let verdicts = [Wire.mark, Wire.mark + 1].map {
      Hops.judge(head.fields, bytes.span, mark: $0)
    }
    #expect(verdicts == [.isBack, .goesOn])
  }
}
