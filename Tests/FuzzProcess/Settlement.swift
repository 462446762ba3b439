// What must be as before once all attackers have left: replicas, descriptors, threads, memory, and nothing that
// goes on working for nobody.

import Glibc
import LinuxIO

/// Looks at lbd and the replicas between two rounds.
struct Settlement {
  let scene: Scene
  let lbd: LoadBalancer
  let replicads: Replicads
  let hostile: [HostileReplica]
  let director: Operator

  /// What lbd holds before no replica and without a client.
  struct Holdings {
    let descriptors: Int
    let threads: Int
    let memory: Int
  }

  /// KiB that lbd's memory may have grown by since its first round: buffers that a burst has touched.
  private static let slack = 32 << 10

  /// Descriptors of these connections: two for each worker, at both ends.
  private static let resting = 4 * Conf.Fixed.workers

  private var replicas: Int { hostile.count + replicads.ports.count }

  /// Waits for something; says what it waited for when it does not come.
  private func waitFor(_ seconds: Int, _ what: @autoclosure () -> String, _ holds: () -> Bool) {
    let deadline = Clock.now() + UInt64(seconds) * 1_000_000_000
    while !scene.ledger.isOver && !holds() {
      guard Clock.now() < deadline else {
        return scene.ledger.violated("not within \(seconds) s: \(what())")
      }
      lbd.watch()
      replicads.watch()
      Clock.sleep(milliseconds: 50)
    }
  }

  // MARK: Before a round

  /// All replicas are up.
  func awaitAllUp() {
    var last = ""
    waitFor(90, "all replicas are up; the pool: \(last)") {
      let answer = Control.ask(scene.socketPath, "GET /pool", milliseconds: 5000)
      last = answer.map { String(decoding: $0.body, as: UTF8.self) } ?? "none"
      return last.ranges(of: "\"state\":\"up\"").count == replicas
    }
  }

  /// What lbd holds before no replica. Its conf is in force.
  func holdings() -> Holdings {
    let facts = lbd.facts
    // lbctl comes and goes.
    var fewest = Int.max
    for _ in 0..<40 {
      fewest = min(fewest, facts.descriptors ?? .max)
      Clock.sleep(milliseconds: 25)
    }
    return Holdings(descriptors: fewest, threads: facts.threads, memory: facts.memory)
  }

  // MARK: After a round

  /// All that must hold once a round is over, to the last descriptor after the last one: workers keep their
  /// connections to the control socket, both ends of which are lbd's, for a minute.
  func expectOrder(_ before: Holdings, isLast: Bool) {
    for replica in hostile { replica.tame(true) }
    director.settle()
    for replica in hostile { replica.dropConnections() }
    awaitAllUp()
    expectService()
    expectResetsToLeaveNothing()
    director.empty()
    for replica in hostile { replica.dropConnections() }
    expectHoldings(before, rest: isLast ? 0 : Settlement.resting)
    expectIdleness()
    guard !scene.ledger.isOver else { return }
    replicads.restart()
  }

  /// Whoever asks is answered by a replica.
  private func expectService() {
    let client = SteadyClient(scene, index: 100)
    var random = Seeded(scene.seed, 0x5E77, scene.nextCase())
    var missing = 0
    for _ in 0..<40 where !scene.ledger.isOver { missing += client.ask(&random) ? 0 : 1 }
    guard !scene.ledger.isOver, missing > 0 else { return }
    scene.ledger.violated("\(missing) of 40 requests are not answered by replicas that are all up")
  }

  /// Requests whose clients are gone at once, at replicas that do not answer.
  private func expectResetsToLeaveNothing() {
    let before = holdings().descriptors
    var random = Seeded(scene.seed, 0x4E5E7, scene.nextCase())
    for _ in 0..<100 {
      let token = Token(.unanswered, &random)
      let text = "GET /delay/20s?id=\(token.text) HTTP/1.1\r\nHost: r\r\n\r\n"
      guard
        case .connected(let peer) = Peer.connect(port: scene.port, from: (8, 1), milliseconds: 5000)
      else { continue }
      _ = peer.send(Array(text.utf8))
      peer.resetOnClose()
    }
    let facts = lbd.facts
    func held() -> Int { facts.descriptors ?? .max }
    // Some connections to replicas rest, probes come and go.
    waitFor(15, "what resets have left is gone: \(held()) descriptors, \(before) before") {
      held() < before + 30
    }
  }

  private func expectHoldings(_ before: Holdings, rest: Int) {
    let facts = lbd.facts
    let most = before.descriptors + rest
    var last = 0
    waitFor(100, "\(most) descriptors as at the start, now \(last): \(facts.descriptorKinds)") {
      last = facts.descriptors ?? .max
      return last <= most
    }
    waitFor(30, "\(before.threads) threads as at the start, now \(facts.threads)") {
      facts.threads == before.threads
    }
    waitFor(30, "lbd's memory is near \(before.memory) KiB again, now \(facts.memory)") {
      facts.memory < before.memory + Settlement.slack
    }
  }

  /// Nobody works for nobody: the least of some seconds counts, since a spin goes on.
  private func expectIdleness() {
    expectIdleness("lbd", lbd.facts)
    for facts in replicads.facts { expectIdleness("replicad", facts) }
  }

  private func expectIdleness(_ name: String, _ facts: ProcessFacts) {
    var used = 0
    waitFor(20, "\(name) is idle; it used \(used) % of a processor") {
      let (before, start) = (facts.ticks, Clock.now())
      Clock.sleep(milliseconds: 1000)
      used = (facts.ticks - before) * 1_000_000_000 / Int(Clock.now() - start)
      return used <= 5
    }
  }
}
