// Text in columns: each as wide as its widest cell, two spaces between them, numbers to the right.

/// A colour of a terminal's palette.
package enum Colour: Int, Sendable {
  case red = 31
  case green = 32
  case yellow = 33

  /// What a terminal takes before the text; behind it stands `end`.
  package var start: String { "\u{1B}[\(rawValue)m" }
  package static let end = "\u{1B}[0m"
  /// All that a table may hold of this kind.
  package static let sequences = [Colour.red, .green, .yellow].map(\.start) + [end]
}

/// Rows under headings.
package struct Table: Sendable {
  /// A column's heading and the side that its cells stand at.
  package struct Column: Sendable {
    let heading: String
    let isRight: Bool

    /// A column whose cells stand at its left side: for texts.
    package static func left(_ heading: String) -> Column {
      Column(heading: heading, isRight: false)
    }
    /// A column whose cells stand at its right side: for numbers.
    package static func right(_ heading: String) -> Column {
      Column(heading: heading, isRight: true)
    }
  }

  /// One text of the table; what controls a terminal is written out in it.
  package struct Cell: Sendable, ExpressibleByStringInterpolation {
    package let text: String
    package let colour: Colour?

    package init(_ text: String, _ colour: Colour? = nil) {
      self.text = Readable.clean(text)
      self.colour = colour
    }

    package init(stringLiteral text: String) {
      self.init(text)
    }
  }

  package let columns: [Column]
  package var rows: [[Cell]] = []

  package init(_ columns: [Column]) {
    self.columns = columns
  }

  /// How wide the whole table is. Of a last cell that is longer than `most`, only so much counts: it
  /// may go on in a further line, or be cut.
  package func width(ofLastAtMost most: Int = .max) -> Int {
    let widths = widths
    let last = min(widths.last ?? 0, max(most, columns.last?.heading.count ?? 0))
    return widths.dropLast().reduce(0) { $0 + $1 + Table.gap } + last
  }

  private static let gap = 2
  /// What a last column must have at least for its texts to be broken: below that, lines are longer.
  private static let leastBroken = 20

  private var header: [Cell] { columns.map { Cell($0.heading) } }

  private var widths: [Int] {
    let header = header
    return columns.indices.map { column in
      ([header] + rows).map { $0[column].text.count }.max() ?? 0
    }
  }

  /// The lines, headings first unless they are not wanted. The widths do not depend on that.
  /// - Parameter width: at most so wide, if the texts of the last column, which then go on below, can be
  ///   broken for that; nil for lines as long as they are.
  package func lines(
    hasHeader: Bool = true, isColoured: Bool = false, within width: Int? = nil
  ) -> [String] {
    let widths = widths
    let start = widths.dropLast().reduce(0) { $0 + $1 + Table.gap }
    let room = width.map { $0 - start }.flatMap { $0 >= Table.leastBroken ? $0 : nil }
    return ((hasHeader ? [header] : []) + rows).flatMap { row in
      var row = row
      var rest: [String] = []
      if let room, let last = row.last, last.text.count > room {
        rest = Readable.broken(last.text, at: room)
        row[row.count - 1] = Cell(rest.removeFirst(), last.colour)
      }
      let indent = String(repeating: " ", count: start)
      return [line(row, widths, isColoured: isColoured)] + rest.map { indent + $0 }
    }
  }

  private func line(_ row: [Cell], _ widths: [Int], isColoured: Bool) -> String {
    var line = ""
    for (index, column) in columns.enumerated() {
      let cell = row[index]
      let padding = String(repeating: " ", count: max(0, widths[index] - cell.text.count))
      var text = cell.text
      if isColoured, let colour = cell.colour {
        text = colour.start + text + Colour.end
      }
      let isLast = index == columns.count - 1
      line += column.isRight ? padding + text : isLast ? text : text + padding
      if !isLast { line += String(repeating: " ", count: Table.gap) }
    }
    return line
  }
}
