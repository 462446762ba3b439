/// The diagnostics of one load, gathered by its stages and handed out in reading order.
///
/// Keeps at most 1000, so that a file of noise costs no more than one of errors, and hands out 20, since
/// nobody mends more at once; the rest is counted.
struct Diagnostics {
  private var found: [(order: Int, column: Int, diagnostic: Diagnostic)] = []
  private var dropped = 0

  /// As many are handed out.
  static let limit = 20

  var isEmpty: Bool { found.isEmpty }

  mutating func add(_ location: SourceLocation, _ message: @autoclosure () -> String) {
    guard takeRoom() else { return }
    let diagnostic = Diagnostic(at: location, message: message())
    found.append((location.line.order, location.column, diagnostic))
  }

  /// For the file as a whole; comes after all that have a place.
  mutating func add(file: String, _ message: @autoclosure () -> String) {
    guard takeRoom() else { return }
    found.append((Int.max, 0, Diagnostic(file: file, message: message())))
  }

  /// Whether one more would be kept. What it costs to find good words is spent only then.
  var hasRoom: Bool { found.count < 1000 }

  private mutating func takeRoom() -> Bool {
    if hasRoom { return true }
    dropped += 1
    return false
  }

  func inOrder(file: String) -> [Diagnostic] {
    let sorted = found.enumerated().sorted {
      ($0.element.order, $0.element.column, $0.offset)
        < ($1.element.order, $1.element.column, $1.offset)
    }
    let shown = sorted.prefix(Diagnostics.limit).map(\.element.diagnostic)
    let rest = sorted.count - shown.count + dropped
    guard rest > 0 else { return shown }
    let what = "and \(rest) more error\(rest == 1 ? "" : "s")"
    return shown + [Diagnostic(file: file, message: "\(what), mend the first and check again")]
  }
}
