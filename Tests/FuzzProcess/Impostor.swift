// Another who listens where lbd's control socket should be: a next lbd asks it for its place, lbctl asks it for
// the pool. Neither may die of what it answers, nor hold what it passes.

import Glibc
import LinuxIO

/// Plays the former lbd. Its own thread owns it.
struct Impostor {
  let scene: Scene
  let children: Children
  let directory: String
  /// Where the next lbd is to listen, and who is not there.
  let port: ReservedPort
  let deadPort: UInt16
  /// Descriptors of an lbd that was passed one listener; 0 until the first was looked at.
  private var expected = 0
  /// What it did, for who reads of a failure.
  private var deeds = ""

  init(
    _ scene: Scene, _ children: Children, directory: String, port: ReservedPort, deadPort: UInt16
  ) {
    (self.scene, self.children, self.directory) = (scene, children, directory)
    (self.port, self.deadPort) = (port, deadPort)
  }

  private var home: String { "\(scene.directory)/impostor" }
  private var socketPath: String { "\(home)/lbd.sock" }
  private var confPath: String { "\(home)/lb.conf" }
  private var logPath: String { "\(home)/log" }

  mutating func run() {
    while !scene.isQuiet {
      var random = Seeded(scene.seed, 0x1350, scene.nextCase())
      do {
        if random.chance(30) { try meetLbctl(&random) } else { try meetLbd(&random) }
      } catch {
        if !scene.ledger.isOver { scene.ledger.violated("the impostor cannot act: \(error)") }
      }
      scene.ledger.count(.impostors)
      scene.beat("impostor")
      Clock.sleep(milliseconds: random.number(0...700))
    }
    scene.rest("impostor")
  }

  private func listen() throws -> Descriptor {
    try Files.remove(socketPath)
    guard let address = SocketAddress(path: socketPath) else {
      throw SystemError("bind", ENAMETOOLONG)
    }
    return try Socket.listen(address)
  }

  private func accept(_ listener: borrowing Descriptor, from pid: Int32) -> Peer? {
    for _ in 0..<300 {
      if case .accepted(let descriptor, _) = Socket.accept(listener) { return Peer(descriptor) }
      guard !children.hasEnded(pid) else { return nil }
      _ = listener.wait(until: .readable, milliseconds: 100)
    }
    return nil
  }

  /// Waits for the next request's head, whatever it is.
  private func takeRequest(_ peer: Peer) -> Bool {
    for _ in 0..<100 {
      if let end = peer.received.firstRange(of: [13, 10, 13, 10]) {
        peer.consume(end.upperBound)
        return true
      }
      guard peer.end == nil else { return false }
      _ = peer.receive(milliseconds: 100)
    }
    return false
  }

  // MARK: The next lbd

  private static func answer(_ text: String) -> [UInt8] {
    Array("HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)".utf8)
  }

  private static let orders = [
    "lbd-state 1\nend\n", "lbd-state 1\norder dead drain\nend\n",
    "lbd-state 1\nweight dead 7\norder x maint\nend\n",
  ]

  private mutating func meetLbd(_ random: inout Seeded) throws {
    try Files.write(
      Array(
        """
        [lbd]
        host = 127.0.0.1
        main_port = \(port.number)
        control = \(socketPath)
        workers = 1
        [health]
        check = off
        [replica dead]
        address = 127.0.0.1:\(deadPort)

        """.utf8), to: confPath)
    deeds = ""
    let control = try listen()
    let listener = try Socket.listen(SocketAddress(ip: "127.0.0.1", port: port.number)!)
    let command = ["\(directory)/lbd", "--takeover", "-c", confPath]
    try Files.remove(logPath)
    let pid = try children.start(command, log: logPath)
    if let peer = accept(control, from: pid), takeRequest(peer) {
      // The first of all is right, and says how many descriptors there should be.
      if expected == 0 {
        Descriptors.pass(
          1, of: listener.raw, with: Impostor.answer(Impostor.orders[0]), over: peer.descriptor)
      } else {
        pass(peer, listener.raw, &random)
      }
      if takeRequest(peer) { finish(peer, isRight: expected == 0, &random) }
      // It is answered, or has been refused, before this end goes.
      try expectSense(pid, peer)
    } else {
      try expectSense(pid, nil)
    }
  }

  /// The answer to the first question, with any number of descriptors, or none, or others.
  private mutating func pass(_ peer: Peer, _ listener: Int32, _ random: inout Seeded) {
    var bytes = Impostor.answer(random.pick(Impostor.orders))
    let deed = random.number(0...9)
    deeds += " pass \(deed)"
    switch deed {
    case 0...1:
      Descriptors.pass(random.number(2...60), of: listener, with: bytes, over: peer.descriptor)
    case 2...3:
      for byte in bytes {
        Descriptors.pass(random.number(1...5), of: listener, with: [byte], over: peer.descriptor)
      }
    case 4: _ = peer.send(bytes)
    case 5: passAnother(peer, bytes, &random)
    case 6...7:
      Mutation.apply(
        to: &bytes, times: random.number(1...5),
        words: ["end\n", "order ", "\n", "Content-Length: 1\r\n"], &random)
      guard !bytes.isEmpty else { return }
      Descriptors.pass(1, of: listener, with: bytes, over: peer.descriptor)
    case 8:
      let head = Array("HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n".utf8)
      _ = peer.send(head + [UInt8](repeating: 0x2E, count: random.number(0...1_000_000)))
    default: peer.endSending()
    }
  }

