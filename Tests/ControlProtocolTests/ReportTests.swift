// What lbd writes, lbctl reads back as the same.

import ControlProtocol
import Foundation
import TestSupport
import Testing

private func replica(
  _ name: String, _ state: ReplicaState, order: ReplicaOrder = .ready, isBusy: Bool = false
) -> ReplicaReport {
  .sample(name, state, order: order, seconds: 3.1, figures: isBusy ? .busy : [.requests: 2031])
}

struct ReportTests {
  private func roundTrip<Report: JSONWritable & Decodable>(_ report: Report) throws -> Report {
    try JSONDecoder().decode(Report.self, from: Data(report.json))
  }

  private func pool(_ replicas: [ReplicaReport], docs: String? = nil) -> PoolReport {
    PoolReport(
      version: "1.0.0", pid: 42, listener: "127.0.0.1:8080", docs: docs, testToken: "00ff",
      uptimeSeconds: 7.25,
      pools: [.sample(replicas)])
  }

  @Test func `a pool report reads back the same`() throws {
    let report = pool(
      [replica("8081", .up, isBusy: true), replica("8082", .ejected)], docs: "/docs")
    #expect(try roundTrip(report) == report)
    #expect(try roundTrip(pool([])) == pool([]))
  }

  @Test func `what everyone may know holds names and states, and no address`() throws {
    var replicas = [replica("8081", .up), replica("10.0.0.7:80", .ejected), replica("x", .maint)]
    replicas[1].address = "10.0.0.7:80"
    let report = PublicPoolReport(pool(replicas).pools)
    #expect(
      String(decoding: report.json, as: UTF8.self)
        == #"{"schema":1,"pools":[{"name":"default","replicas":[{"name":"8081","state":"up"},"#
        + #"{"name":"replica 2","state":"ejected"},{"name":"x","state":"maint"}]}]}"#)
    #expect(try roundTrip(report) == report)
  }

  @Test func `a figure that an older lbd does not tell of is 0, but not what is in flight`() throws
  {
    let text = String(decoding: pool([replica("8081", .up)]).json, as: UTF8.self)
    func read(without key: String) throws -> PoolReport {
      let pieces = text.split(separator: "\"\(key)\":", maxSplits: 1)
      let rest = pieces[1].drop { $0 != "," }.dropFirst()
      return try JSONDecoder().decode(PoolReport.self, from: Data((pieces[0] + rest).utf8))
    }
    #expect(try read(without: "retries") == pool([replica("8081", .up)]))
    #expect(throws: DecodingError.self) { try read(without: "active") }
  }

  @Test func `the path of probes is said where there is one`() throws {
    var report = pool([])
    report.healthPath = "/health"
    #expect(try roundTrip(report) == report)
    #expect(String(decoding: report.json, as: UTF8.self).contains(#","health_path":"/health","#))
  }

  @Test func `every word of a replica reads back the same`() throws {
    for state in ReplicaState.allCases {
      for order in ReplicaOrder.allCases {
        for observed in ObservedState.allCases {
          var report = replica("r \"1\"", state, order: order)
          report.observed = observed
          report.check = .init()
          #expect(try roundTrip(report) == report)
        }
      }
    }
  }

  @Test func `the keys are those of the contract`() {
    let json = String(decoding: replica("8081", .up, isBusy: true).json, as: UTF8.self)
    #expect(
      json == #"{"name":"8081","address":"127.0.0.1:8081","config":{"weight":100},"weight":100,"#
        + #""order":"ready","observed":"up","state":"up","state_seconds":3.1,"active":12,"#
        + #""requests":2031,"rate":203.1,"p50_ms":1.2,"p99_ms":9.8,"status_5xx":0,"retries":0,"#
        + #""check":{"result":"200","latency_ms":0.9,"next_in_ms":null}}"#)
    let report = String(decoding: pool([]).json, as: UTF8.self)
    #expect(
      report == #"{"schema":1,"version":"1.0.0","pid":42,"listener":"127.0.0.1:8080","docs":null,"#
        + #""test_token":"00ff","uptime_seconds":7.25,"#
        + #""pools":[{"name":"default","algorithm":"round_robin","replicas":[]}]}"#)
    let detail = DetailReport("added 8084 (127.0.0.1:8084)").json
    #expect(
      String(decoding: detail, as: UTF8.self)
        == #"{"schema":1,"detail":"added 8084 (127.0.0.1:8084)"}"#)
  }

  @Test func `short reports read back the same`() throws {
    #expect(try roundTrip(DetailReport("a \"b\"")) == DetailReport("a \"b\""))
    #expect(try roundTrip(VersionReport(version: "1.0")) == VersionReport(version: "1.0"))
    let health = HealthReport(pool([replica("8081", .up)]).pools)
    #expect(try roundTrip(health) == health)
  }

  @Test func `health counts who should serve, so neither who drains nor who is in maintenance`() {
    func health(_ states: ReplicaState...) -> HealthReport {
      HealthReport(pool(states.enumerated().map { replica("r\($0)", $1) }).pools)
    }
    #expect(health(.up, .up, .maint).verdict == .allUp)
    #expect(health(.up, .ejected, .starting).verdict == .someDown)
    #expect(
      health(.up, .ejected, .starting).detail == "1 of 3 replicas up (r1 ejected, r2 starting)")
    #expect(health(.down, .unresolved).verdict == .noneUp)
    #expect(health(.draining).verdict == .noneUp)
    #expect(health().verdict == .noneUp)
  }
}
