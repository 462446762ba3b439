// When the watchdog hears that lbd is alive: never while a worker owes an answer.

import Ledger
import Testing

@testable import lbd

@Suite struct WatchdogTests {
  private static let variables = ["WATCHDOG_USEC": "3000", "WATCHDOG_PID": "42"]

  @Test func `it looks three times in what the manager waits`() {
    #expect(Watchdog.period(Self.variables, process: 42) == 1_000_000)
    #expect(Watchdog.period(["WATCHDOG_USEC": "3000"], process: 7) == 1_000_000)
  }

  @Test(arguments: [
    [:], ["WATCHDOG_USEC": "0"], ["WATCHDOG_USEC": "x"], ["WATCHDOG_USEC": "-1"],
    ["WATCHDOG_USEC": "18446744073709551615"], ["WATCHDOG_USEC": "3000", "WATCHDOG_PID": "41"],
  ])
  func `without one it never looks`(_ environment: [String: String]) {
    var watchdog = Watchdog(environment: environment, process: 42, now: 0)
    #expect(watchdog.next == .max)
    let tells = watchdog.look(now: 5, WorkerCounts(workers: 1)) {}
    #expect(!tells)
  }

  @Test func `one worker that does not answer keeps lbd silent until it does`() {
    let counts = WorkerCounts(workers: 2)
    var watchdog = Watchdog(environment: Self.variables, process: 42, now: 0)
    var asked = 0
    func look(_ time: UInt64) -> Bool { watchdog.look(now: time, counts) { asked += 1 } }
    #expect(look(0))
    #expect(!look(999_999), "too soon")
    counts.add(.ticks, 0)
    #expect(!look(1_000_000))
    #expect(!look(2_000_000))
    #expect(asked == 1, "a worker that hangs is asked once")
    counts.add(.ticks, 1)
    #expect(look(3_000_000))
    #expect(asked == 2)
    #expect(watchdog.next == 4_000_000)
  }

  @Test func `workers that are about to end owe nothing`() {
    let counts = WorkerCounts(workers: 2)
    var watchdog = Watchdog(environment: Self.variables, process: 42, now: 0)
    let first = watchdog.look(now: 0, counts) {}
    let second = watchdog.look(now: 1_000_000, counts, ask: nil)
    #expect(first && second)
  }

  @Test(arguments: [
    (0, "0"), (0.04, "0"), (0.06, "0.1"), (3, "3.0"), (9.94, "9.9"), (9.96, "10"), (812.4, "812"),
  ])
  func `a rate is as long as people need it`(_ rate: Double, _ text: String) {
    #expect(Daemon.short(rate) == text)
  }
}
