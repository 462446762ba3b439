// The replicas' side of a worker: it opens connections, and notices when they end. Resting.swift has
// the idle connections.

import Balancing
import HTTPWire
import Ledger
import LinuxIO
import Plan

extension Worker {
  // MARK: Opening

  /// Opens a connection to a replica for an exchange.
  mutating func connect(_ exchange: SlabSlot<Exchange>, to replica: Int) {
    guard upstreams.count < upstreams.capacity || closeAnyIdle() else {
      return fail(
        exchange, 503, "lbd is out of connections", .exhausted,
        cause: "every connection to replicas is in use")
    }
    guard let address = address(of: replica) else {
      return attemptFailed(exchange, .connect, "no address")
    }
    let pool = exchanges[exchange].pool
    // An idle connection that this request may not use is in the way of a new one.
    while !links.pool.openConnection(replica, limit: lanes[pool].policy.replicaConnections) {
      guard closeOneResting(replica) else { return awaitConnection(exchange) }
    }
    switch Socket.connect(address) {
    case .failed(let code):
      links.pool.closeConnection(replica)
      links.tally.count(.attempts, replica)
      links.tally.count(.ended, replica)
      connectFailed(exchange, code)
    case .connected(let socket): join(socket, to: exchange, isConnected: true)
    case .connecting(let socket): join(socket, to: exchange, isConnected: false)
    }
  }

  /// Whether a request can go to a replica now: an idle connection is here, or one more may be opened.
  mutating func mayConnect(to replica: Int, of pool: Int) -> Bool {
    let limit = lanes[pool].policy.replicaConnections
    if limit == .max || idle[replica].slot != .absent || restedIndex(replica) != nil { return true }
    if links.pool.connections(replica) < limit { return true }
    if links.pool.inFlight(replica) < limit { askForRelease(replica) }
    return false
  }

  /// Lets the request wait: the replica has as many connections as it may, and none is idle here.
  private mutating func awaitConnection(_ exchange: SlabSlot<Exchange>) {
    askForRelease(exchanges[exchange].attempts.replica)
    freeRoom(exchange)
    exchanges[exchange].attempts.takeBack()
    hold(exchange, isFull: true)
  }

  /// Has another worker close an idle connection to a replica, if one has such.
  private mutating func askForRelease(_ replica: Int) {
    for (index, worker) in links.workers.enumerated() where index != links.index {
      worker.post(.release(replica))
    }
  }

  /// Handles a connection that could not be opened. Only a failure that says something about the
  /// replica marks it down.
  mutating func connectFailed(_ exchange: SlabSlot<Exchange>, _ code: Int32) {
    let reason = SystemError.text(code)
    if SystemError.isOwnFault(code) {
      detach(exchange, .breaks)
      return fail(exchange, 503, "lbd is out of connections", .exhausted, cause: reason)
    }
    unreachable(exchange, reason)
    attemptFailed(exchange, .connect, isLate: SystemError.isTimeout(code), reason)
  }

  /// Handles a new connection to the replica of the exchange's attempt.
  private mutating func join(
    _ socket: consuming Descriptor, to exchange: SlabSlot<Exchange>, isConnected: Bool
  ) {
    let replica = exchanges[exchange].attempts.replica
    let upstream = upstreams.insert(
      Upstream(
        leg: Leg(socket, link: transport?.open(isClient: false), isConnected: isConnected),
        replica: replica, pool: exchanges[exchange].pool,
        generation: generations[replica], isConnected: isConnected))
    upstreams[upstream].idleSince = now
    links.counts.add(.upstreams, links.index)
    attach(upstream, to: exchange)
    do {
      try poller.add(
        upstreams[upstream].leg.socket, .connection,
        token: Token.of(upstreams.token(upstream)))
    } catch {
      return attemptFailed(exchange, .connect, error.reason)
    }
    if isConnected {
      pumpRequest(exchange)
    } else {
      let connectBy = now + lanes[exchanges[exchange].pool].policy.connectTimeout
      let deadline = max(now, min(connectBy, exchanges[exchange].attempts.deadline))
      upstreamDeadlines.set(upstream, at: deadline)
    }
  }

  mutating func address(of replica: Int) -> SocketAddress? {
    replica < addresses.count ? addresses[replica] : nil
  }

  /// Joins a connection with an exchange.
  mutating func attach(_ upstream: SlabSlot<Upstream>, to exchange: SlabSlot<Exchange>) {
    upstreams[upstream].exchange = exchange
    upstreams[upstream].answerBy = 0
    exchanges[exchange].upstream = upstream
    links.tally.count(.attempts, upstreams[upstream].replica)
  }

  /// The fate of a connection whose exchange is over.
  enum Parting {
    /// The connection is kept, idle, for the next exchange.
    case rests
    /// The connection is closed: nothing was left unsaid.
    case ends
    /// The connection is reset: something was left unsaid. A plain close would keep its local port for
    /// a minute, and as many aborts as there are ports would use up a replica (RFC 9293 §3.6).
    case breaks
  }

  /// Takes the connection from its exchange.
  mutating func detach(_ exchange: SlabSlot<Exchange>, _ parting: Parting) {
    freeRoom(exchange)
    let upstream = exchanges[exchange].upstream
    guard upstream != .absent else { return }
    exchanges[exchange].upstream = .absent
    upstreams[upstream].exchange = .absent
    links.tally.count(.ended, upstreams[upstream].replica)
    if parting == .breaks {
      upstreams[upstream].leg.resetOnClose()
    } else if parting == .rests && !upstreams[upstream].leg.isEnding
      && isQuiet(upstream) && !isDraining
    {
      return putIdle(upstream)
    }
    closeUpstream(upstream)
  }

