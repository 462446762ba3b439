// Ejections for failures of requests: how long each lasts, what ends it early, how many there may be.

import Balancing
import Testing

@Suite struct EjectionTests {
  private let policy = HealthPolicy(
    rise: 2, fall: 3, interval: 1000, fastInterval: 250, ejection: 5_000_000_000)
  private static let second: UInt64 = 1_000_000_000

  private func up() -> Health {
    var health = Health(now: 0)
    _ = health.probePassed(policy, now: 1)
    return health
  }

  /// Ejects it and gives how many seconds that is to last.
  private func ejection(of health: inout Health, _ now: UInt64) -> UInt64? {
    guard health.failedInARow(policy, now: now) else { return nil }
    return health.ejectedUntil.map { ($0 - now) / Self.second }
  }

  private func isEnded(_ health: inout Health, _ now: UInt64) -> Bool {
    health.endEjection(now: now)
  }

  private func miss(_ health: inout Health, _ now: UInt64) -> Bool {
    health.probeFailed(policy, now: now)
  }

  @Test func `an ejection ends by itself when its time is over, not before`() {
    var health = up()
    #expect(ejection(of: &health, 10) == 5)
    #expect(health.observation == .ejected && !health.isUsable && health.since == 10)
    #expect(!isEnded(&health, 9 + 5 * Self.second) && !health.isUsable)
    #expect(isEnded(&health, 10 + 5 * Self.second) && health.isUsable)
    #expect(health.ejectedUntil == nil && !isEnded(&health, 100 * Self.second))
  }

  @Test func `the n-th in a row lasts n times as long, a minute at most`() {
    var health = up()
    var now: UInt64 = 10
    var times: [UInt64?] = []
    for _ in 1...14 {
      times.append(ejection(of: &health, now))
      now = health.ejectedUntil ?? now
      _ = isEnded(&health, now)
      now += 1
    }
    #expect(times == [5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 60, 60])
  }

  @Test func `up for ten times as long as the last was to last, the next is the first again`() {
    var health = up()
    for expected: UInt64 in [5, 10] {
      #expect(ejection(of: &health, health.since) == expected)
      _ = health.probePassed(policy, now: health.since + 1)
    }
    var patient = health
    #expect(ejection(of: &health, health.since + 100 * Self.second - 1) == 15)
    #expect(ejection(of: &patient, patient.since + 100 * Self.second) == 5)
  }

  @Test func `a passed probe ends an ejection early, a failed one does not`() {
    var health = up()
    _ = ejection(of: &health, 10)
    #expect(!miss(&health, 11))
    #expect(health.probePassed(policy, now: 12) && health.isUsable && health.ejectedUntil == nil)
  }

  @Test func `probes that fail while it is ejected take it down, and its time ends nothing then`() {
    var health = up()
    _ = ejection(of: &health, 10)
    for time in 11...13 { _ = health.probeFailed(policy, now: UInt64(time)) }
    #expect(health.observation == .down && !isEnded(&health, 100 * Self.second))
  }

  @Test func `without probes its time alone ends it, and a refused connect's at the next look`() {
    var health = up()
    _ = ejection(of: &health, 10)
    #expect(!health.passedUnasked(policy, now: 11) && !health.isUsable)
    #expect(isEnded(&health, 10 + 5 * Self.second))
    _ = health.connectFailed(now: 6 * Self.second)
    #expect(health.passedUnasked(policy, now: 7 * Self.second) && health.isUsable)
  }

  @Test func `only what is up is ejected for failures`() {
    var fresh = Health(now: 0)
    #expect(ejection(of: &fresh, 1) == nil && fresh.observation == .starting)
    var health = up()
    _ = health.connectFailed(now: 2)
    #expect(ejection(of: &health, 3) == nil && health.ejectedUntil == nil)
  }

  @Test(arguments: [
    (0, 1, 1, false), (0, 2, 2, true), (1, 1, 2, false), (0, 1, 2, false), (0, 3, 3, true),
    (1, 2, 3, false), (1, 3, 4, true), (2, 2, 4, false), (0, 1, 4, false), (49, 51, 100, true),
    (50, 50, 100, false), (0, 0, 4, false),
  ])
  func `half of a pool at most is ejected for failures, and never the last usable one`(
    _ ejected: Int, _ usable: Int, _ count: Int, _ may: Bool
  ) {
    #expect(HealthPolicy.mayEject(ejected: ejected, usable: usable, of: count) == may)
  }
}
