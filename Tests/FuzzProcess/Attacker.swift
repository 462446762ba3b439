// The thread of one attacking client, which carries out one attack after another.

import Glibc
import LinuxIO

/// Attacks lbd's listener. Its own thread owns it.
struct Attacker {
  let scene: Scene
  let index: UInt64

  /// How long it reads, in milliseconds.
  private static let patience = 2000
  /// More of an answer is not read.
  private static let most = 1 << 20

  /// Attacks until the round is over.
  func run() {
    while !scene.isQuiet {
      let number = scene.nextCase()
      var random = Seeded(scene.seed, 0xA77AC, number)
      let wanted = random.chance(4) ? random.number(5...Scene.crowd) : 1
      let room = scene.reserve(wanted)
      if room > 1 {
        crowd(room, &random)
      } else if room == 1 {
        var attack = ClientAttack(&random)
        // Who reaches a replica itself is no friend either; what it answers is its own.
        attack.goesToReplica = random.chance(6)
        if attack.goesToReplica { attack.isPure = false }
        if let peer = connect(attack, &random) { play(attack, peer) }
      } else {
        Clock.sleep(milliseconds: 20)
      }
      scene.giveBack(room)
      scene.beat("client \(index)")
    }
    scene.rest("client \(index)")
  }

  private func connect(_ attack: ClientAttack, _ random: inout Seeded) -> Peer? {
    let source = (attack.isTrusted ? Scene.trustedNetwork : 8, random.number(1...200))
    let port = attack.goesToReplica ? random.pick(scene.replicaPorts) : scene.port
    switch Peer.connect(port: port, from: source, milliseconds: 5000) {
    case .connected(let peer):
      scene.ledger.count(.connections)
      return peer
    case .failed:
      // lbd is not there for a moment, as the others will say if it stays away.
      Clock.sleep(milliseconds: 20)
      return nil
    }
  }

  // MARK: One connection

  private func play(_ attack: ClientAttack, _ peer: Peer) {
    var answers = AnswerSequence(attack.isPure ? attack.requests : [])
    scene.ledger.count(.requests, by: max(1, attack.requests.count))
    do throws(Malformed) {
      if deliver(attack, peer) { try finish(attack, peer, &answers) }
      peer.takeAll()
      if attack.isPure { try advance(&answers, peer) }
      try check(attack, peer)
      if attack.mustBeRefused { try expectRefusal(peer) }
    } catch {
      scene.ledger.violated(
        "a client got \(error.what)\nit had sent \(Malformed.show(attack.bytes))")
    }
  }

  /// Every mark that a client gets is one that it has sent.
  private func check(_ attack: ClientAttack, _ peer: Peer) throws(Malformed) {
    let own = Token.all(in: attack.bytes) + attack.marks + attack.requests.map(\.token)
    let foreign = Set(Token.all(in: peer.received)).subtracting(own)
    guard let token = foreign.first else { return }
    throw Malformed("\(token.text), which is another's", peer.received)
  }

  private func expectRefusal(_ peer: Peer) throws(Malformed) {
    let starts = ["HTTP/1.1 4", "HTTP/1.1 5"].map { Array($0.utf8) }
    guard peer.received.count < 10 || starts.contains(where: { peer.received.starts(with: $0) })
    else { throw Malformed("no refusal", peer.received) }
  }

  private func advance(_ answers: inout AnswerSequence, _ peer: Peer) throws(Malformed) {
    try answers.advance(peer.received, isEnded: peer.end == .ended)
  }

  /// Sends what is to be sent. False when the connection ends with it.
  private func deliver(_ attack: ClientAttack, _ peer: Peer) -> Bool {
    var bytes = attack.bytes[...]
    if case .reset(let count, _) = attack.ending { bytes = bytes.prefix(count) }
    let receives = if case .deaf = attack.ending { false } else { true }
    func send(_ part: ArraySlice<UInt8>) -> Bool {
      peer.send(part, milliseconds: 3000, receives: receives)
    }
    switch attack.delivery {
    case .whole: return send(bytes)
    case .pieces(let count, let pause):
      let size = max(1, bytes.count / count)
      while !bytes.isEmpty && !scene.isQuiet {
        guard send(bytes.prefix(size)) else { return false }
        bytes = bytes.dropFirst(size)
        Clock.sleep(milliseconds: pause)
      }
    case .drip(let pause):
      let deadline = Clock.now() + 4_000_000_000
      for index in bytes.indices where !scene.isQuiet && Clock.now() < deadline {
        guard send(bytes[index...index]) else { return false }
        Clock.sleep(milliseconds: pause)
      }
    }
    return true
  }

  private func finish(
    _ attack: ClientAttack, _ peer: Peer, _ answers: inout AnswerSequence
  ) throws(Malformed) {
    switch attack.ending {
    case .read: break
    case .halfClose: peer.endSending()
    case .reset(_, let pause):
      Clock.sleep(milliseconds: pause)
      return peer.resetOnClose()
    case .leave(let pause): return Clock.sleep(milliseconds: pause)
    case .deaf(let pause): return Clock.sleep(milliseconds: pause)
    }
    let deadline = Clock.now() + UInt64(Attacker.patience) * 1_000_000
    // What stands open is read for a moment only, or most connections would wait for nothing.
    let slice = attack.isPure ? 200 : 50
    var silence = 0
    while peer.end == nil && peer.received.count < Attacker.most && Clock.now() < deadline {
      guard !scene.isQuiet, !attack.isPure || !answers.isOver else { return }
      silence = peer.receive(milliseconds: slice) ? 0 : silence + 1
      if !attack.isPure && silence > 4 { return }
      if attack.isPure { try advance(&answers, peer) }
    }
  }

  // MARK: Many connections

  /// Connections that are each somewhere in a request of their own, and leave in any order.
  private func crowd(_ count: Int, _ random: inout Seeded) {
    var members: [(peer: Peer, rest: ArraySlice<UInt8>, attack: ClientAttack)] = []
    for _ in 0..<count {
      let attack = ClientAttack(&random)
      if let peer = connect(attack, &random) {
        members.append((peer, attack.bytes[...], attack))
      }
    }
    for _ in 0..<random.number(0...members.count * 4) where !members.isEmpty && !scene.isQuiet {
      let index = random.number(0...members.count - 1)
      let part = members[index].rest.prefix(random.length(atMost: 4000) + 1)
      _ = members[index].peer.send(part, milliseconds: 20)
      members[index].rest = members[index].rest.dropFirst(part.count)
      if random.chance(5) { Clock.sleep(milliseconds: random.number(0...30)) }
    }
    members.shuffle(using: &random)
    for member in members {
      member.peer.takeAll()
      do throws(Malformed) {
        try check(member.attack, member.peer)
      } catch {
        scene.ledger.violated("a client of many got \(error.what)")
      }
      if random.chance(50) { member.peer.resetOnClose() }
    }
  }
}