  /// A descriptor that is no listener, or not the one that is meant.
  private mutating func passAnother(_ peer: Peer, _ bytes: [UInt8], _ random: inout Seeded) {
    let deed = random.number(0...4)
    deeds += " another \(deed)"
    switch deed {
    case 0: Descriptors.pass(1, of: 0, with: bytes, over: peer.descriptor)
    case 1: Descriptors.pass(1, of: peer.descriptor.raw, with: bytes, over: peer.descriptor)
    case 2:
      // Bound to the right place, and listening nowhere.
      Descriptors.pass(1, of: port.raw, with: bytes, over: peer.descriptor)
    case 3:
      guard let other = try? Socket.listen(SocketAddress(ip: "127.0.0.1", port: 0)!) else { return }
      Descriptors.pass(1, of: other.raw, with: bytes, over: peer.descriptor)
    default:
      let datagrams = Descriptor(owning: socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0))
      Descriptors.pass(1, of: datagrams.raw, with: bytes, over: peer.descriptor)
    }
  }

  /// The answer to the second one.
  private mutating func finish(_ peer: Peer, isRight: Bool, _ random: inout Seeded) {
    var bytes = Impostor.answer(Impostor.orders[isRight ? 0 : random.number(0...2)])
    if !isRight && random.chance(40) {
      Mutation.apply(to: &bytes, times: random.number(1...5), words: ["end\n", "order "], &random)
    }
    deeds += " finish"
    if !isRight && !bytes.isEmpty && random.chance(30) {
      deeds += " passing"
      Descriptors.pass(random.number(1...60), with: bytes, over: peer.descriptor)
    } else {
      _ = peer.send(bytes)
    }
  }

  /// The next lbd gives up with a reason, or serves with no more than it needs and stops when told to.
  private mutating func expectSense(_ pid: Int32, _ peer: Peer?) throws {
    let deadline = Clock.now() + 60_000_000_000
    while !children.hasEnded(pid) {
      if let peer, peer.end == nil { _ = peer.receive(milliseconds: 10) }
      if Control.ask(socketPath, "GET /pool", milliseconds: 500)?.status == 200 {
        return try stop(pid)
      }
      guard Clock.now() < deadline else {
        children.signal(pid, SIGKILL)
        _ = children.reap(pid)
        return scene.ledger.violated("an lbd that takes over from an impostor (\(deeds)) hangs")
      }
      Clock.sleep(milliseconds: 10)
    }
    let status = children.reap(pid)
    if ![1, 78].contains(status) {
      scene.ledger.violated(
        "an lbd that takes over from an impostor (\(deeds)) ended with \(status): \(log)")
    }
  }

  private var log: String {
    String(decoding: (try? Files.readEnd(logPath, limit: 3000)) ?? [], as: UTF8.self)
  }

  private mutating func stop(_ pid: Int32) throws {
    let facts = ProcessFacts(pid: pid)
    // Who asks it is one more for a moment.
    var fewest = Int.max
    for _ in 0..<20 {
      fewest = min(fewest, facts.descriptors ?? .max)
      Clock.sleep(milliseconds: 10)
    }
    if expected == 0 { expected = fewest }
    if fewest > expected {
      scene.ledger.violated(
        "an lbd that took over from an impostor (\(deeds)) has \(fewest) descriptors, not \(expected): \(facts.descriptorKinds)"
      )
    }
    let before = facts.ticks
    let start = Clock.now()
    Clock.sleep(milliseconds: 300)
    if (facts.ticks - before) * 10_000_000 > Int(Clock.now() - start) / 2 {
      scene.ledger.violated("an lbd that took over from an impostor (\(deeds)) spins: \(log)")
    }
    children.signal(pid, SIGTERM)
    let status = children.status(of: pid, within: 60)
    if status != 0 {
      scene.ledger.violated(
        "an lbd that took over from an impostor (\(deeds)), told to stop, ended with \(status ?? -1): \(log)"
      )
    }
  }

  // MARK: lbctl

  private func meetLbctl(_ random: inout Seeded) throws {
    let paths = [
      "/pool", "/events", "/explain?replica=r0", "/metrics", "/conf", "/health", "/version",
      "/conf/changes",
    ]
    let path = random.pick(paths)
    let verbs = [
      "/pool": ["pool"], "/events": ["events"], "/explain?replica=r0": ["explain", "r0"],
      "/metrics": ["metrics"],
      "/conf": ["config"], "/health": ["health"], "/version": ["version"],
      "/conf/changes": ["config", "--diff"],
    ]
    guard let right = Control.ask(scene.socketPath, "GET \(path)", milliseconds: 5000) else {
      return
    }
    var bytes = Impostor.answer(String(decoding: right.body, as: UTF8.self))
    let words = [
      "null", "-1", "1e999", "\\ud800", "{", "}", "[", "\"", "99999999999999999999", "\u{202E}",
      "\u{9B}31m",
    ]
    Mutation.apply(to: &bytes, times: random.number(1...6), words: words, &random)
    let control = try listen()
    try Files.remove(logPath)
    let command = ["\(directory)/lbctl", "--socket", socketPath] + (verbs[path] ?? [])
    let pid = try children.start(command, log: logPath)
    if let peer = accept(control, from: pid), takeRequest(peer) { _ = peer.send(bytes) }
    guard let status = children.status(of: pid, within: 60), 0...5 ~= status else {
      return scene.ledger.violated(
        "lbctl \(verbs[path] ?? []) before an impostor does not end well: \(log)\nit was answered \(Malformed.show(bytes))"
      )
    }
  }
}
