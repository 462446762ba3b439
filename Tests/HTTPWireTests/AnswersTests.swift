// The writer of bytes, and lbd's own answers made with it.

import HTTPWire
import Testing

struct AnswersTests {
  @Test(arguments: [0, 1, 9, 10, 99, 100, 12_345, Int.max])
  func `numbers are written in decimal`(_ value: Int) {
    var writer = ByteWriter(capacity: 32)
    writer.append(decimal: value)
    let text = Wire.text(writer)
    #expect(text == String(value))
  }

  @Test func `what does not fit is left out and told`() {
    var writer = ByteWriter(capacity: 4)
    writer.append("abc")
    writer.append("de")
    let isOverfull = writer.isOverfull
    writer.append(UInt8(ascii: "f"))
    writer.append(UInt8(ascii: "g"))
    let text = Wire.text(writer)
    #expect(text == "abcf" && isOverfull)
    writer.removeAll()
    let (count, isStillOverfull) = (writer.count, writer.isOverfull)
    #expect(count == 0 && !isStillOverfull)
  }

  private func answer(_ status: Int, isHead: Bool = false) -> String {
    var writer = ByteWriter(capacity: 1024)
    // The date is RFC 9110 §5.6.7's own example.
    Responses.write(
      status, detail: "no replica", connection: .close, date: 784_111_777, retryAfter: 1,
      isHead: isHead, to: &writer)
    return Wire.text(writer)
  }

  @Test func `an answer of lbd's own has a body of the length that it states`() {
    let head = """
      HTTP/1.1 503 Service Unavailable\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
      Content-Type: application/json\r\n\
      Content-Length: 23\r\nRetry-After: 1\r\nConnection: close\r\n\r\n
      """
    #expect(answer(503) == head + "{\"detail\":\"no replica\"}")
    #expect(answer(503, isHead: true) == head)
  }

  @Test(arguments: Refusal.allCases)
  func `each refusal has a status with a reason, and a detail that needs no escape`(
    _ refusal: Refusal
  ) {
    let reason = "\(Responses.reason(refusal.status))"
    #expect((400...599).contains(refusal.status) && reason != "Unknown")
    let detail = "\(refusal.detail)"
    #expect(!detail.isEmpty && !detail.contains("\"") && !detail.contains("\\"))
  }
}
