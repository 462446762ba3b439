// Reading HTTP from a connection, by the letter of RFC 9112 and nothing more.

import Foundation
import TestSupport

extension Connection {
  /// Sends a request without a body and reads its answer.
  func get(_ target: String, _ fields: String = "") throws -> Answer {
    try send("GET \(target) HTTP/1.1\r\nHost: test\r\n\(fields)\r\n")
    return try answer()
  }

  func post(_ target: String, _ body: String, _ fields: String = "") throws -> Answer {
    try send(
      "POST \(target) HTTP/1.1\r\nHost: test\r\nContent-Length: \(body.utf8.count)\r\n\(fields)\r\n"
        + body)
    return try answer()
  }

  /// Reads the head of the next response, interim ones too.
  func answerHead() throws -> Answer {
    try Answer(head: try take(until: "\r\n\r\n"))
  }

  /// Reads the next final response whole.
  func answer(toHead isHead: Bool = false) throws -> Answer {
    var answer = try answerHead()
    while answer.status < 200 { answer = try answerHead() }
    guard !isHead && answer.status != 204 && answer.status != 304 else { return answer }
    if answer["transfer-encoding"] == "chunked" {
      while let chunk = try chunk() { answer.body += chunk }
    } else if let length = answer["content-length"] {
      guard let count = Int(length) else { throw TestFailure("Content-Length: \(length)") }
      answer.body = try take(count)
    } else {
      answer.body = try takeRest()
    }
    return answer
  }

  /// Reads the next chunk; nil for the last, whose trailers are thrown away.
  func chunk() throws -> [UInt8]? {
    let line = try take(until: "\r\n")
    guard let size = Int(line.prefix { $0 != ";" }, radix: 16) else {
      throw TestFailure("no chunk size: \(line)")
    }
    guard size > 0 else {
      while try take(until: "\r\n") != "" {}
      return nil
    }
    let bytes = try take(size)
    guard try take(2) == [13, 10] else { throw TestFailure("a chunk without its end") }
    return bytes
  }

  /// Reads the next request's head with its body, as far as a Content-Length states one; nil when the
  /// connection ends first.
  func request() throws -> String? {
    while unread.isEmpty { guard try receive() else { return nil } }
    let head = try take(until: "\r\n\r\n")
    let fields = head.split(separator: "\r\n").compactMap { try? Answer.Field($0) }
    let length = fields.first { $0.name == "content-length" }.flatMap { Int($0.value) } ?? 0
    return head + "\r\n\r\n" + String(decoding: try take(length), as: UTF8.self)
  }
}
