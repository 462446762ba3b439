// Every order of steps that lbds in a takeover can take, with deaths and delays at each: in the end exactly
// one of them serves, and it has the control socket.

import Testing

@testable import lbd

@Suite struct TakeoverProtocolTests {
  typealias Kind = TakeoverWorld.Lbd.Kind
  typealias Faults = TakeoverWorld.Faults

  /// What every world comes to in which nothing is left to do.
  private struct Outcome {
    var worlds = 0
    var ends: [TakeoverWorld] = []
    /// Worlds in which a client would have been refused.
    var refusing: [TakeoverWorld] = []
  }

  private func explore(_ kinds: [Kind], _ faults: Faults) -> Outcome {
    var outcome = Outcome()
    let first = TakeoverWorld(kinds, faults)
    var seen: Set<TakeoverWorld> = [first]
    var waiting = [first]
    while let world = waiting.popLast() {
      outcome.worlds += 1
      if !world.isServed { outcome.refusing.append(world) }
      let successors = world.successors()
      if successors.isEmpty { outcome.ends.append(world) }
      for next in successors where seen.insert(next).inserted { waiting.append(next) }
    }
    return outcome
  }

  /// Exactly one, unless the only one that could have served has died.
  private func hasOne(_ world: TakeoverWorld) -> Bool {
    let owners = world.owners
    if owners.isEmpty { return world.isExcused }
    guard owners.count == 1 else { return false }
    let owner = world.lbds[owners[0]]
    // One that stands still for good may have been about to do either.
    if owner.life == .hung { return true }
    return owner.former.state == .serving && world.holder == owners[0]
  }

  @Test(arguments: [
    [Kind.first, .next], [.first, .next, .next], [.first, .next, .next, .next],
    [.first, .next, .fresh], [.fresh, .fresh, .fresh], [.first, .fresh, .fresh],
  ])
  func `however the steps of lbds fall, one serves in the end`(_ kinds: [Kind]) {
    let outcome = explore(kinds, Faults())
    #expect(!outcome.ends.isEmpty)
    #expect(outcome.ends.first { !hasOne($0) } == nil)
    #expect(outcome.refusing.first == nil || kinds[0] == .fresh)
  }

  @Test(arguments: [[Kind.first, .next], [.first, .next, .next], [.first, .next, .fresh]])
  func `whoever dies at whichever step, one serves in the end`(_ kinds: [Kind]) {
    let outcome = explore(kinds, Faults(deaths: 1))
    #expect(outcome.ends.first { !hasOne($0) } == nil)
    #expect(outcome.refusing.first { !$0.isExcused } == nil)
    // Both may come to be the one.
    #expect(Set(outcome.ends.flatMap(\.owners)).isSuperset(of: [0, 1]))
  }

  @Test(arguments: [[Kind.first, .next], [.first, .next, .next]])
  func `a next lbd that gets no control socket leaves the former one as it was`(_ kinds: [Kind]) {
    let outcome = explore(kinds, Faults(refusals: 1))
    #expect(outcome.ends.first { !hasOne($0) } == nil)
    #expect(outcome.ends.contains { $0.owners == [0] })
  }

  @Test(arguments: [[Kind.first, .next], [.first, .next, .next]])
  func `whoever is late at whichever step, one serves in the end`(_ kinds: [Kind]) {
    let outcome = explore(kinds, Faults(lapses: 3))
    #expect(outcome.ends.first { !hasOne($0) } == nil)
    #expect(outcome.refusing.first == nil)
  }

  @Test(arguments: [[Kind.first, .next], [.first, .next, .next]])
  func `whoever stands still from whichever step on, no two serve, and one does or stands still`(
    _ kinds: [Kind]
  ) {
    let outcome = explore(kinds, Faults(hangs: 1, lapses: 4))
    let wrong = outcome.ends.first { world in
      let awake = world.owners.filter { world.lbds[$0].life == .alive }
      // Of three, one that was given up long ago and stood still on its way out may lie at the path.
      let isInTheWay = kinds.count > 2 && world.holder.map { world.lbds[$0].life == .hung } ?? false
      return awake.count > 1 || world.owners.isEmpty
        || awake.first.map { world.holder != $0 && !isInTheWay } ?? false
    }
    #expect(wrong == nil)
  }

  @Test(arguments: [[Kind.first, .next], [.first, .next, .next]])
  func `whoever dies after whoever was late, no two serve`(_ kinds: [Kind]) {
    let outcome = explore(kinds, Faults(deaths: 1, lapses: 2))
    #expect(outcome.ends.first { $0.owners.count > 1 } == nil)
    #expect(outcome.ends.contains { $0.owners.count == 1 })
  }
}
