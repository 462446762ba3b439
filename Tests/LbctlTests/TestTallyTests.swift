// The sums of a test, and where its requests go.

import ControlProtocol
import Testing

@testable import lbctl

struct TestTallyTests {
  private func answer(_ status: Int, _ replica: String?, _ ms: Double = 1) -> TestResult {
    TestResult(
      outcome: .answered(HTTPAnswer(status: status, replica: replica, body: Array("{}".utf8))),
      milliseconds: ms)
  }

  private func tally(_ replicas: [String], _ results: [TestResult], keeps: Bool = false)
    -> TestTally
  {
    var tally = TestTally(replicas: replicas, keepsAnswers: keeps)
    for result in results { tally.add(result) }
    return tally
  }

  @Test func `shares, latencies and evenness`() {
    let results = (1...10).map { answer(200, ["8081", "8082", "10000"][$0 % 3], Double($0)) }
    #expect(
      tally([], results).lines == [
        "REPLICA  ANSWERS  SHARE", "8081           3    30%", "8082           4    40%",
        "10000          3    30%",
        "10 ok, 0 failed; p50 5.0ms, p99 10.0ms, max 10.0ms; evenness 1.33 (max/min share)",
      ])
  }

  @Test func `who could have answered and did not is seen`() {
    let result = tally(["8081", "8082"], [answer(200, "8081")])
    #expect(result.shares == ["8081": 1, "8082": 0])
    #expect(result.evenness == nil)
    #expect(result.lines.contains { $0.hasSuffix("evenness - (max/min share)") })
  }

  @Test func `what went wrong is counted by reason`() {
    let failed = TestResult(outcome: .failed(.timedOut), milliseconds: 35_000)
    let result = tally([], [answer(503, nil), failed, answer(503, nil), answer(200, nil)])
    #expect(
      result.lines == [
        "1 ok, 3 failed; p50 1.0ms, p99 1.0ms, max 1.0ms", "failed: 2 × status 503, 1 × timed out",
      ])
    #expect(tally([], [failed]).lines == ["0 ok, 1 failed", "failed: 1 × timed out"])
    #expect(result.unnamed == 3)
  }

  @Test func `JSON holds each answer`() {
    let failed = TestResult(outcome: .failed(.cut), milliseconds: 2)
    let json = tally(["1", "2"], [answer(200, "1"), failed], keeps: true).json
    #expect(
      String(decoding: json, as: UTF8.self)
        == #"{"schema":1,"requests":2,"ok":1,"failed":1,"replicas":{"1":1,"2":0},"p50_ms":1.0,"#
        + #""p99_ms":1.0,"max_ms":1.0,"evenness":null,"answers":[{"status":200,"replica":"1","#
        + #""body":"{}","ms":1.0},{"status":null,"replica":null,"body":null,"#
        + #""error":"connection closed within an answer","ms":2.0}]}"#)
  }
}

struct TestTargetTests {
  private func target(_ url: String) -> [String]? {
    (try? TestTarget(url: url)).map { [$0.host, "\($0.port)", $0.authority, $0.path] }
  }

  @Test func `URLs are taken apart`() {
    #expect(target("http://a:81/b?c#d") == ["a", "81", "a:81", "/b?c"])
    #expect(target("HTTP://a") == ["a", "80", "a", "/"])
    #expect(target("http://a?b") == ["a", "80", "a", "/?b"])
    #expect(target("http://[::1]:8080/") == ["::1", "8080", "[::1]:8080", "/"])
    #expect(target("http://[::1]") == ["::1", "80", "[::1]", "/"])
  }

  @Test(arguments: [
    "", "getInfo", "https://a", "http://", "http:///x", "http://a:0", "http://a:99999", "http://a:",
    "http://u@a/", "http://a b/", "http://::1/", "http://[::1/", "http://a/\r\nX: y", "http://a/ä",
  ])
  func `other URLs are refused`(_ url: String) {
    #expect(target(url) == nil)
  }

  @Test func `a listener on all addresses is reached at the loopback`() throws {
    #expect(try TestTarget(listener: "0.0.0.0:8080", path: "/")?.authority == "127.0.0.1:8080")
    #expect(try TestTarget(listener: "[::]:8080", path: "/")?.authority == "[::1]:8080")
    #expect(try TestTarget(listener: "127.0.0.1:8080", path: "/")?.port == 8080)
    #expect(try TestTarget(listener: "127.0.0.1", path: "/") == nil)
    #expect(try TestTarget(listener: "a\r\nb:80", path: "/") == nil)
    #expect(throws: Failure.self) { try TestTarget(listener: "a:80", path: "/ x") }
  }

  @Test func `the token goes along only if it is one`() throws {
    let target = try #require(try TestTarget(listener: "127.0.0.1:8080", path: "/getInfo"))
    func head(_ token: String?) -> String {
      String(decoding: target.request(token: token), as: UTF8.self)
    }
    #expect(
      head("00ff") == "GET /getInfo HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: lbctl\r\n"
        + "Accept: */*\r\nX-Lbd-Test: 00ff\r\n\r\n")
    #expect(!head(nil).contains("X-Lbd-Test"))
    #expect(!head("").contains("X-Lbd-Test"))
    #expect(!head("a\r\nb: c").contains("X-Lbd-Test"))
  }
}
