// The page at /docs in a real browser: what a person sees of getInfo and of the pool.

import Foundation
import TestSupport
import Testing

@Suite(.serialized, .timeLimit(.minutes(2)))
struct DocsInBrowserTests {
  @Test func `getInfo, Try it out, Execute shows what the next replica answers`() async throws {
    try await Stage.with { stage in
      let browser = stage.browser
      try browser.open(stage.docs)
      try openGetInfo(browser)
      var answered: [String] = []
      for turn in 1...4 {
        try await execute(browser, turn: turn)
        answered.append(try browser.text("#getInfo .result .body"))
      }
      let turns = [0, 1, 2, 0].map { stage.ports[$0] }
      #expect(answered == turns.map { #"{"message":"necessary info","port":"\#($0)"}"# })
      #expect(try browser.text("#getInfo .result .code") == "200 OK")
      #expect(try browser.text("#getInfo .result .took").hasSuffix(", 43 bytes"))
      #expect(try browser.text("#getInfo .result .url") == stage.origin + "/getInfo")
      let curl = try browser.text("#getInfo .result .curl")
      #expect(curl.hasPrefix("curl -X 'GET'") && curl.contains("'\(stage.origin)/getInfo'"))
      let headers = try browser.text("#getInfo .result .headers")
      #expect(headers.contains("content-type: application/json"))
      try expectClean(stage)
    }
  }

  @Test func `Try it out again is Cancel and takes the answer away`() async throws {
    try await Stage.with { stage in
      try stage.browser.open(stage.docs)
      try openGetInfo(stage.browser)
      try await execute(stage.browser, turn: 1)
      try stage.browser.click("#getInfo .try")
      #expect(try !stage.browser.isShown("#getInfo .execute"))
      #expect(try stage.browser.text("#getInfo .result") == "")
      #expect(try stage.browser.text("#getInfo .try") == "Try it out")
    }
  }

  @Test func `the pool beside it shows three replicas, and at once which one died`() async throws {
    try await Stage.with { stage in
      let browser = stage.browser
      try browser.open(stage.docs)
      try await until("three rows are up") { try states(browser) == up ? true : nil }
      #expect(try names(browser) == stage.ports.map { "\($0)" })
      #expect(try browser.text("#summary") == "3 up")
      stage.replicas[1].kill()
      let seen = try await until("the dead replica is shown", seconds: 5) {
        let states = try states(browser)
        return states[1] != "up" ? states : nil
      }
      #expect(seen == ["up", seen[1], "up"])
      try openGetInfo(browser)
      for turn in 1...3 { try await execute(browser, turn: turn) }
      let turns = try browser.evaluate(
        "return [...document.querySelectorAll('#getInfo .turn li')].map(li => li.textContent)"
      )
      #expect(Set(turns.texts) == ["\(stage.ports[0])", "\(stage.ports[2])"])
      try expectClean(stage)
    }
  }

  @Test func `without a replica Execute shows lbd's 503`() async throws {
    try await Stage.with { stage in
      let browser = stage.browser
      try browser.open(stage.docs)
      for replica in stage.replicas { replica.kill() }
      try await until("none is up") { try states(browser).contains("up") ? nil : true }
      try openGetInfo(browser)
      try browser.click("#getInfo .execute")
      try await until("the answer is there") {
        try browser.text("#getInfo .result .took").isEmpty ? nil : true
      }
      #expect(try browser.text("#getInfo .result .code") == "503 Service Unavailable")
      let body = try browser.text("#getInfo .result .body")
      #expect(body == #"{"detail":"no replica is available"}"#)
      #expect(try browser.complaints(allowingFailedLoads: true) == [])
    }
  }

  @Test func `a request of one's own goes out as written, and its answer stays text`()
    async throws
  {
    try await Stage.with { stage in
      let browser = stage.browser
      let markup = "<img src=x onerror=alert(1)>"
      try browser.open(stage.docs)
      try browser.click("#own summary")
      try browser.click("#own [name=method] option:nth-of-type(3)")
      try browser.type("/echo?who='me'", into: "#own [name=path]")
      try browser.type("X-Mine: yes", into: "#own [name=headers]")
      try browser.type(markup, into: "#own [name=body]")
      try browser.click("#own .execute")
      let body = try await until("the answer is there") {
        let text = try browser.text("#own .result .body")
        return text.hasSuffix(markup) ? text : nil
      }
      #expect(body.hasPrefix("POST /echo?who=%27me%27 HTTP/1.1"))
      #expect(body.contains("x-mine: yes") || body.contains("X-Mine: yes"))
      #expect(try browser.evaluate("return document.querySelector('main img')") == .null)
      try expectClean(stage)
    }
  }

