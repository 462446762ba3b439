// The table of the manual, character for character, and what stands around it.

import ControlProtocol
import TestSupport
import Testing

@testable import lbctl

func replica(
  _ name: String, _ state: ReplicaState = .up, check: String = "200", isBusy: Bool = true,
  seconds: Double = 7470
) -> ReplicaReport {
  .sample(
    name, state, seconds: seconds, figures: isBusy ? .busy : [.requests: 9, .retries: 4],
    check: .init(result: check, latencyMilliseconds: 0.9, nextInMilliseconds: isBusy ? nil : 213))
}

func pool(_ name: String = "default", _ replicas: ReplicaReport...) -> PoolStatus {
  .sample(replicas, name: name)
}

struct PoolTableTests {
  private let ejected = replica("8082", .ejected, check: "refused", isBusy: false, seconds: 3.1)

  @Test func `it looks as the manual shows it`() {
    let table = PoolTable([pool("default", replica("8081"), ejected)])
    let expected = """
      REPLICA  ADDRESS         STATE    SINCE  WEIGHT  ACTIVE  REQ/S    P50    P99  5XX  RETRY  CHECK
      8081     127.0.0.1:8081  up        2h4m     100      12  203.1  1.2ms  9.8ms    0      0  200 0.9ms
      8082     127.0.0.1:8082  ejected   3.1s     100       0      -      -      -    0      4  refused
      """
    #expect(table.lines().joined(separator: "\n") == expected)
    #expect(table.lines(hasHeader: false) == Array(table.lines().dropFirst()))
    #expect(table.summary == "1 up, 1 ejected (8082: connect refused; next probe in 0.2s)")
  }

  @Test func `colour changes the state's letters only`() {
    let table = PoolTable([pool("default", replica("8081"), ejected, replica("3", .starting))])
    let coloured = table.lines(isColoured: true)
    #expect(coloured[1].contains("  \u{1B}[32mup\u{1B}[0m         2h4m"))
    #expect(coloured[2].contains("  \u{1B}[31mejected\u{1B}[0m    3.1s"))
    #expect(coloured[3].contains("\u{1B}[33mstarting\u{1B}[0m"))
    #expect(!table.lines().joined().contains("\u{1B}"))
  }

  @Test func `several pools are named, one is not`() {
    let table = PoolTable([pool("default", replica("8081")), pool("api", replica("9000"))])
    #expect(
      table.lines().map { $0.prefix(16) } == [
        "POOL     REPLICA", "default  8081   ", "api      9000   ",
      ])
    #expect(table.summary == "2 up")
  }

  @Test func `the summary names three of a group at most, and says why`() {
    let table = PoolTable([
      pool(
        "default", replica("1", .down, check: "503"), replica("2", .down, check: "timeout"),
        replica("3", .down, check: "-"), replica("4", .down), replica("5", .maint),
        replica("6"))
    ])
    #expect(
      table.summary
        == "1 up, 4 down (1: answered 503, 2: timeout, 3: no probe yet, and 1 more), "
        + "1 maint (5: 12 in flight)")
    #expect(PoolTable([]).summary == "no replicas")
    #expect(PoolTable([pool()]).summary == "no replicas")
  }

  private func headings(_ room: PoolTable.Room, _ replicas: ReplicaReport...) -> [String] {
    let pool = PoolStatus(name: "default", algorithm: "round_robin", replicas: replicas)
    return PoolTable([pool]).lines(in: room)[0].split(separator: " ").map { String($0) }
  }

  @Test func `a terminal gets the columns that it has room for, and always who, how and why`() {
    let busy = replica("18081", .draining, check: "refused")
    let all = headings(.terminal(120), busy)
    #expect(all == headings(.all, busy) && all.count == 12)
    for width in 1...120 {
      let lines = PoolTable([pool("default", busy)]).lines(in: .terminal(width))
      let kept = headings(.terminal(width), busy)
      for name in ["REPLICA", "STATE", "CHECK"] { #expect(kept.contains(name), "\(width)") }
      #expect(kept.count == 3 || lines.allSatisfy { $0.count <= width }, "\(width)")
    }
    #expect(headings(.terminal(80), busy).contains("REQ/S"))
    // A long cause takes no column away: it goes on where the terminal ends.
    let failing = replica("18081", .down, check: String(repeating: "why ", count: 20))
    #expect(headings(.terminal(100), failing).contains("P99"))
  }

  @Test func `a pipe gets the same columns whatever is in them, which fit 80 as a rule`() {
    let idle = headings(.pipe, replica("1", isBusy: false))
    #expect(
      idle
        == ["REPLICA", "ADDRESS", "STATE", "SINCE", "ACTIVE", "REQ/S", "P99", "5XX", "CHECK"])
    #expect(idle == headings(.pipe, replica(String(repeating: "x", count: 64))))
    var busiest = replica("65535", .draining, seconds: 86399)
    (busiest[.rate], busiest[.p99]) = (.measure(99_999), .measure(99.9))
    busiest.check.latencyMilliseconds = 99.9
    for line in PoolTable([pool("default", busiest)]).lines(in: .pipe) {
      #expect(line.count <= 80, "\(line)")
    }
  }

  @Test func `figures out of all bounds are shown somehow`() {
    var odd = replica("1")
    (odd[.rate], odd[.p50], odd.stateSeconds) = (.measure(1e308), .measure(-1e308), 1e308)
    (odd[.active], odd[.retries], odd[.status5xx]) = (.count(.max), .count(.min), -1)
    odd.check.nextInMilliseconds = -1e308
    odd.state = .down
    let table = PoolTable([pool("default", odd)])
    #expect(table.lines().count == 2)
    #expect(table.summary == "1 down (1: answered 200; next probe in 0.0s)")
  }

  @Test func `a pool is chosen by its name`() throws {
    let pools = [pool("default"), pool("api")]
    #expect(try Command.choose("api", of: pools).map(\.name) == ["api"])
    #expect(throws: Failure(.noSuchReplica, "no pool \"x\"; there is default, api")) {
      try Command.choose("x", of: pools)
    }
  }
}
