// An HTTP response as a test sees it, read with a reader of the test's own: what lbd's parser takes
// for right is not asked.

import Foundation
import TestSupport

/// A response.
struct Answer: Equatable {
  var status: Int
  /// Names in small letters, in their order.
  var fields: [Field]
  var body: [UInt8] = []

  struct Field: Equatable {
    let name: String
    let value: String
  }

  var text: String { String(decoding: body, as: UTF8.self) }

  /// The value of the one field of this name; nil when there is none.
  subscript(_ name: String) -> String? {
    let values = fields.filter { $0.name == name }.map(\.value)
    return values.isEmpty ? nil : values.joined(separator: ", ")
  }

  /// The port that a demo replica names in `/getInfo`.
  var port: String? {
    text.firstMatch(of: /"port":"(\d+)"/).map { String($0.1) }
  }

  /// Reads a head without its last empty line.
  init(head: String) throws {
    // A line's end is one character. No regular expressions here: they were a fifth of all that tests cost.
    let lines = head.split(separator: "\r\n", omittingEmptySubsequences: false)
    let words = lines[0].split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
    guard words.count == 3, words[0] == "HTTP/1.1", words[1].utf8.count == 3,
      let code = UInt16(words[1])
    else { throw TestFailure("no status line: \(lines[0])") }
    status = Int(code)
    fields = try lines.dropFirst().map(Field.init)
  }
}

extension Answer.Field {
  init(_ line: Substring) throws {
    guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")) else {
      throw TestFailure("no field: \(line)")
    }
    name = line[..<colon].lowercased()
    value = line[line.utf8.index(after: colon)...].trimmingCharacters(in: .whitespaces)
  }
}
