// The replicas' side of a worker: opening connections, keeping idle ones for the next request,
// noticing when they end.

import Balancing
import HTTPWire
import LinuxIO

extension Worker {
  // MARK: Opening

  /// Opens a connection to a replica for an exchange.
  mutating func connect(_ exchange: UInt32, _ slot: Int) {
    guard upstreams.count < upstreams.capacity || closeAnyIdle() else {
      return fail(
        exchange, 503, "lbd is out of connections", .exhausted,
        cause: "every connection to replicas is in use")
    }
    guard let address = address(of: slot) else {
      return attemptFailed(exchange, .connect, "no address")
    }
    switch Socket.connect(address) {
    case .failed(let code):
      links.tally.count(.attempts, slot)
      links.tally.count(.ended, slot)
      connectFailed(exchange, code)
    case .connected(let descriptor):
      adopt(
        Upstream(
          descriptor: descriptor, replica: slot, move: moves[slot], isConnected: true), exchange)
    case .connecting(let descriptor):
      adopt(
        Upstream(
          descriptor: descriptor, replica: slot, move: moves[slot], isConnected: false), exchange)
    }
  }

  /// A connection did not come to stand. Only what says something of the replica takes it out.
  mutating func connectFailed(_ exchange: UInt32, _ code: Int32) {
    let reason = SystemError.text(code)
    if SystemError.isOwnFault(code) {
      detach(exchange, keep: false)
      return fail(exchange, 503, "lbd is out of connections", .exhausted, cause: reason)
    }
    unreachable(exchange, reason)
    attemptFailed(exchange, .connect, isLate: SystemError.isTimeout(code), reason)
  }

  private mutating func adopt(_ record: consuming Upstream, _ exchange: UInt32) {
    let isConnected = record.isConnected
    let upstream = upstreams.insert(record)
    upstreams[upstream].restedAt = now
    links.counts.add(.upstreams, links.index)
    attach(upstream, to: exchange)
    do {
      try poller.add(
        upstreams[upstream].descriptor, .connection,
        token: Token.upstream(upstreams.token(upstream)))
    } catch {
      return attemptFailed(exchange, .connect, error.reason)
    }
    if isConnected {
      pumpRequest(exchange)
    } else {
      let deadline = max(now, min(now + settings.connectTimeout, exchanges[exchange].deadline))
      upstreamDeadlines.set(upstream, at: deadline)
    }
  }

  private mutating func address(of slot: Int) -> SocketAddress? {
    if slot == SharedPool.controlSlot { return snapshot.control }
    return slot < addresses.count ? addresses[slot] : nil
  }

  /// Joins a connection with an exchange.
  mutating func attach(_ upstream: UInt32, to exchange: UInt32) {
    upstreams[upstream].exchange = exchange
    upstreams[upstream].answerBy = 0
    exchanges[exchange].upstream = upstream
    links.tally.count(.attempts, upstreams[upstream].replica)
  }

  /// Takes the connection from its exchange: back to the pool of idle ones, or closed.
  mutating func detach(_ exchange: UInt32, keep: Bool) {
    leavePlace(exchange)
    let upstream = exchanges[exchange].upstream
    guard upstream != none else { return }
    exchanges[exchange].upstream = none
    upstreams[upstream].exchange = none
    links.tally.count(.ended, upstreams[upstream].replica)
    if keep && !upstreams[upstream].isEnding && !upstreams[upstream].isReadable && !isDraining {
      putIdle(upstream)
    } else {
      closeUpstream(upstream)
    }
  }

  // MARK: Idle connections, newest first

  /// The connection has ended its exchange well. It may serve the next one after this batch of events.
  private mutating func putIdle(_ upstream: UInt32) {
    upstreams[upstream].isReused = true
    upstreams[upstream].restedAt = now
    let until = now + restLimit(upstream)
    upstreams[upstream].usableUntil = until
    upstreamDeadlines.set(upstream, at: until)
    rested.append(upstreams.token(upstream))
  }