  /// Whether a connection has neither sent more nor ended, as far as events say. Other transports may have
  /// received what is for them alone.
  @inline(__always)
  private mutating func isQuiet(_ upstream: SlabSlot<Upstream>) -> Bool {
    if !upstreams[upstream].leg.isReadable { return true }
    return upstreams[upstream].leg.isQuiet(transport)
  }

  // MARK: Closing

  mutating func closeUpstream(_ upstream: SlabSlot<Upstream>) {
    upstreamDeadlines.clear(upstream)
    let pool = upstreams[upstream].pool
    links.pool.closeConnection(upstreams[upstream].replica)
    upstreams[upstream].leg.close(transport)
    _ = upstreams.remove(upstream)
    links.counts.add(.upstreams, links.index, by: -1)
    if lanes[pool].policy.replicaConnections < .max { wakeLongestWaiting(pool) }
  }

  // MARK: Events

  mutating func upstreamEvent(_ upstream: SlabSlot<Upstream>, _ readiness: Readiness) {
    upstreams[upstream].leg.note(readiness, transport)
    if upstreams[upstream].exchange == .absent {
      // A replica sends nothing on an idle connection: the connection ended, or its bytes belong to no
      // request.
      guard readiness.isReadable, !isQuiet(upstream) else { return }
      if readiness.isEnding {
        let rest = now - upstreams[upstream].idleSince
        learntRests[upstreams[upstream].replica].ended(after: rest, now: now)
      }
      dropIdle(upstream)
    } else {
      resumeUpstream(upstream)
    }
  }

  /// Does everything that the connection is ready for now.
  mutating func resumeUpstream(_ upstream: SlabSlot<Upstream>) {
    let exchange = upstreams[upstream].exchange
    guard exchange != .absent else { return }
    if !upstreams[upstream].isConnected {
      guard finishConnect(exchange, upstream) else { return }
    }
    resume(exchange)
  }

  /// True when the connection is established now.
  private mutating func finishConnect(
    _ exchange: SlabSlot<Exchange>, _ upstream: SlabSlot<Upstream>
  ) -> Bool {
    guard upstreams[upstream].leg.isWritable else { return false }
    if upstreams[upstream].leg.isEnding {
      let code = Socket.error(upstreams[upstream].leg.socket)
      if code != 0 {
        connectFailed(exchange, code)
        return false
      }
    }
    upstreams[upstream].isConnected = true
    return true
  }

  /// Whether a replica that holds up a request has taken some of it since the deadline began.
  private mutating func isReading(_ upstream: SlabSlot<Upstream>) -> Bool {
    let exchange = upstreams[upstream].exchange
    guard !clients[exchanges[exchange].client].input.isSent else { return false }
    let before = upstreams[upstream].leg.untaken
    upstreams[upstream].leg.untaken = upstreams[upstream].leg.countUntaken(transport)
    return upstreams[upstream].leg.untaken < before
  }

  mutating func upstreamDeadlinePassed(_ upstream: SlabSlot<Upstream>) {
    guard upstreams.contains(upstream) else { return }
    let exchange = upstreams[upstream].exchange
    if exchange == .absent {
      dropIdle(upstream)
    } else if !upstreams[upstream].isConnected {
      // Where the request had less time than a connect may take, the timeout says nothing about the
      // replica.
      let connectTimeout = lanes[upstreams[upstream].pool].policy.connectTimeout
      if now >= upstreams[upstream].idleSince + connectTimeout {
        unreachable(exchange, "connect timeout")
      }
      attemptFailed(exchange, .connect, isLate: true, "connect timeout")
    } else if exchanges[exchange].response.hasHead && exchanges[exchange].response.pending > 0 {
      // The client holds up the response, and has a deadline of its own.
    } else if isReading(upstream) {
      upstreamDeadlines.set(upstream, at: now + exchanges[exchange].silence)
    } else if exchanges[exchange].response.isTunnel {
      abandon(exchange)
    } else if !exchanges[exchange].response.hasHead && now < upstreams[upstream].answerBy {
      seeWhetherTaken(exchange, upstream)
    } else {
      attemptFailed(exchange, .timeout, isLate: true, "no answer in time")
    }
  }

  /// Waits on for a response that has more time. Where the replica's kernel has taken nothing of the
  /// request for as long as a connect may take, the replica is taken for gone.
  private mutating func seeWhetherTaken(
    _ exchange: SlabSlot<Exchange>, _ upstream: SlabSlot<Upstream>
  ) {
    let client = exchanges[exchange].client
    let sent = clients[client].input.sentTo - clients[client].input.replayFrom
    guard address(of: upstreams[upstream].replica)?.isUnix == false,
      exchanges[exchange].request.isReplayable,
      Int(upstreams[upstream].leg.countUntaken(transport)) >= sent
    else { return upstreamDeadlines.set(upstream, at: upstreams[upstream].answerBy) }
    let reason = "the request was not acknowledged"
    unreachable(exchange, reason)
    attemptFailed(exchange, endOfConnection(exchange), isLate: true, reason)
  }
}
