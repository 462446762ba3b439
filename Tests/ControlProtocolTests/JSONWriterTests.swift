// What the writer writes, byte for byte, and that Foundation reads the same back.

import ControlProtocol
import Foundation
import Testing

struct JSONWriterTests {
  private func text(_ body: (inout JSONWriter) -> Void) -> String {
    var writer = JSONWriter()
    body(&writer)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  @Test func `fields stand in the order of the calls`() {
    let json = text {
      $0.object {
        $0.field("b", "x")
        $0.field("a", 1)
        $0.field("t", true)
        $0.field("n", optional: String?.none)
        $0.object("o") { _ in }
        $0.array("l") {
          $0.value(1)
          $0.value("two")
          $0.null()
          $0.array { _ in }
        }
        $0.field("z", 0.5)
      }
    }
    #expect(json == #"{"b":"x","a":1,"t":true,"n":null,"o":{},"l":[1,"two",null,[]],"z":0.5}"#)
  }

  @Test func `texts are escaped`() {
    let json = text { $0.value("a\"b\\c\n\r\t\u{0}\u{1B}\u{7F}é☃") }
    #expect(json == #""a\"b\\c\n\r\t\u0000\u001b\u007fé☃""#)
  }

  @Test func `what steers a terminal or turns a line around is escaped`() {
    let json = text {
      $0.value("a\u{85}\u{9B}2J\u{61C}\u{200E}\u{2028}\u{202E}\u{2066}\u{200D}\u{A0}𝄞")
    }
    #expect(
      json
        == #""a\u0085\u009b2J\u061c\u200e\u2028\u202e\u2066"# + "\u{200D}\u{A0}𝄞\"")
    #expect(HiddenText.shown("a\n\tb\u{1B}[2J\u{9B}\u{202E}é") == "a\n\tb\\u001b[2J\\u009b\\u202eé")
  }

  @Test func `what has no number in JSON is null`() {
    let json = text {
      $0.array {
        $0.value(Double.nan)
        $0.value(Double.infinity)
        $0.value(-Double.infinity)
      }
    }
    #expect(json == "[null,null,null]")
  }

  @Test(arguments: [
    0, -0.0, 1, 0.1, 1e-7, 2.2250738585072014e-308, 1.7976931348623157e308, 1e16, -203.125,
  ])
  func `numbers read back the same`(_ number: Double) throws {
    let json = text { $0.array { $0.value(number) } }
    #expect(try JSONDecoder().decode([Double].self, from: Data(json.utf8)) == [number])
  }

  @Test func `every character reads back the same`() throws {
    let all = (0..<0x3000).compactMap { Unicode.Scalar($0 as UInt32) }.map { String($0) }
    let json = text { writer in writer.array { for each in all { $0.value(each) } } }
    #expect(try JSONDecoder().decode([String].self, from: Data(json.utf8)) == all)
  }
}