  /// How long a connection may rest: what is set, what the replica said, what was learnt of it.
  private mutating func restLimit(_ upstream: UInt32) -> UInt64 {
    var limit = settings.upstreamIdleTimeout
    let stated = upstreams[upstream].keepAlive
    if stated >= 0 { limit = min(limit, IdleLimit.safe(UInt64(stated) * 1_000_000_000)) }
    return min(limit, idleLimits[upstreams[upstream].replica].usable ?? limit)
  }

  /// What rested in the last batch of events is idle from now on.
  mutating func linkRested() {
    for token in rested {
      guard let upstream = upstreams.slot(of: token) else { continue }
      let slot = upstreams[upstream].replica
      guard address(of: slot) != nil && upstreams[upstream].move == moves[slot] else {
        closeUpstream(upstream)
        continue
      }
      let newest = idle[slot]
      upstreams[upstream].older = newest == 0 ? none : newest - 1
      upstreams[upstream].newer = none
      if newest != 0 { upstreams[newest - 1].newer = upstream }
      idle[slot] = upstream + 1
    }
    rested.removeAll(keepingCapacity: true)
  }

  /// A connection to a replica that has neither ended nor spoken unasked: one that ended would fail
  /// the request, and what came on it would be taken for the answer. Of idle ones the events have
  /// said so, since those of replicas are handled before those of clients; one that rested in this
  /// very batch has to be asked.
  /// - Parameter isRepeatable: the request may be made again should its connection end all the same.
  ///   Any other takes none that has rested for long: its replica might just be closing it, and what
  ///   a connection costs matters least where requests are that rare.
  mutating func takeIdle(_ slot: Int, isRepeatable: Bool) -> UInt32? {
    while idle[slot] != 0 {
      let newest = idle[slot] - 1
      if now >= upstreams[newest].usableUntil {
        dropIdle(newest)
        continue
      }
      let rest = now - upstreams[newest].restedAt
      if !isRepeatable && rest > min(Worker.briefRest, restLimit(newest) / 2) { break }
      if !mayHaveMoreEvents || upstreams[newest].descriptor.isSilent {
        unlinkIdle(newest)
        return newest
      }
      dropIdle(newest)
    }
    return takeRested(slot)
  }

  /// A rest in which hardly any replica closes a connection, in nanoseconds.
  private static var briefRest: UInt64 { 500_000_000 }

  /// Looks at no more than the last few, so that the search costs less than a connection.
  private mutating func takeRested(_ slot: Int) -> UInt32? {
    for index in rested.indices.suffix(64).reversed() {
      guard let upstream = upstreams.slot(of: rested[index]), upstreams[upstream].replica == slot,
        upstreams[upstream].move == moves[slot]
      else { continue }
      rested.swapAt(index, rested.count - 1)
      rested.removeLast()
      if upstreams[upstream].descriptor.isSilent { return upstream }
      closeUpstream(upstream)
      return nil
    }
    return nil
  }

  private mutating func unlinkIdle(_ upstream: UInt32) {
    let (newer, older) = (upstreams[upstream].newer, upstreams[upstream].older)
    if older != none { upstreams[older].newer = newer }
    if newer != none {
      upstreams[newer].older = older
    } else {
      idle[upstreams[upstream].replica] = older == none ? 0 : older + 1
    }
    upstreams[upstream].newer = none
    upstreams[upstream].older = none
  }

  private mutating func dropIdle(_ upstream: UInt32) {
    unlinkIdle(upstream)
    closeUpstream(upstream)
  }

  /// Closes all idle connections to a replica.
  mutating func closeIdle(_ slot: Int) {
    while idle[slot] != 0 { dropIdle(idle[slot] - 1) }
  }

  /// Makes room for a connection; false when every one is in use.
  mutating func closeAnyIdle() -> Bool {
    for slot in addresses.indices where idle[slot] != 0 {
      dropIdle(idle[slot] - 1)
      return true
    }
    while let token = rested.popLast() {
      guard let upstream = upstreams.slot(of: token) else { continue }
      closeUpstream(upstream)
      return true
    }
    return false
  }

