// Text in columns: each as wide as its widest cell, two spaces between them, numbers to the right.

/// A colour of a terminal's palette.
package enum Colour: Int, Sendable {
  case red = 31
  case green = 32
  case yellow = 33
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

  /// One text of the table; what controls a terminal is taken out of it.
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

  /// The lines, headings first unless they are not wanted. The widths do not depend on that.
  package func lines(hasHeader: Bool = true, isColoured: Bool = false) -> [String] {
    let header = columns.map { Cell($0.heading) }
    let widths = columns.indices.map { column in
      ([header] + rows).map { $0[column].text.count }.max() ?? 0
    }
    return ((hasHeader ? [header] : []) + rows).map { row in
      line(row, widths, isColoured: isColoured)
    }
  }

  private func line(_ row: [Cell], _ widths: [Int], isColoured: Bool) -> String {
    var line = ""
    for (index, column) in columns.enumerated() {
      let cell = row[index]
      let padding = String(repeating: " ", count: widths[index] - cell.text.count)
      var text = cell.text
      if isColoured, let colour = cell.colour {
        text = "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m"
      }
      let isLast = index == columns.count - 1
      line += column.isRight ? padding + text : isLast ? text : text + padding
      if !isLast { line += "  " }
    }
    return line
  }
}
