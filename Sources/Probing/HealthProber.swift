// Asks replicas how they are: all of them at once on the control thread's epoll, never waiting for
// one. It reports; what follows is Health's to say. A connection costs several times what a question
// does, so a replica beyond doubt is asked up to 16 times on one. Such a connection outlives the
// listener that it came from: its word is good for no more than that nothing has changed, and
// whatever else comes of it is asked again at once on a new one. Silence counts as on any: a replica
// that hangs would be known too late.
//
// While a replica that is up is silent, further probes begin beside the first, each on a connection of
// its own and with all of its time: so one that hangs is known to little later than one probe alone
// would tell, though none alone tells anything. An answer to any of them, good or bad, is the answer to
// all. A replica that answers at once never meets a second probe, and costs no more than without.

package import Configuration
import HTTPWire
package import LinuxIO

/// The probes under way, and the connections that rest between them. The control thread owns it.
package struct HealthProber: ~Copyable {
  /// Every so manieth probe of a replica begins a connection, so that a listener that is gone is
  /// noticed. A new connection costs about six times what a question costs.
  private static var probesEach: Int { 16 }
  /// Probes of one replica that may be under way at once.
  private static var mostEach: Int { 8 }
  /// The most concurrent probes, of all replicas together, the first ones not counted.
  private static var mostConcurrent: Int { 512 }

  private var settings: ProbeSettings
  private var probes: ProbeTable
  private var deadlines: Deadlines<Probe>
  private var question: [UInt8] = []
  private var scratch = [UInt8](repeating: 0, count: 16 << 10)
  private var head = ResponseHead()
  /// The line by which lbd knows a probe that has come to itself.
  private let via: [UInt8]

  /// - Parameters:
  ///   - slots: how many replicas there may be; their slots are below it.
  ///   - mark: by which this process knows its own requests.
  package init(_ settings: ProbeSettings, slots: Int, mark: UInt64, now: UInt64) {
    self.settings = settings
    var writer = ByteWriter(capacity: 64)
    Hops.writeVia(mark, to: &writer)
    via = writer.bytes.indices.map { writer.bytes[$0] }
    head.fields.setLimit(settings.fieldLimit)
    let capacity = slots + HealthProber.mostConcurrent
    probes = ProbeTable(capacity: capacity, slots: slots)
    deadlines = Deadlines(capacity: capacity, now: now)
  }

  /// The most descriptors that the probes of so many replicas take.
  package static func descriptors(replicas: Int, _ health: HealthConfiguration) -> Int {
    replicas + min(mostConcurrent, replicas * (min(health.fall, mostEach) - 1))
  }

  /// Goes on by other settings.
  package mutating func adopt(_ settings: ProbeSettings) {
    self.settings = settings
    head.fields.setLimit(settings.fieldLimit)
    // Connections that began otherwise are not asked again.
    var next = probes.first
    while let record = next {
      probes[record].mayRest = false
      if !probes[record].isOpen { close(record) }
      next = probes.next(after: record)
    }
  }

  /// Milliseconds until `nextExpired` has something to give; negative when nothing is under way.
  package func wait(now: UInt64) -> Int { deadlines.wait(now: now) }

  // MARK: Asking

  /// Starts a probe of a replica. Where some are under way it is one more, unless these are enough to
  /// take the replica out. The result, when it is there at once; else it comes, of this or another.
  package mutating func start(_ target: ProbeTarget, _ poller: borrowing Poller) -> ProbeResult? {
    if settings.health.check == .off { return ProbeResult(target, .pass, "off") }
    let now = Clock.now()
    if let record = probes.latest(of: target.slot), probes[record].isOpen {
      return openConcurrent(target, poller, now: now)
    }
    // Counted from the slot on, since a pool's replicas begin together.
    let turn = (target.number + target.slot) % HealthProber.probesEach
    let mayRest = target.isBeyondDoubt && turn < HealthProber.probesEach - 1
    if target.isBeyondDoubt && turn > 0, askAgain(target, mayRest: mayRest, now: now) { return nil }
    forget(target.slot)
    let restsBehind = settings.health.check == .http && settings.expectation.body.isEmpty
    return open(target, mayRest: mayRest && restsBehind, poller, now: now)
  }

  /// Asks on the connection that rests, if one does.
  private mutating func askAgain(_ target: ProbeTarget, mayRest: Bool, now: UInt64) -> Bool {
    guard let record = probes.latest(of: target.slot), probes[record].isResting else {
      return false
    }
    probes[record].target = target
    probes[record].startedAt = now
    probes[record].mayRest = mayRest
    guard ask(record) == .done else { return false }
    deadlines.set(record, at: now + patience(target))
    return true
  }

  /// How long a probe is awaited before the next begins beside it, where one may. A replica that is
  /// slow of itself is not asked while it works on an answer: it may do one thing at a time.
  private func patience(_ target: ProbeTarget) -> UInt64 {
    guard target.missing > 1 else { return settings.timeout }
    return min(
      settings.timeout, max(settings.timeout / UInt64(settings.health.fall + 1), 2 * target.latest))
  }

  /// Begins one more probe of a replica, unless those under way are enough. The result, when it is
  /// there at once.
  private mutating func openConcurrent(
    _ target: ProbeTarget, _ poller: borrowing Poller, now: UInt64
  ) -> ProbeResult? {
    guard probes.concurrent < HealthProber.mostConcurrent,
      probes.count(of: target.slot) < min(target.missing, HealthProber.mostEach)
    else { return nil }
    guard let result = open(target, mayRest: false, poller, now: now) else { return nil }
    // Where lbd itself could not ask, those under way tell.
    return result.verdict == ProbeResult.Verdict.none ? nil : result
  }

  private mutating func open(
    _ target: ProbeTarget, mayRest: Bool, _ poller: borrowing Poller, now: UInt64
  ) -> ProbeResult? {
    let descriptor: Descriptor
    switch Socket.connect(target.address) {
    case .connected(let connected): descriptor = connected
    case .connecting(let connecting): descriptor = connecting
    case .failed(let code):
      let isOwnFault = SystemError.isOwnFault(code)
      if !isOwnFault { forget(target.slot) }
      return ProbeResult(target, isOwnFault ? .none : .failure, SystemError.brief(code))
    }
    let record = probes.insert(Probe(target, descriptor, mayRest: mayRest, now: now))
    do {
      try poller.add(probes[record].descriptor, .connection, token: probes.token(record).rawValue)
    } catch {
      close(record)
      return ProbeResult(target, .none, error.reason)
    }
    deadlines.set(record, at: now + patience(target))
    // On one machine it stands by now.
    if settings.health.check == .http, case .failed(let text) = ask(record) {
      return end(record, false, text, poller)
    }
    return nil
  }

  private mutating func ask(_ record: SlabSlot<Probe>) -> Probe.Asking {
    settings.write(
      host: probes[record].target.host, via: via, isFirst: probes[record].questions == 0,
      mayRest: probes[record].mayRest, to: &question)
    return probes[record].ask(question)
  }

  // MARK: Answers

  /// Goes on with the probe that an event is for. The result, when it is there.
  package mutating func handle(_ event: Event, _ poller: borrowing Poller) -> ProbeResult? {
    guard let record = probes.slot(of: SlabToken(rawValue: event.token)) else { return nil }
    switch advance(record, event.readiness) {
    case .waits: return nil
    case .verdict(let isPass, let text): return end(record, isPass, text, poller)
    case .over:
      close(record)
      return nil
    }
  }

  private mutating func advance(_ record: SlabSlot<Probe>, _ readiness: Readiness) -> Probe.Step {
    if case .connecting = probes[record].phase {
      guard readiness.isWritable else { return .waits }
      if readiness.isOver {
        let code = Socket.error(probes[record].descriptor)
        if code != 0 { return .verdict(isPass: false, SystemError.brief(code)) }
      }
      if settings.health.check == .tcp { return .verdict(isPass: true, "connected") }
      switch ask(record) {
      case .done: break
      case .tooEarly: return .waits
      case .failed(let text): return .verdict(isPass: false, text)
      }
    }
    guard readiness.isReadable else { return .waits }
    // Its end, if there is one, is not told of again.
    if readiness.isEnding { probes[record].mayRest = false }
    return probes[record].receive(&scratch, &head, settings.expectation)
  }

  /// Ends a probe. Where a connection that was used before has anything but good to say, its replica
  /// is asked once more.
  private mutating func end(
    _ record: SlabSlot<Probe>, _ isPass: Bool, _ text: String, _ poller: borrowing Poller
  ) -> ProbeResult? {
    if !isPass && !probes[record].isFresh { return restart(record, poller) }
    deadlines.clear(record)
    closeOthers(record)
    let result = ProbeResult(
      probes[record].target, isPass ? .pass : .failure, text, isFresh: probes[record].isFresh,
      nanoseconds: Clock.now() - probes[record].startedAt)
    if probes[record].isOpen || receiveRest(record) == .over { close(record) }
    return result
  }

  /// Takes more of a body whose head came first; the event was for all that is there.
  private mutating func receiveRest(_ record: SlabSlot<Probe>) -> Probe.Step {
    if probes[record].isResting { return .waits }
    return probes[record].receive(&scratch, &head, settings.expectation)
  }

  /// Time in which lbd did not run counts in no probe's. One that began within that time begins now.
  package mutating func forgive(_ lost: UInt64, now: UInt64) {
    deadlines.postpone(by: lost)
    var next = probes.first
    while let record = next {
      probes[record].startedAt = min(probes[record].startedAt + lost, now)
      next = probes.next(after: record)
    }
  }

  /// The next result of a probe that took too long. Begins concurrent ones where a probe takes long.
  package mutating func nextExpired(_ poller: borrowing Poller, now: UInt64) -> ProbeResult? {
    if !deadlines.hasExpired { deadlines.expire(now: now) }
    while let record = deadlines.nextExpired() {
      guard probes.contains(record), probes[record].isOpen else { continue }
      let (target, startedAt) = (probes[record].target, probes[record].startedAt)
      if now < startedAt + settings.timeout {
        deadlines.set(record, at: startedAt + settings.timeout)
        if let result = openConcurrent(target, poller, now: now) { return result }
      } else {
        close(record)
        return ProbeResult(target, .failure, "timeout", nanoseconds: now - startedAt)
      }
    }
    return nil
  }

  // MARK: Connections

  /// Something speaks against a replica: a connection from before is asked no more, and what was
  /// asked on one is asked anew. The result, when it is there at once.
  package mutating func doubt(_ slot: Int, _ poller: borrowing Poller) -> ProbeResult? {
    guard let latest = probes.latest(of: slot) else { return nil }
    guard probes[latest].isOpen else {
      close(latest)
      return nil
    }
    var next = latest
    while next != .absent {
      let record = next
      if !probes[record].isFresh { return restart(record, poller) }
      probes[record].mayRest = false
      next = probes[record].nextOfReplica
    }
    return nil
  }

  /// Ends what there is of a replica, without a result.
  package mutating func forget(_ slot: Int) {
    while let record = probes.latest(of: slot) { close(record) }
  }

  private mutating func restart(
    _ record: SlabSlot<Probe>, _ poller: borrowing Poller
  ) -> ProbeResult? {
    let target = probes[record].target
    forget(target.slot)
    return open(target, mayRest: false, poller, now: Clock.now())
  }

  private mutating func closeOthers(_ record: SlabSlot<Probe>) {
    while let other = probes.other(than: record) { close(other) }
  }

  private mutating func close(_ record: SlabSlot<Probe>) {
    deadlines.clear(record)
    probes.remove(record)
  }
}
