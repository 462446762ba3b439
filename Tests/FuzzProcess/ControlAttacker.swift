// Callers of the control socket and of the metrics' listener: right ones, wrong ones, and ones that pass
// descriptors that nobody wants.

import Glibc
import LinuxIO

/// Attacks the control thread's endpoints. Its own thread owns it.
struct ControlAttacker {
  let scene: Scene
  let index: UInt64
  /// Replicas' names and addresses that may be ordered about.
  let names: [String]
  let addresses: [String]

  func run() {
    while !scene.isQuiet {
      var random = Seeded(scene.seed, 0xC0417, scene.nextCase())
      attack(&random)
      scene.beat("control \(index)")
      Clock.sleep(milliseconds: random.number(0...20))
    }
    scene.rest("control \(index)")
  }

  private func attack(_ random: inout Seeded) {
    let isControl = random.chance(80)
    guard let peer = isControl ? Peer.connect(path: scene.socketPath) : connectToMetrics() else {
      return Clock.sleep(milliseconds: 20)
    }
    let (bytes, count) = message(isControl, &random)
    let isPure = count > 0
    scene.ledger.count(.controls, by: max(1, count))
    if isControl && random.chance(15) {
      Descriptors.pass(
        random.number(1...60), with: bytes.isEmpty ? [0x47] : bytes, over: peer.descriptor)
    } else {
      deliver(bytes, peer, &random)
    }
    switch random.number(0...9) {
    case 0..<7: read(peer, isPure ? count : 0)
    case 7: peer.endSending()
    case 8: Clock.sleep(milliseconds: random.number(0...300))
    default: break
    }
  }

  private func connectToMetrics() -> Peer? {
    guard
      case .connected(let peer) = Peer.connect(
        port: scene.metricsPort, from: (8, 1), milliseconds: 1000)
    else { return nil }
    return peer
  }

  private func deliver(_ bytes: [UInt8], _ peer: Peer, _ random: inout Seeded) {
    guard random.chance(30) else {
      _ = peer.send(bytes, milliseconds: 3000)
      return
    }
    var rest = bytes[...]
    while !rest.isEmpty && !scene.isQuiet {
      let part = rest.prefix(max(1, bytes.count / random.number(1...10)))
      guard peer.send(part, milliseconds: 1000) else { return }
      rest = rest.dropFirst(part.count)
      Clock.sleep(milliseconds: random.number(0...10))
    }
  }

  /// Reads so many answers, which must be right, or any bytes for a moment.
  private func read(_ peer: Peer, _ count: Int) {
    var (left, position) = (count, 0)
    let deadline = Clock.now() + 2_000_000_000
    do throws(Malformed) {
      while Clock.now() < deadline {
        while left > 0,
          case .whole(let answer, let end) = try Answer.read(
            peer.received, from: position, isHead: false, isEnded: peer.end == .ended)
        {
          (left, position) = (answer.isLast ? 0 : left - 1, end)
        }
        guard peer.end == nil, left > 0 || count == 0 else { return }
        if !peer.receive(milliseconds: 100) && count == 0 { return }
      }
    } catch {
      scene.ledger.violated("the control socket answers \(error.what)")
    }
  }

  // MARK: What is sent

  /// A message, and how many right requests it is; 0 for one that is changed.
  private func message(_ isControl: Bool, _ random: inout Seeded) -> ([UInt8], Int) {
    var bytes: [UInt8] = []
    let count = random.chance(80) ? 1 : random.number(2...60)
    for _ in 0..<count { bytes += request(isControl, &random) }
    switch random.number(0...9) {
    case 0..<6: return (bytes, count)
    case 6..<9:
      Mutation.apply(to: &bytes, times: random.number(1...4), words: Mutation.requestWords, &random)
      return (scene.isTakingOver ? [] : bytes, 0)
    default: return (random.noise(20_000), 0)
    }
  }

  private static let reads = [
    "/pool", "/docs/pool", "/health", "/metrics", "/version", "/events", "/events?since=5", "/conf",
    "/conf/changes",
    "/explain?replica=r0", "/explain?replica=%00", "/explain?replica=",
    "/events?since=99999999999999999999",
    "/events?since=-1", "/explain?replica=%E2%80%AE", "/explain?x=y", "/nothing", "/replicas/drain",
    "/takeover",
  ]

  private func request(_ isControl: Bool, _ random: inout Seeded) -> [UInt8] {
    if !isControl || random.chance(50) {
      return Array("GET \(random.pick(ControlAttacker.reads)) HTTP/1.1\r\nHost: l\r\n\r\n".utf8)
    }
    let (path, body) = order(&random)
    let length = random.chance(3) ? random.pick([4097, 100_000, 1 << 40]) : body.utf8.count
    return Array(
      "POST \(path) HTTP/1.1\r\nHost: l\r\nContent-Length: \(length)\r\n\r\n\(body)".utf8)
  }

  private func order(_ random: inout Seeded) -> (String, String) {
    let name = random.chance(80) ? random.pick(names) : random.pick(ControlAttacker.oddNames)
    let replica = "{\"replica\":\"\(name)\"}"
    switch random.number(0...19) {
    case 0..<6: return ("/replicas/ready", replica)
    case 6: return ("/replicas/drain", replica)
    case 7: return ("/replicas/maint", replica)
    case 8..<10:
      return (
        "/replicas/\(random.pick(["ready", "drain"]))", "{\"replica\":\"\(name)\",\"if\":\"drain\"}"
      )
    case 10..<12:
      let weight = random.pick(["1", "256", "0", "257", "-1", "99999999999999999999", "x", ""])
      return ("/replicas/weight", "{\"replica\":\"\(name)\",\"weight\":\"\(weight)\"}")
    case 12..<14:
      return (
        "/replicas/add",
        "{\"address\":\"\(random.pick(addresses + ControlAttacker.oddAddresses))\"}"
      )
    case 14: return ("/replicas/remove", replica)
    case 15: return ("/reload", "")
    case 16 where !scene.isTakingOver: return ("/takeover", "")
    case 17: return ("/replicas/drain", random.pick(ControlAttacker.oddBodies))
    default: return ("/replicas/ready", random.pick(ControlAttacker.oddBodies))
    }
  }

  private static let oddNames = [
    "nobody", "", "\\u0000", "\\ud83d\\ude00", "\\ud83d", "\\ud83d\\u0041", "../x",
    String(repeating: "n", count: 3000), "\u{202E}",
    "127.0.0.1:1", "\\\"", "a b",
  ]

  private static let oddAddresses = [
    "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1", ":1", "", "[::1]", "[::1]:x", "unix:",
    "unix:relative",
    "unix:/\(String(repeating: "p", count: 300))", "127.0.0.1:1:1", "[127.0.0.1]:1", " 127.0.0.1:1",
  ]

  private static let oddBodies = [
    "", "{", "{}", "[]", "null", "\"\"", "{\"replica\":1}",
    "{\"replica\":\"r0\",\"replica\":\"r1\"}", "{\"replica\":\"r0\"}x",
    "{\"replica\":\"r0\",}", "{\"replica\" \"r0\"}", "{\"replica\":\"\\x\"}",
    "{\"replica\":\"\u{1}\"}",
    String(repeating: "{\"a\":", count: 600), String(repeating: "[", count: 4000),
    String(repeating: " ", count: 4096),
    "{\"if\":\"x\"}", "{\"replica\":\"r0\",\"if\":\"\"}", "{\"\":\"\"}",
  ]
}
