// The vertical axis of a panel: round steps from 0 to what the highest bar needs. Pure.

import CommandText

/// Where values stand.
struct Axis: Equatable {
  let step: Double
  let steps: Int
  let top: Double
  let height: Double

  /// - Parameter highest: the largest value that must fit.
  init(highest: Double, top: Double, height: Double) {
    let sizes = [0.25, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
    let size = sizes.first { highest / $0 <= 6 } ?? highest / 6
    step = size
    steps = max(1, Int((highest / size).rounded(.up)))
    self.top = top
    self.height = height
  }

  var bottom: Double { top + height }

  func y(_ value: Double) -> Double {
    bottom - height * value / (step * Double(steps))
  }

  /// A line and a number for each step, and a line at 1.
  func lines(from left: Double, to right: Double) -> [String] {
    let marks = (0...steps).map { index in
      let value = Double(index) * step
      return line("grid", value, left, right)
        + #"<text class="small faint" x="\#(Readable.fixed(left - 8))" "#
        + #"y="\#(Readable.fixed(y(value) + 4))" text-anchor="end">"#
        + "\(Readable.fixed(value, digits: step < 1 ? 2 : 0))</text>"
    }
    return marks + [line("unit", 1, left, right, #" stroke-dasharray="4 3""#)]
  }

  private func line(
    _ kind: String, _ value: Double, _ left: Double, _ right: Double, _ more: String = ""
  ) -> String {
    #"<line class="\#(kind)" x1="\#(Readable.fixed(left))" x2="\#(Readable.fixed(right))" "#
      + #"y1="\#(Readable.fixed(y(value)))" y2="\#(Readable.fixed(y(value)))"\#(more)/>"#
  }
}
