// A well-behaved client among the attackers: whatever they do, each of its requests is answered, whole, in
// time, and with nothing of another's.

import Glibc
import LinuxIO

/// Sends one request after another. Its own thread owns it.
final class SteadyClient {
  private let scene: Scene
  private let index: UInt64
  /// Each request has a connection of its own.
  private let isNewcomer: Bool
  private var kept: Peer?
  /// When the request began.
  private var start: UInt64 = 0

  /// In milliseconds; longer than lbd may take for one request by any conf of the operator's.
  private static let patience = 60_000

  private struct Broken: Error {
    let what: String
    /// It was a connection from before that ended: no client takes that for a failure of its request.
    var isStale = false
  }

  init(_ scene: Scene, index: UInt64) {
    (self.scene, self.index) = (scene, index)
    isNewcomer = index % 2 == 1
  }

  /// Asks until the round is over.
  func run() {
    var number: UInt64 = 0
    while !scene.isQuiet {
      number += 1
      var random = Seeded(scene.seed, 0x57EAD + index, scene.nextCase())
      ask(&random)
      scene.beat("steady client \(index)")
      Clock.sleep(milliseconds: random.number(1...40))
    }
    kept = nil
    scene.rest("steady client \(index)")
  }

  /// One request. True when the answer is a replica's.
  @discardableResult
  func ask(_ random: inout Seeded) -> Bool {
    let token = Token(.steady, &random)
    start = Clock.now()
    do throws(Broken) {
      let answer = try exchange(token)
      scene.ledger.count(.answers)
      return answer.status == 200
    } catch {
      kept = nil
      guard !scene.ledger.isExcused(since: start) && !scene.ledger.isOver else { return false }
      let time = (Clock.now() - start) / 1_000_000
      scene.ledger.violated(
        "steady client \(index), \(token.text), after \(time) ms: \(error.what)")
      return false
    }
  }

  private func exchange(_ token: Token) throws(Broken) -> Answer {
    do throws(Broken) {
      return try exchangeOnce(token)
    } catch {
      guard error.isStale else { throw error }
      kept = nil
      return try exchangeOnce(token)
    }
  }

  private func exchangeOnce(_ token: Token) throws(Broken) -> Answer {
    let isReused = kept != nil
    let peer = if let kept { kept } else { try connect() }
    kept = peer
    let request = "GET /echo?id=\(token.text) HTTP/1.1\r\nHost: steady.test\r\n\r\n"
    guard peer.send(Array(request.utf8), milliseconds: SteadyClient.patience) else {
      throw Broken(what: "the request is not taken", isStale: isReused)
    }
    let answer = try read(peer, token, isReused)
    if answer.isLast || isNewcomer { kept = nil }
    return answer
  }

  private func connect() throws(Broken) -> Peer {
    let start = Clock.now()
    while true {
      switch Peer.connect(port: scene.port, from: (9, Int(index) + 1), milliseconds: 20_000) {
      case .connected(let peer):
        scene.ledger.count(.connections)
        return peer
      case .failed(let code):
        // The listener may be on its way to the other port.
        guard Clock.now() - start < 10_000_000_000 else {
          throw Broken(what: "no connection: \(SystemError.text(code))")
        }
        Clock.sleep(milliseconds: 50)
      }
    }
  }

  private func read(_ peer: Peer, _ token: Token, _ isReused: Bool) throws(Broken) -> Answer {
    let deadline = Clock.now() + UInt64(SteadyClient.patience) * 1_000_000
    while true {
      if let answer = try parse(peer, token) { return answer }
      if peer.end != nil {
        let what =
          "\(peer.end == .reset ? "a reset" : "the end") behind \(peer.received.count) bytes"
        throw Broken(
          what: "\(what): \(String(decoding: peer.received.prefix(300), as: UTF8.self))",
          isStale: isReused && peer.received.isEmpty)
      }
      guard Clock.now() < deadline, !scene.ledger.isOver else {
        throw Broken(what: "no answer; so far \(peer.received.count) bytes")
      }
      _ = peer.receive(milliseconds: 1000)
    }
  }

  private func parse(_ peer: Peer, _ token: Token) throws(Broken) -> Answer? {
    do throws(Malformed) {
      guard
        case .whole(let answer, let end) = try Answer.read(
          peer.received, from: 0, isHead: false, isEnded: peer.end == .ended)
      else { return nil }
      try check(answer, Array(peer.received[..<end]), token)
      guard end == peer.received.count else {
        throw Malformed("bytes behind the answer", peer.received[end...])
      }
      peer.consume(end)
      return answer
    } catch {
      // No excuse holds for this.
      scene.ledger.violated("steady client \(index), \(token.text): \(error.what)")
      throw Broken(what: error.what)
    }
  }

  /// It is its own answer and whole, or one of lbd's own.
  private func check(_ answer: Answer, _ bytes: [UInt8], _ token: Token) throws(Malformed) {
    let marks = Set(Token.all(in: bytes) + Token.all(in: answer.body))
    guard marks.isSubset(of: [token]) else { throw Malformed("another's answer", bytes) }
    if answer.value("x-mark") == "unasked" || answer.isOwnFailure { return }
    if [204, 304].contains(answer.status) && marks == [token] { return }
    let front = answer.body.prefix(80)
    let isDemo =
      front.starts(with: Array("GET /echo?id=\(token.text) HTTP/1.1\r\n".utf8))
      && answer.body.suffix(4) == [13, 10, 13, 10]
    let isHostile =
      front.starts(with: Array("hostile \(token.text) ".utf8))
      && answer.body.suffix(20) == Array(" end \(token.text)".utf8)[...]
    if isDemo || isHostile { return }
    guard scene.ledger.isExcused(since: start) else {
      throw Malformed("no answer of a replica's, nor lbd's own", bytes)
    }
  }
}
