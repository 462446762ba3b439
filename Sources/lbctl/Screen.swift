// One frame of a terminal, drawn over the last without clearing it first, so that it does not flicker.

/// A terminal of a known size.
struct Screen {
  /// What makes room for the first frame.
  static let clear = "\u{1B}[H\u{1B}[2J"

  let columns: Int
  let rows: Int

  init(_ size: (columns: Int, rows: Int)) {
    columns = size.columns
    rows = size.rows
  }

  /// The control sequences and texts of a frame: from the top, each line cut and its rest erased,
  /// then all that was below. Lines that have no room give way before the last ones, the summary.
  func frame(_ lines: [String], above last: [String] = []) -> String {
    let room = max(1, rows - 1)
    let feet = last.prefix(max(1, room - 1))
    let shown = lines.prefix(room - feet.count) + feet
    let body = shown.map { "\(cut($0))\u{1B}[K\n" }.joined()
    return "\u{1B}[H\(body)\u{1B}[J"
  }

  /// The line's first `columns` characters; sequences that colour take no room.
  func cut(_ line: String) -> String {
    var result = ""
    var width = 0
    var isInSequence = false
    for character in line {
      if character == "\u{1B}" { isInSequence = true }
      if !isInSequence {
        guard width < columns else { continue }
        width += 1
      }
      result.append(character)
      if isInSequence && character == "m" { isInSequence = false }
    }
    return result
  }
}
