// The plot of the standard scenarios: bars of CPU per request, p50 and p99 by balancer, each as a
// multiple of the first balancer's, so that one axis fits all scenarios. Pure.

import CommandText

/// Writes the SVG.
struct Plot {
  private let findings: [Finding]
  private let names: [String]
  /// The columns that are drawn, by their names in the tables.
  private static let panels = ["CPU per request", "p50", "p99"]

  // Lengths in the drawing's own units.
  private static let width = 960.0
  private static let left = 64.0
  private static let top = 92.0
  private static let panelHeight = 190.0
  private static let panelGap = 66.0

  init(_ findings: [Finding]) {
    self.findings = findings
    names = findings.first?.rows.map(\.name) ?? []
  }

  func svg() -> String {
    let count = Double(Plot.panels.count)
    let height = Plot.top + count * (Plot.panelHeight + Plot.panelGap) + 16
    let middle = number((Plot.left + Plot.width - 16) / 2)
    let scenario =
      #"<text class="small faint" x="\#(middle)" y="\#(number(height - 10))" "#
      + #"text-anchor="middle">scenario</text>"#
    let parts =
      [header(height), legend()] + Plot.panels.indices.map(panel) + [scenario, "</svg>\n"]
    return parts.joined(separator: "\n")
  }

  // MARK: Parts

  private func header(_ height: Double) -> String {
    let reference = names.first ?? ""
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(number(Plot.width)) \(number(height))" \
      role="img" aria-label="CPU per request and latency by balancer">
      <style>
        text { font: 13px system-ui, sans-serif; fill: #24292f; }
        .title { font-size: 18px; font-weight: 600; } .panel { font-size: 14px; font-weight: 600; }
        .small { font-size: 10.5px; } .label { paint-order: stroke; stroke: #ffffff; stroke-width: 5; }
        .faint { fill: #57606a; }
        .ground { fill: #ffffff; } .grid { stroke: #d0d7de; } .unit { stroke: #24292f; }
        .spread { stroke: #24292f; }
        .lbd { fill: #0969da; } .lbd-before { fill: #8250df; } .nginx { fill: #bf8700; }
        .haproxy { fill: #cf222e; } .relay { fill: #6e7781; }
        @media (prefers-color-scheme: dark) {
          text { fill: #e6edf3; } .label { stroke: #0d1117; } .faint { fill: #9da7b3; } .ground { fill: #0d1117; }
          .grid { stroke: #30363d; } .unit, .spread { stroke: #e6edf3; }
          .lbd { fill: #4493f8; } .lbd-before { fill: #ab7df8; } .nginx { fill: #d29922; }
          .haproxy { fill: #f85149; } .relay { fill: #8b949e; }
        }
      </style>
      <rect class="ground" width="100%" height="100%"/>
      <text class="title" x="16" y="30">CPU per request and latency, as multiples of \
      \(Plot.escape(reference))'s</text>
      <text class="faint" x="16" y="52">Lower is better. Bars are medians over the rounds, \
      whiskers the lowest and the highest round.</text>
      """
  }

  private func legend() -> String {
    var x = 16.0
    return names.map { name in
      let entry =
        #"<rect class="\#(Plot.escape(name))" x="\#(number(x))" y="64" width="12" height="12"/>"#
        + #"<text x="\#(number(x + 18))" y="75">\#(Plot.escape(name))</text>"#
      x += 40 + 8 * Double(name.count)
      return entry
    }.joined(separator: "\n")
  }

  private func panel(_ index: Int) -> String {
    let name = Plot.panels[index]
    let top = Plot.top + Double(index) * (Plot.panelHeight + Plot.panelGap) + 30
    let highest = findings.flatMap { finding in
      finding.rows.indices.compactMap { ratios(finding, $0, name)?.spread?.upperBound }
    }.max()
    let axis = Axis(highest: highest ?? 1, top: top, height: Plot.panelHeight)
    let caption = name == "CPU per request" ? name : "Latency, \(name)"
    let title =
      #"<text class="panel" x="16" y="\#(number(top - 14))">\#(caption)</text>"#
      + #"<text class="small faint" transform="translate(20 \#(number(top + Plot.panelHeight / 2)))"#
      + #" rotate(-90)" text-anchor="middle">times \#(Plot.escape(names.first ?? ""))</text>"#
    return ([title] + axis.lines(from: Plot.left, to: Plot.width - 16) + groups(name, axis))
      .joined(separator: "\n")
  }

  /// The bars of each scenario, and its name under them.
  private func groups(_ measure: String, _ axis: Axis) -> [String] {
    let space = (Plot.width - 16 - Plot.left) / Double(max(1, findings.count))
    let bar = min(40, space * 0.84 / Double(max(1, names.count)))
    return findings.enumerated().flatMap { index, finding -> [String] in
      let middle = Plot.left + (Double(index) + 0.5) * space
      let start = middle - bar * Double(names.count) / 2
      let label =
        #"<text x="\#(number(middle))" y="\#(number(axis.bottom + 18))" text-anchor="middle">"#
        + "\(Plot.escape(finding.scenario.rawValue))</text>"
      let bars = finding.rows.indices.map { row in
        self.bar(
          ratios(finding, row, measure), row, x: start + Double(row) * bar, width: bar, axis)
      }
      return bars + [label]
    }
  }

  private func bar(
    _ ratios: Figures?, _ row: Int, x: Double, width: Double, _ axis: Axis
  ) -> String {
    let middle = x + width / 2
    guard let median = ratios?.median, let spread = ratios?.spread else {
      return #"<text class="small" x="\#(number(middle))" y="\#(number(axis.bottom - 4))" "#
        + #"text-anchor="middle">none</text>"#
    }
    let (y, high, low) = (axis.y(median), axis.y(spread.upperBound), axis.y(spread.lowerBound))
    // Above the whisker, unless that is long: a number far from its bar looks like another one.
    let label = y - high > 30 ? y - 4 : min(y, high) - 4
    return
      #"<rect class="\#(Plot.escape(names[row]))" x="\#(number(x + 1))" y="\#(number(y))" "#
      + #"width="\#(number(width - 2))" height="\#(number(axis.bottom - y))"/>"#
      + #"<line class="spread" x1="\#(number(middle))" x2="\#(number(middle))" "#
      + #"y1="\#(number(high))" y2="\#(number(low))"/>"#
      + #"<text class="small label" x="\#(number(middle))" y="\#(number(label))" "#
      + #"text-anchor="middle">\#(significant(median))</text>"#
  }

  private func ratios(_ finding: Finding, _ row: Int, _ measure: String) -> Figures? {
    finding.measures.firstIndex { $0.name == measure }.flatMap { finding.ratios(row, $0) }
  }

  // MARK: Text

  private func number(_ value: Double) -> String { Readable.fixed(value) }

  /// A text as it stands between tags and in attributes.
  static func escape(_ text: String) -> String {
    var escaped = ""
    for character in text {
      switch character {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      default: escaped.append(character)
      }
    }
    return escaped
  }
}
