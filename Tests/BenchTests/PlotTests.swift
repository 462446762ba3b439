// The drawing: texts that cannot break it, and an axis that fits its bars.

import Testing

@testable import bench

struct PlotTests {
  @Test func `a text is escaped`() {
    #expect(Plot.escape(#"a<b & "c">'d'"#) == "a&lt;b &amp; &quot;c&quot;&gt;&#39;d&#39;")
    #expect(Plot.escape("lbd-before") == "lbd-before")
  }

  @Test(arguments: [
    (1, 0.25, 4), (1.3, 0.25, 6), (1.6, 0.5, 4), (5.04, 1, 6), (12, 2, 6), (13, 5, 3),
    (9000, 1500, 6),
  ])
  func `an axis has at most six round steps`(_ highest: Double, _ step: Double, _ steps: Int) {
    let axis = Axis(highest: highest, top: 100, height: 200)
    #expect(axis.step == step)
    #expect(axis.steps == steps)
  }

  @Test(arguments: [0.3, 1, 1.51, 5.04, 77, 123_456])
  func `the highest value is inside, and zero at the bottom`(_ highest: Double) {
    let axis = Axis(highest: highest, top: 100, height: 200)
    #expect(axis.y(0) == 300)
    #expect(axis.y(highest) >= 100 - 1e-9)
  }

  @Test func `the plot names its axes, the balancers and the scenarios`() {
    let plan = Plan(
      scenario: .get64, about: "", measures: [Measure("CPU per request", .microseconds)],
      rounds: 1,
      subjects: ["lbd", "<other>"].map { name in
        Subject(name) { _ throws(Failure) in Observation(figures: []) }
      })
    var finding = Finding(plan)
    finding.add(Observation(figures: [10]), of: 0)
    finding.add(Observation(figures: [25]), of: 1)
    let svg = Plot([finding]).svg()
    for text in ["times lbd", "&lt;other&gt;</text>", "get-64</text>", ">2.50</text>", "</svg>"] {
      #expect(svg.contains(text), "\(text)")
    }
    #expect(!svg.contains("<other>"))
    // The other panels have no figures.
    #expect(svg.contains(">none</text>"))
  }
}
