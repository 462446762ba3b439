// The look-ups of names: side by side, so that no silent server delays another's answer.

import LinuxIO
import Synchronization
import Testing

@testable import Discovery

@Suite struct ResolverTests {
  /// A resolver in which every name but `live` waits for a word that may never come.
  private final class Stuck: Sendable {
    let release: WakeUp
    /// Look-ups that wait, and the most that ever did.
    let waiting = Mutex((now: 0, most: 0))

    init() throws { release = try WakeUp() }

    deinit { release.ring() }

    func lookUp(_ question: Lookup) -> LookupOutcome {
      guard question.host != "live" else {
        return .found([SocketAddress(ip: "127.0.0.1", port: 1)!])
      }
      waiting.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
      _ = release.descriptor.wait(until: .readable, milliseconds: 60_000)
      waiting.withLock { $0.now -= 1 }
      return .failed("Temporary failure in name resolution")
    }
  }

  private func ask(_ resolver: Resolver, _ host: String, _ slot: Int, isSlow: Bool = false) {
    resolver.ask(Lookup(slot: slot, host: host, port: 1, isSlow: isSlow))
  }

  /// The answers until one is for this slot.
  private func answers(_ resolver: Resolver, until slot: Int) -> [Resolution] {
    var taken: [Resolution] = []
    for _ in 0..<6000 where !taken.contains(where: { $0.slot == slot }) {
      taken += resolver.answers.take()
      Clock.sleep(milliseconds: 5)
    }
    return taken
  }

  @Test func `a name is answered while others' servers are silent`() throws {
    let stuck = try Stuck()
    let resolver = try Resolver { stuck.lookUp($0) }
    for slot in 0..<3 { ask(resolver, "dead", slot) }
    ask(resolver, "live", 3)
    let taken = answers(resolver, until: 3)
    #expect(taken.map(\.slot) == [3])
    #expect(taken.first?.outcome == .found([SocketAddress(ip: "127.0.0.1", port: 1)!]))
    stuck.release.ring()
    var rest = answers(resolver, until: 0)
    for slot in 1..<3 where !rest.contains(where: { $0.slot == slot }) {
      rest += answers(resolver, until: slot)
    }
    #expect(Set(rest.map(\.slot)) == [0, 1, 2])
    #expect(rest.allSatisfy { $0.outcome == .failed("Temporary failure in name resolution") })
  }

  @Test func `a crowd of silent servers holds up the next name for a moment only`() throws {
    let stuck = try Stuck()
    let resolver = try Resolver { stuck.lookUp($0) }
    for slot in 0..<100 { ask(resolver, "dead", slot) }
    ask(resolver, "live", 100)
    let start = Clock.now()
    var taken: [Resolution] = []
    while taken.isEmpty && Clock.now() - start < 60_000_000_000 {
      resolver.goOn(now: Clock.now())
      taken = resolver.answers.take()
      Clock.sleep(milliseconds: 20)
    }
    #expect(taken.map(\.slot) == [100])
    #expect(stuck.waiting.withLock { $0.most } <= Resolver.most)
    stuck.release.ring()
  }

  @Test func `a replica that has left is not looked up, and late is only who was asked for`() throws
  {
    let stuck = try Stuck()
    let resolver = try Resolver { stuck.lookUp($0) }
    for slot in 0..<500 { ask(resolver, "dead", slot) }
    #expect(resolver.late(now: Clock.now()).isEmpty)
    let late = resolver.late(now: Clock.now() + 2 * Resolver.patience)
    #expect(late.count <= Resolver.mostQuick)
    for slot in 0..<500 { resolver.forget(slot) }
    #expect(resolver.late(now: Clock.now() + 2 * Resolver.patience).isEmpty)
    ask(resolver, "live", 7)
    stuck.release.ring()
    let taken = answers(resolver, until: 7)
    #expect(taken.map(\.slot) == [7] && taken.first?.host == "live")
  }

  @Test func `however many names were slow, there are threads for the others, and a bound to all`()
    throws
  {
    let stuck = try Stuck()
    let resolver = try Resolver { stuck.lookUp($0) }
    for slot in 0..<200 { ask(resolver, "dead", slot, isSlow: true) }
    for slot in 200..<210 { ask(resolver, "live", slot) }
    let taken = answers(resolver, until: 209)
    #expect(taken.allSatisfy { $0.slot >= 200 } && taken.contains { $0.slot == 209 })
    #expect(stuck.waiting.withLock { $0.most } <= Resolver.mostSlow)
    for slot in 300..<400 { ask(resolver, "dead", slot) }
    stuck.release.ring()
    let last = answers(resolver, until: 199)
    #expect(last.contains { $0.slot == 199 })
    #expect(stuck.waiting.withLock { $0.most } <= Resolver.most)
  }
}