  mutating func closeUpstream(_ upstream: UInt32) {
    upstreamDeadlines.clear(upstream)
    _ = upstreams.remove(upstream)
    links.counts.add(.upstreams, links.index, by: -1)
  }

  // MARK: Events

  mutating func upstreamEvent(_ upstream: UInt32, _ readiness: Readiness) {
    if readiness.isReadable { upstreams[upstream].isReadable = true }
    if readiness.isWritable { upstreams[upstream].isWritable = true }
    if readiness.isEnding { upstreams[upstream].isEnding = true }
    if upstreams[upstream].exchange == none {
      // An idle connection has nothing to say: it ended, or what it says belongs to no request.
      guard readiness.isReadable else { return }
      if readiness.isEnding {
        let rest = now - upstreams[upstream].restedAt
        idleLimits[upstreams[upstream].replica].ended(after: rest, now: now)
      }
      dropIdle(upstream)
    } else {
      resumeUpstream(upstream)
    }
  }

  /// Goes on with whatever the connection can do now.
  mutating func resumeUpstream(_ upstream: UInt32) {
    let exchange = upstreams[upstream].exchange
    guard exchange != none else { return }
    if !upstreams[upstream].isConnected {
      guard finishConnect(exchange, upstream) else { return }
    }
    resume(exchange)
  }

  /// True when the connection stands now.
  private mutating func finishConnect(_ exchange: UInt32, _ upstream: UInt32) -> Bool {
    guard upstreams[upstream].isWritable else { return false }
    if upstreams[upstream].isEnding {
      let code = Socket.error(upstreams[upstream].descriptor)
      if code != 0 {
        connectFailed(exchange, code)
        return false
      }
    }
    upstreams[upstream].isConnected = true
    return true
  }

  /// Whether a replica that holds up its request has taken some of it since its deadline began.
  private mutating func isReading(_ upstream: UInt32) -> Bool {
    let exchange = upstreams[upstream].exchange
    guard exchanges[exchange].sentTo < exchanges[exchange].readyTo else { return false }
    let before = upstreams[upstream].unsent
    upstreams[upstream].unsent = Socket.unsentBytes(upstreams[upstream].descriptor)
    return upstreams[upstream].unsent < before
  }

  mutating func upstreamDeadlinePassed(_ upstream: UInt32) {
    guard upstreams.next(from: upstream) == upstream else { return }
    let exchange = upstreams[upstream].exchange
    if exchange == none {
      dropIdle(upstream)
    } else if !upstreams[upstream].isConnected {
      // Where the request had less time than a connect may take, that says nothing.
      if now >= upstreams[upstream].restedAt + settings.connectTimeout {
        unreachable(exchange, "connect timeout")
      }
      attemptFailed(exchange, .connect, isLate: true, "connect timeout")
    } else if exchanges[exchange].hasHead && exchanges[exchange].pending > 0 {
      // The client holds up the response: it has a deadline of its own.
    } else if isReading(upstream) {
      upstreamDeadlines.set(upstream, at: now + idleLimit(exchange))
    } else if exchanges[exchange].isTunnel {
      abandon(exchange)
    } else if !exchanges[exchange].hasHead && now < upstreams[upstream].answerBy {
      seeWhetherTaken(exchange, upstream)
    } else {
      attemptFailed(exchange, .timeout, isLate: true, "no answer in time")
    }
  }

  /// The response is not there yet, and has more time. Where the replica's kernel has taken nothing of
  /// the request for as long as a connect may take, nobody is there.
  private mutating func seeWhetherTaken(_ exchange: UInt32, _ upstream: UInt32) {
    let sent = exchanges[exchange].sentTo - exchanges[exchange].replayFrom
    guard address(of: upstreams[upstream].replica)?.isUnix == false,
      exchanges[exchange].isReplayable,
      Int(Socket.unsentBytes(upstreams[upstream].descriptor)) >= sent
    else { return upstreamDeadlines.set(upstream, at: upstreams[upstream].answerBy) }
    let reason = "the request was not acknowledged"
    unreachable(exchange, reason)
    attemptFailed(exchange, endOfConnection(exchange), isLate: true, reason)
  }
}
