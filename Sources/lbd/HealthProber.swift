// Asks replicas how they are: a connection of its own for each probe, all of them at once on the
// control thread's epoll, never waiting for one. It reports; what follows is Health's to say.

import Configuration
import HTTPWire
import LinuxIO
import Proxy

/// Whom to probe.
struct ProbeTarget {
  let slot: Int
  /// Which of the replica's addresses this is; the result says the same.
  let move: Int
  let address: SocketAddress
  /// What the probe's Host field says.
  let host: String
}

/// What a probe came to.
struct ProbeResult {
  enum Verdict {
    case pass, failure
    /// lbd itself could not ask.
    case none
  }

  let slot: Int
  let move: Int
  let verdict: Verdict
  /// `200`, `refused`, `timeout` …
  let text: String
  let nanoseconds: UInt64
}

/// The probes under way. The control thread owns it.
struct HealthProber: ~Copyable {
  struct Probe: ~Copyable {
    let descriptor: Descriptor
    let slot: Int
    let move: Int
    let startedAt: UInt64
    let request: [UInt8]
    var answer: [UInt8] = []
    var isSent = false
  }

  private var configuration: HealthConfiguration
  private var proxyHeader: ProxyVersion?
  private var probes: Slab<Probe>
  private var deadlines: Deadlines
  private var expired: [UInt32] = []

  init(_ configuration: Configuration, now: UInt64) {
    self.configuration = configuration.health
    proxyHeader = configuration.forward.proxyProtocol.version
    probes = Slab(capacity: SharedPool.capacity)
    deadlines = Deadlines(capacity: SharedPool.capacity, now: now)
  }

  mutating func adopt(_ configuration: Configuration) {
    self.configuration = configuration.health
    proxyHeader = configuration.forward.proxyProtocol.version
  }

  /// Milliseconds until `expire` has something to do; negative when nothing is under way.
  func wait(now: UInt64) -> Int { deadlines.wait(now: now) }

  /// Starts a probe of a replica. The result, when it is there at once.
  mutating func start(
    _ target: ProbeTarget, _ poller: borrowing Poller, now: UInt64
  ) -> ProbeResult? {
    if configuration.check == .off { return result(target, .pass, "off") }
    guard probes.count < probes.capacity else { return result(target, .none, "too many probes") }
    let descriptor: Descriptor
    switch Socket.connect(target.address) {
    case .connected(let connected): descriptor = connected
    case .connecting(let connecting): descriptor = connecting
    case .failed(let code):
      let verdict: ProbeResult.Verdict = SystemError.isOwnFault(code) ? .none : .failure
      return result(target, verdict, SystemError.brief(code))
    }
    let record = probes.insert(
      Probe(
        descriptor: descriptor, slot: target.slot, move: target.move, startedAt: now,
        request: request(target.host)))
    do {
      try poller.add(probes[record].descriptor, .connection, token: probes.token(record))
    } catch {
      _ = probes.remove(record)
      return result(target, .none, error.reason)
    }
    deadlines.set(record, at: now + configuration.timeout.nanoseconds)
    return nil
  }

  private func result(
    _ target: ProbeTarget, _ verdict: ProbeResult.Verdict, _ text: String
  ) -> ProbeResult {
    ProbeResult(
      slot: target.slot, move: target.move, verdict: verdict, text: text, nanoseconds: 0)
  }

  private func request(_ host: String) -> [UInt8] {
    let text =
      "GET \(configuration.path) HTTP/1.1\r\nHost: \(host)\r\nUser-Agent: lbd-health\r\n"
      + "Accept: */*\r\nConnection: close\r\n\r\n"
    guard let proxyHeader else { return Array(text.utf8) }
    // A replica that wants to know its client is told that lbd itself asks.
    var writer = ByteWriter(capacity: 32)
    ProxyHeader.writeUnstated(proxyHeader, to: &writer)
    return writer.bytes.indices.map { writer.bytes[$0] } + Array(text.utf8)
  }

  /// Goes on with the probe that an event is for. The result, when it is there.
  mutating func handle(_ event: Event, now: UInt64) -> ProbeResult? {
    guard let record = probes.slot(of: event.token) else { return nil }
    let outcome = advance(record, event.readiness)
    guard let (isPass, text) = outcome else { return nil }
    return end(record, isPass, text, now)
  }

  private mutating func advance(
    _ record: UInt32, _ readiness: Readiness
  ) -> (isPass: Bool, text: String)? {
    if !probes[record].isSent {
      guard readiness.isWritable else { return nil }
      if readiness.isOver {
        let code = Socket.error(probes[record].descriptor)
        if code != 0 { return (false, SystemError.brief(code)) }
      }
      if configuration.check == .tcp { return (true, "connected") }
      if let failure = probes[record].send() { return (false, failure) }
    }
    return readiness.isReadable ? receive(record) : nil
  }

  private mutating func receive(_ record: UInt32) -> (isPass: Bool, text: String)? {
    while true {
      switch probes[record].receive() {
      case .moved: if let verdict = probes[record].judge(configuration.expect) { return verdict }
      case .wouldBlock: return nil
      case .ended: return (false, "closed without an answer")
      case .failed(let code): return (false, SystemError.brief(code))
      }
    }
  }

  /// The results of the probes that took too long.
  mutating func expire(now: UInt64) -> [ProbeResult] {
    deadlines.expire(now: now, into: &expired)
    var results: [ProbeResult] = []
    while let record = expired.popLast() {
      guard !deadlines.isSet(record), probes.next(from: record) == record else { continue }
      results.append(end(record, false, "timeout", now))
    }
    return results
  }

  private mutating func end(
    _ record: UInt32, _ isPass: Bool, _ text: String, _ now: UInt64
  ) -> ProbeResult {
    deadlines.clear(record)
    let probe = probes.remove(record)
    return ProbeResult(
      slot: probe.slot, move: probe.move, verdict: isPass ? .pass : .failure, text: text,
      nanoseconds: Clock.now() - probe.startedAt)
  }
}

extension HealthProber.Probe {
  /// Sends the request, which fits any socket's buffer. What failed, or nil.
  fileprivate mutating func send() -> String? {
    switch descriptor.send(request.span) {
    case .moved(let count) where count == request.count:
      isSent = true
      return nil
    case .failed(let code): return SystemError.brief(code)
    default: return "takes no bytes"
    }
  }

  /// The verdict once the response's head is there.
  fileprivate func judge(_ expect: StatusRanges) -> (isPass: Bool, text: String)? {
    var head = ResponseHead()
    switch HeadParser.parse(response: answer.span, into: &head) {
    case .complete: return (expect.contains(head.status), String(head.status))
    case .incomplete: return answer.count < 64 << 10 ? nil : (false, "malformed")
    case .malformed: return (false, "malformed")
    }
  }

  fileprivate mutating func receive() -> TransferOutcome {
    descriptor.receive(appendingTo: &answer, atMost: 16 << 10)
  }
}

extension Duration {
  /// The same in nanoseconds; durations of a conf are bounded, so it fits.
  var nanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    return UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
  }
}

extension SystemError {
  /// An `errno` in the one or two words that a table has room for.
  static func brief(_ code: Int32) -> String { brief(SystemError.text(code)) }

  static func brief(_ text: String) -> String {
    for (long, short) in [
      ("Connection refused", "refused"), ("Connection reset by peer", "reset"),
      ("Connection timed out", "timeout"), ("No route to host", "no route"),
      ("Network is unreachable", "unreachable"), ("No such file or directory", "no socket"),
    ] where text == long { return short }
    return text.lowercased()
  }
}
