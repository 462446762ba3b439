/// One reason why a conf is refused: what is wrong, where, and what to do next.
///
/// Made by every stage of a load; `lbd -t`, a refused start and a refused reload print `description`.
package struct Diagnostic: Sendable, Equatable, CustomStringConvertible {
  package let file: String
  /// 1-based; nil when the file as a whole is meant.
  package let line: Int?
  /// 1-based, counted in Unicode scalars.
  package let column: Int?
  package let message: String
  /// The source line, and the same line with all but tabs blanked up to the caret.
  private let excerpt: [String]

  init(file: String, message: String) {
    self.file = printable(file)
    self.line = nil
    self.column = nil
    self.message = message
    self.excerpt = []
  }

  init(at location: SourceLocation, message: String) {
    self.file = printable(location.line.file)
    self.line = location.line.number
    self.column = location.column
    self.message = message
    self.excerpt = Diagnostic.excerpt(of: location)
  }

  package var description: String {
    let position = [line, column].compactMap { $0 }.map { ":\($0)" }.joined()
    let head = "\(file)\(position): error: \(message)"
    return ([head] + excerpt.map { "  " + $0 }).joined(separator: "\n")
  }

  /// At most 160 columns around the caret: a line may be a mebibyte long.
  private static func excerpt(of location: SourceLocation) -> [String] {
    let scalars = Array(location.line.text.unicodeScalars)
    let start = location.column <= 120 ? 0 : location.column - 80
    let end = min(scalars.count, start + 160)
    let lead = start > 0 ? "…" : ""
    let shown = printable(scalars[min(start, end)..<end])
    let before = scalars[min(start, end)..<min(end, location.column - 1)]
    let blank = before.map { $0 == "\t" ? "\t" : " " }.joined()
    return [lead + shown, (lead.isEmpty ? "" : " ") + blank + "^"]
  }
}