  @Test func `who is not known to be on lbd's machine sees names and states only`() async throws {
    try await Stage.with { stage in
      let browser = stage.browser
      // The browser's own loopback, by a name that might be any site's.
      try browser.open(URL(string: "http://lbd.localhost:\(stage.port)/docs")!)
      try await until("three rows are up") { try states(browser) == up ? true : nil }
      #expect(try names(browser) == stage.ports.map { "\($0)" })
      #expect(try browser.text("#summary") == "3 up")
      #expect(try browser.text("#live").contains("docs = full"))
      #expect(try browser.text("#version") == "")
      let heads = try browser.evaluate(
        "return [...document.querySelectorAll('#pools thead th')].map(th => th.textContent)")
      #expect(heads.texts == ["Replica", "State"])
      #expect(try !browser.text("#pools").contains("127.0.0.1"))
      // The row of who answered is found by its name.
      try openGetInfo(browser)
      try await execute(browser, turn: 1)
      let answered = try browser.evaluate(
        "return [...document.querySelectorAll('#pools tr.answered th span')].map(e => e.textContent)"
      )
      #expect(answered.texts == ["\(stage.ports[0])"])
      stage.replicas[1].kill()
      try await until("the dead replica is shown", seconds: 5) {
        try states(browser)[1] != "up" ? true : nil
      }
      #expect(try browser.complaints() == [])
    }
  }

  @Test(arguments: ["//elsewhere.invalid/x", "/\\elsewhere.invalid/x"])
  func `a request of one's own never leaves lbd`(path: String) async throws {
    try await Stage.with { stage in
      try stage.browser.open(stage.docs)
      try stage.browser.click("#own summary")
      try stage.browser.type(path, into: "#own [name=path]")
      try stage.browser.click("#own .execute")
      #expect(try stage.browser.text("#own .result") == "The path leads away from lbd.")
      try expectClean(stage)
    }
  }

  @Test func `the page says when lbd is gone, and goes on when it is back`() async throws {
    try await Stage.with { stage in
      let browser = stage.browser
      try browser.open(stage.docs)
      try await until("three rows are up") { try states(browser) == up ? true : nil }
      stage.lbd.kill()
      try await until("the page says so", seconds: 5) {
        try browser.text("#summary") == "lbd does not answer" ? true : nil
      }
      #expect(try browser.text("#live").hasPrefix("lbd has not answered since"))
      let again = try stage.restart()
      defer { again.kill() }
      try await until("the pool is back", seconds: 5) {
        try browser.text("#summary") == "3 up" ? true : nil
      }
      #expect(try browser.complaints(allowingFailedLoads: true) == [])
    }
  }

  @Test func `a page that nobody sees asks for nothing`() async throws {
    try await Stage.with { stage in
      let browser = stage.browser
      try browser.open(stage.docs)
      try await until("three rows are up") { try states(browser) == up ? true : nil }
      let tabs = try browser.coverWithTab()
      try await Task.sleep(for: .seconds(3))
      try browser.show(tab: tabs.first)
      let polls = try browser.evaluate(
        "return performance.getEntriesByType('resource').map(e => String(e.startTime))")
      let times = polls.texts.compactMap(Double.init).sorted()
      let longest = zip(times, times.dropFirst()).map { $1 - $0 }.max() ?? 0
      #expect(longest > 2500, "polled at \(times)")
    }
  }

  @Test func `a machine without a browser is told so`() {
    #expect(throws: TestFailure.self) { try Browser.find(["chromedriver"], in: "/nowhere") }
  }

  // MARK: Steps

  private let up = ["up", "up", "up"]

  private func openGetInfo(_ browser: Browser) throws {
    #expect(try browser.text("#getInfo summary").contains("/getInfo"))
    try browser.click("#getInfo summary")
    #expect(try !browser.isShown("#getInfo .execute"))
    try browser.click("#getInfo .try")
    #expect(try browser.isShown("#getInfo .execute"))
  }

  /// Executes for the `turn`th time, and waits until that answer is shown.
  private func execute(_ browser: Browser, turn: Int) async throws {
    try browser.click("#getInfo .execute")
    try await until("answer \(turn) is shown") {
      let state = try browser.evaluate(
        """
        return [String(document.querySelectorAll('#getInfo .turn li').length),
          document.querySelector('#getInfo .execute').textContent]
        """)
      return state.texts == ["\(turn)", "Execute"] ? true : nil
    }
  }

  private func states(_ browser: Browser) throws -> [String] {
    try browser.evaluate(
      "return [...document.querySelectorAll('#pools tbody .state')].map(e => e.textContent)"
    ).texts
  }

  private func names(_ browser: Browser) throws -> [String] {
    try browser.evaluate(
      "return [...document.querySelectorAll('#pools tbody th span')].map(e => e.textContent)"
    ).texts
  }

  /// Nothing was complained of and nobody else was asked.
  private func expectClean(_ stage: Stage) throws {
    #expect(try stage.browser.complaints() == [])
    #expect(try stage.browser.origins() == [stage.origin])
  }
}
