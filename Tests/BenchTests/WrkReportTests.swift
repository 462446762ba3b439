// What wrk prints, as its version 4.1.0 printed it.

import Testing

@testable import bench

struct WrkReportTests {
  private static let clean = """
    Running 1s test @ http://127.0.0.1:18100/getInfo
      1 threads and 64 connections
      Thread Stats   Avg      Stdev     Max   +/- Stdev
        Latency     3.39ms    2.64ms  24.11ms   70.37%
        Req/Sec    20.25k     2.91k   25.09k    60.00%
      Latency Distribution
         50%    2.87ms
         75%    4.70ms
         90%    7.04ms
         99%   10.40ms
      20136 requests in 1.00s, 4.15MB read
    Requests/sec:  20135.71
    Transfer/sec:      4.15MB
    """

  @Test func `a clean run has its figures and no faults`() throws {
    let report = try #require(WrkReport(Self.clean))
    #expect(report.requests == 20136)
    #expect(report.perSecond == 20135.71)
    #expect(report.p50 == 2.87)
    #expect(report.p99 == 10.4)
    #expect(report.bad == 0)
    #expect(report.errors == 0)
  }

  @Test func `bad answers and errors of all sorts are counted`() throws {
    let text = Self.clean.replacing(
      "Requests/sec:",
      with: """
          Socket errors: connect 3, read 20, write 100, timeout 4000
          Non-2xx or 3xx responses: 17
        Requests/sec:
        """)
    let report = try #require(WrkReport(text))
    #expect(report.bad == 17)
    #expect(report.errors == 4123)
    #expect(report.requests == 20136)
  }

  @Test(arguments: [
    ("64.00us", 0.064), ("1.05ms", 1.05), ("2s", 2000), ("2.00s", 2000), ("64us", 0.064),
    ("1.10m", 66_000), ("1.00h", 3_600_000), ("0.00us", 0),
  ])
  func `durations`(_ text: String, _ milliseconds: Double) throws {
    let value = try #require(WrkReport.milliseconds(text))
    #expect(abs(value - milliseconds) < 1e-9)
  }

  @Test(arguments: ["", "ms", "-nan", "1.0", "1.0.0ms", "5 ms", "3kg", "-nanus"])
  func `what is no duration is none`(_ text: String) {
    #expect(WrkReport.milliseconds(text) == nil)
  }

  @Test(arguments: [
    "", "unable to connect to 127.0.0.1:18100 Connection refused\n",
    Self.clean.replacing("99%", with: "98%"), Self.clean.replacing("requests in", with: "in"),
  ])
  func `what is no report is none`(_ text: String) {
    #expect(WrkReport(text) == nil)
  }
}
