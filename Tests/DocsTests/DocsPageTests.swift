// What /docs and /openapi.json promise that can be told from their bytes, without a browser.

import Foundation
import TestSupport
import Testing

@testable import Pages

struct DocsPageTests {
  @Test func `the page refers to nothing outside itself`() {
    for reference in ["http:", "https:", " src=", "\"//", "'//"] {
      let isThere = DocsPage.html.contains(reference)
      #expect(!isThere, "the page holds \(reference)")
    }
    for reference in ["url(", "@import"] {
      let isThere = DocsStyle.css.contains(reference)
      #expect(!isThere, "the style holds \(reference)")
    }
  }

  @Test func `the page has no handlers or styles in its markup, which its policy forbids`() throws {
    let handler = try Regex(#"<[^>]* (on[a-z]+|style)\s*="#)
    let found = DocsMarkup.body.firstMatch(of: handler).map { String($0.output[0].substring ?? "") }
    #expect(found == nil)
  }

  @Test func `the page never makes markup of text`() {
    for way in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
      let isThere = DocsScript.javaScript.contains(way)
      #expect(!isThere, "the script holds \(way)")
    }
  }

  @Test func `the policy names the style and the script that the page holds`() throws {
    let (style, script) = (try sha256(DocsStyle.css), try sha256(DocsScript.javaScript))
    #expect(DocsPage.styleHash == style, "styleHash in DocsPage.swift has to be \(style)")
    #expect(DocsPage.scriptHash == script, "scriptHash in DocsPage.swift has to be \(script)")
  }

  @Test func `the pages are small enough to be sent at once`() {
    #expect(DocsPage.bytes.count < 64 << 10)
    #expect(OpenAPIDescription.bytes.count < 16 << 10)
  }

  @Test func `openapi json describes getInfo`() throws {
    let document = try #require(
      JSONSerialization.jsonObject(with: Data(OpenAPIDescription.bytes)) as? [String: Any])
    #expect(document["openapi"] as? String == "3.1.0")
    let paths = try #require(document["paths"] as? [String: [String: [String: Any]]])
    let responses = try #require(paths["/getInfo"]?["get"]?["responses"] as? [String: Any])
    #expect(responses.keys.sorted() == ["200", "503"])
  }

  /// As a Content-Security-Policy writes it. The system's own tool counts it.
  private func sha256(_ text: String) throws -> String {
    let process = Process()
    let (input, output) = (Pipe(), Pipe())
    process.executableURL = URL(fileURLWithPath: "/usr/bin/sha256sum")
    process.standardInput = input
    process.standardOutput = output
    try process.start()
    // More than a pipe takes, once the page grows: written from beside while the tool reads.
    let data = Data(text.utf8)
    Thread.detachNewThread {
      try? input.fileHandleForWriting.write(contentsOf: data)
      try? input.fileHandleForWriting.close()
    }
    let line = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let digits = Array(line.prefix(64))
    let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
      UInt8(String(digits[$0..<min($0 + 2, digits.count)]), radix: 16)
    }
    try #require(bytes.count == 32, "sha256sum says \(line)")
    return "sha256-" + Data(bytes).base64EncodedString()
  }
}
