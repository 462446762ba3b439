// What an order's body may be, and that nothing else passes or traps.

import ControlProtocol
import Testing

struct OrderBodyTests {
  private func parse(_ text: String) -> [String]? {
    OrderBody.parse(Array(text.utf8)).map { [$0.key, $0.value] }
  }

  @Test func `one object of one text is read`() {
    #expect(parse(#"{"address":"127.0.0.1:8084"}"#) == ["address", "127.0.0.1:8084"])
    #expect(parse(" {\t\"replica\" : \"8084\"\r\n} \n") == ["replica", "8084"])
    #expect(parse(#"{"":""}"#) == ["", ""])
  }

  @Test func `escapes are read`() {
    #expect(
      parse(#"{"k\n":"\"\\\/\b\f\r\té\u00E9\ud83d\uDE00"}"#) == ["k\n", "\"\\/\u{8}\u{C}\r\téé😀"])
  }

  @Test(arguments: [
    "", " ", "{", "{}", "[]", "null", "\"a\"", #"{"a"}"#, #"{"a":}"#, #"{"a":1}"#, #"{"a":null}"#,
    #"{"a":"b""#, #"{"a":"b"}}"#, #"{"a":"b"} x"#, #"{"a":"b",}"#, #"{"a":"b","a":"c"}"#,
    #"{"a":{"b":"c"}}"#, #"{'a':'b'}"#, #"{a:"b"}"#, #"{"a":"\x"}"#, #"{"a":"\u12"}"#,
    #"{"a":"\u12g4"}"#, #"{"a":"\ud800"}"#, #"{"a":"\ud800A"}"#, #"{"a":"\udc00"}"#, #"{"a":"\"#,
    #"{"a":"\u"#, "{\"a\":\"\n\"}", "{\"a\":\"\u{0}\"}", "\u{FEFF}{\"a\":\"b\"}",
  ])
  func `anything else is refused`(_ text: String) {
    #expect(parse(text) == nil)
  }

  @Test func `an object has exactly the texts that are asked for`() {
    func parse(_ text: String) -> [String]? {
      OrderBody.parse(Array(text.utf8), ["replica", "weight"])
    }
    #expect(parse(#"{"replica":"8081","weight":"5"}"#) == ["8081", "5"])
    #expect(parse(#"{"weight":"5" , "replica":"8081"}"#) == ["8081", "5"])
    for text in [
      #"{"replica":"8081"}"#, #"{"replica":"8081","weight":"5","weight":"5"}"#,
      #"{"replica":"8081","weight":"5","x":"y"}"#, #"{"replica":"8081","replica":"8081"}"#,
      #"{"replica":"8081","weight":"5",}"#, #"{"replica":"8081" "weight":"5"}"#, "{}", "",
    ] {
      #expect(parse(text) == nil, "\(text)")
    }
  }

  @Test func `bytes that are not UTF-8 are refused`() {
    for bytes: [UInt8] in [[0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80]] {
      let body = Array("{\"a\":\"".utf8) + bytes + Array("\"}".utf8)
      #expect(OrderBody.parse(body) == nil)
    }
  }

  @Test func `the length is bounded`() {
    let value = String(repeating: "x", count: OrderBody.limit - 8)
    #expect(parse("{\"a\":\"\(value)\"}") == ["a", value])
    #expect(parse("{\"a\":\"\(value)x\"}") == nil)
  }

  @Test func `no cut or changed body traps`() {
    let body = Array(#"{"address":"a\n\ud83d\uDE00\"b"}"#.utf8)
    for index in body.indices {
      #expect(OrderBody.parse(Array(body[..<index])) == nil)
      for byte in UInt8.min...UInt8.max {
        var changed = body
        changed[index] = byte
        _ = OrderBody.parse(changed)
      }
    }
  }

  @Test func `what is written is read`() {
    let body = OrderBody.write([OrderBody.addressKey: "unix:/a \"b\"\n"])
    #expect(OrderBody.parse(body).map { [$0.key, $0.value] } == ["address", "unix:/a \"b\"\n"])
  }
}
