// When probes and failed connects take a replica out, and what brings it back.

import Balancing
import Testing

@Suite struct HealthTests {
  private let policy = HealthPolicy(
    rise: 2, fall: 3, interval: 1000, fastInterval: 250, ejection: 5000)

  private func pass(_ health: inout Health, _ now: UInt64) -> Bool {
    health.probePassed(policy, now: now)
  }

  private func miss(_ health: inout Health, _ now: UInt64) -> Bool {
    health.probeFailed(policy, now: now)
  }

  private func refuse(_ health: inout Health, _ now: UInt64) -> Bool {
    health.connectFailed(now: now)
  }

  @Test func `a replica that never passed gets no traffic`() {
    var health = Health(now: 0)
    #expect(!health.isUsable)
    for time in 1...10 { _ = miss(&health, UInt64(time)) }
    #expect(health.observation == .down)
    #expect(!health.isUsable)
  }

  @Test func `the first pass ever admits at once, however late it comes`() {
    var health = Health(now: 0)
    #expect(pass(&health, 5))
    #expect(health.isUsable && health.since == 5)
    var late = Health(now: 0)
    for time in 1...5 { _ = miss(&late, UInt64(time)) }
    #expect(pass(&late, 9) && late.isUsable)
  }

  @Test func `one lost probe ejects nobody, three in a row do`() {
    var health = Health(now: 0)
    _ = pass(&health, 1)
    #expect(!miss(&health, 2))
    #expect(!pass(&health, 3))
    #expect(!miss(&health, 4))
    #expect(!miss(&health, 5))
    #expect(health.isUsable)
    #expect(miss(&health, 6))
    #expect(health.observation == .down && health.since == 6)
  }

  @Test func `what was down needs two passes to come back`() {
    var health = Health(now: 0)
    _ = pass(&health, 1)
    for time in 2...4 { _ = miss(&health, UInt64(time)) }
    #expect(!pass(&health, 5))
    #expect(pass(&health, 6))
    #expect(health.isUsable)
  }

  // MARK: Silence

  private func silence(_ health: inout Health, isNeeded: Bool, _ now: UInt64) -> Bool {
    health.probeFailed(policy, isSilence: true, isNeeded: isNeeded, now: now)
  }

  private func other(_ health: inout Health, _ now: UInt64) -> Bool {
    health.otherAnswered(now: now)
  }

  private func slow() -> Health {
    var health = Health(now: 0)
    _ = pass(&health, 1)
    for time in 2...4 { _ = silence(&health, isNeeded: true, UInt64(time)) }
    return health
  }

  @Test func `silence takes a replica out only while another one answers`() {
    var health = slow()
    #expect(health.observation == .slow && health.isUsable && health.since == 4)
    #expect(!health.isAnswering && !health.isBeyondDoubt && health.missingFailures(policy) == 1)
    for time in 5...50 { #expect(!silence(&health, isNeeded: true, UInt64(time))) }
    #expect(health.observation == .slow && health.since == 4)
    var other = Health(now: 0)
    _ = pass(&other, 1)
    let changes = (2...4).map { silence(&other, isNeeded: false, UInt64($0)) }
    #expect(changes == [false, false, true] && other.observation == .down)
  }

  @Test func `a slow one is up with its first answer, and out when another answers`() {
    var health = slow()
    #expect(pass(&health, 5) && health.observation == .up && health.isAnswering)
    health = slow()
    #expect(other(&health, 5) && health.observation == .down && !health.isUsable)
    #expect(!other(&health, 6))
    health = slow()
    #expect(silence(&health, isNeeded: false, 5) && health.observation == .down)
  }

  @Test func `what refuses or answers badly is out, whoever is left`() {
    var health = slow()
    #expect(miss(&health, 5) && health.observation == .down)
    health = slow()
    #expect(refuse(&health, 5) && health.observation == .ejected)
    // Not by silence alone.
    var mixed = Health(now: 0)
    _ = pass(&mixed, 1)
    _ = miss(&mixed, 2)
    for time in 3...4 { _ = silence(&mixed, isNeeded: true, UInt64(time)) }
    #expect(mixed.observation == .down)
    // What never passed gets no requests for being silent.
    var new = Health(now: 0)
    for time in 1...9 { _ = silence(&new, isNeeded: true, UInt64(time)) }
    #expect(new.observation == .down)
  }

  @Test func `the end of an ejection's time is no answer`() {
    var health = Health(now: 0)
    _ = pass(&health, 1)
    #expect(health.isAnswering)
    _ = health.failedInARow(policy, now: 2)
    _ = health.endEjection(now: 2 + policy.ejection)
    #expect(health.isUsable && !health.isAnswering)
    _ = pass(&health, 9000)
    #expect(health.isAnswering)
  }

  @Test func `a refused connect ejects at once and one pass ends it`() {
    var health = Health(now: 0)
    _ = pass(&health, 1)
    #expect(refuse(&health, 2))
    #expect(health.observation == .ejected && !health.isUsable)
    #expect(!refuse(&health, 3))
    #expect(pass(&health, 4))
    #expect(health.isUsable)
  }

  @Test func `probes are fast while a verdict is open`() {
    var health = Health(now: 0)
    #expect(health.pace(policy) == .steady(250) && !health.isBeyondDoubt)
    _ = pass(&health, 1)
    #expect(health.pace(policy) == .steady(1000) && health.isBeyondDoubt)
    _ = miss(&health, 2)
    #expect(health.pace(policy) == .urgent(250) && !health.isBeyondDoubt)
    _ = refuse(&health, 3)
    #expect(health.pace(policy) == .urgent(250) && !health.isBeyondDoubt)
    for time in 4...6 { _ = miss(&health, UInt64(time)) }
    #expect(health.observation == .down && health.pace(policy) == .steady(250))
    _ = pass(&health, 7)
    #expect(health.observation == .down && health.pace(policy) == .urgent(250))
  }

  @Test func `what was up before is asked often for as long as it is down`() {
    var health = Health(now: 0)
    _ = pass(&health, 1)
    for time in 2...99 { _ = miss(&health, UInt64(time)) }
    #expect(health.observation == .down && health.pace(policy) == .steady(250))
  }

  @Test func `one that never passed is asked often for as long as it takes`() {
    var health = Health(now: 0)
    for time in 1...9 { _ = miss(&health, UInt64(time)) }
    #expect(health.observation == .down && health.pace(policy) == .steady(250))
  }
}
