// An HTTP response as a test sees it, read with a reader of the test's own: what lbd's parser takes
// for right is not asked.

import Foundation

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
    let lines = head.components(separatedBy: "\r\n")
    guard let match = lines[0].wholeMatch(of: /HTTP\/1\.1 (\d\d\d) .*/), let code = Int(match.1)
    else { throw Failure("no status line: \(lines[0])") }
    status = code
    fields = try lines.dropFirst().map { line in
      guard let colon = line.firstIndex(of: ":") else { throw Failure("no field: \(line)") }
      return Field(
        name: line[..<colon].lowercased(),
        value: line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces))
    }
  }
}
