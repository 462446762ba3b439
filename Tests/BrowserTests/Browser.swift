// A headless Chromium that a test drives, over the WebDriver protocol of chromedriver: JSON over
// HTTP on a port of its own. Both end with the test.

import Foundation
import TestSupport

/// One session. Elements are named by CSS selectors.
final class Browser: Sendable {
  private let driver: Child
  private let connection: DriverConnection
  /// The path of the session.
  private let session: String

  private init(driver: Child, connection: DriverConnection, session: String) {
    self.driver = driver
    self.connection = connection
    self.session = session
  }

  /// chromedriver that is ended leaves its browser behind: the session has to end first.
  deinit {
    _ = try? connection.command("DELETE", session, nil)
    driver.end()
  }

  /// Starts chromedriver and, through it, the browser.
  static func start(in directory: URL) async throws -> Browser {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let (program, browser) = try (find(["chromedriver"], in: path), find(names, in: path))
    // What the two keep in files goes with the test's directory.
    let driver = try Child(
      program, ["--port=0"], in: directory, environment: ["TMPDIR": directory.path])
    let port = try await until("chromedriver names its port") {
      driver.output.firstMatch(of: /on port (\d+)\./).flatMap { UInt16($0.1) }
    }
    let connection = DriverConnection(port: port)
    let answer = try connection.command("POST", "/session", capabilities(browser, in: directory))
    guard let id = answer["sessionId"].text else { throw TestFailure("no session: \(answer)") }
    return Browser(driver: driver, connection: connection, session: "/session/\(id)")
  }

  private static let names = ["chromium", "chromium-browser", "google-chrome", "chrome"]

  /// The first of the programs that is in the path. A test without its browser has failed.
  static func find(_ names: [String], in path: String) throws -> String {
    for name in names {
      for folder in path.split(separator: ":") {
        let file = "\(folder)/\(name)"
        if FileManager.default.isExecutableFile(atPath: file) { return file }
      }
    }
    throw TestFailure(
      "no \(names[0]) in PATH: this test drives a real browser; install chromium and chromedriver"
        + " (Debian: chromium chromium-driver)")
  }

  private static func capabilities(_ browser: String, in directory: URL) -> JSONValue {
    // No sandbox, for it refuses to start as root; the pages here are our own.
    let arguments: JSONValue = [
      "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1400,1000",
      .string("--user-data-dir=\(directory.appending(path: "profile").path)"),
    ]
    return [
      "capabilities": [
        "alwaysMatch": [
          "browserName": "chrome", "goog:loggingPrefs": ["browser": "ALL"],
          "goog:chromeOptions": ["binary": .string(browser), "args": arguments],
        ]
      ]
    ]
  }

  // MARK: What a person does

  func open(_ url: URL) throws {
    try command("POST", "url", ["url": .string(url.absoluteString)])
  }

  func click(_ selector: String) throws {
    try command("POST", "element/\(element(selector))/click", [:])
  }

  /// Replaces what a field holds.
  func type(_ text: String, into selector: String) throws {
    let field = try element(selector)
    try command("POST", "element/\(field)/clear", [:])
    try command("POST", "element/\(field)/value", ["text": .string(text)])
  }

  /// The text as it is seen; empty where it is hidden.
  func text(_ selector: String) throws -> String {
    try command("GET", "element/\(element(selector))/text").text ?? ""
  }

  func isShown(_ selector: String) throws -> Bool {
    try command("GET", "element/\(element(selector))/displayed") == true
  }

  /// Opens another tab before this one.
  func coverWithTab() throws -> (first: String, second: String) {
    let first = try command("GET", "window").text ?? ""
    let second = try command("POST", "window/new", ["type": "tab"])["handle"].text ?? ""
    try show(tab: second)
    return (first, second)
  }

  func show(tab: String) throws {
    try command("POST", "window", ["handle": .string(tab)])
  }

  // MARK: What a developer sees

  /// What a script's body returns.
  @discardableResult
  func evaluate(_ script: String) throws -> JSONValue {
    try command("POST", "execute/sync", ["script": .string(script), "args": []])
  }

  /// The messages of the console since the last call, but for failed loads where those are meant.
  func complaints(allowingFailedLoads: Bool = false) throws -> [String] {
    try command("POST", "se/log", ["type": "browser"]).items
      .filter { !allowingFailedLoads || $0["source"] != "network" }
      .map { $0["message"].text ?? "\($0)" }
  }

  /// The origins of all that the page has loaded.
  func origins() throws -> Set<String> {
    let script = """
      return performance.getEntries().filter(e => /^(navigation|resource)$/.test(e.entryType))
        .map(e => new URL(e.name).origin)
      """
    return Set(try evaluate(script).texts)
  }

  // MARK: WebDriver

  private func element(_ selector: String) throws -> String {
    let found = try command(
      "POST", "element", ["using": "css selector", "value": .string(selector)])
    guard case .object(let reference) = found, let id = reference.values.first?.text else {
      throw TestFailure("no element \(selector): \(found)")
    }
    return id
  }

  @discardableResult
  private func command(
    _ method: String, _ path: String, _ body: JSONValue? = nil
  ) throws -> JSONValue {
    try connection.command(method, "\(session)/\(path)", body)
  }
}

extension DriverConnection {
  /// One command of WebDriver and the value it is answered with.
  fileprivate func command(
    _ method: String, _ path: String, _ body: JSONValue?
  ) throws -> JSONValue {
    let (status, data) = try exchange(method, path, body.map { try JSONEncoder().encode($0) })
    let value = try JSONDecoder().decode(JSONValue.self, from: data)["value"]
    guard status == 200 else {
      throw TestFailure("\(method) \(path): \(value["message"].text ?? "\(value)")")
    }
    return value
  }
}
