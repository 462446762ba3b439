// From an accepted head to a replica that gets it: the request is rewritten in place, a replica is
// picked, and a connection to it is found or opened.

import Balancing
import HTTPWire
import Ledger
import LinuxIO
import Plan

extension Worker {
  /// Takes up the request in `requestHead` and `requestFraming`, whose head is the next
  /// `headLength` bytes of the client's input.
  mutating func open(_ exchange: SlabSlot<Exchange>, headLength: Int) {
    let client = exchanges[exchange].client
    exchanges[exchange].isPersistent = requestFraming.isPersistent && !clients[client].isLeaving
    exchanges[exchange].clientEnds = !requestFraming.isPersistent
    exchanges[exchange].wantsUpgrade = requestFraming.wantsUpgrade
    exchanges[exchange].requestBody = BodyProgress(
      requestFraming.body, keepsFraming: true, keepsTrailers: !requestFraming.listsFields)
    clients[client].sendsLong = false
    if requestFraming.hasVia && endsLoop(exchange, headLength) { return }
    if case .length(let length) = requestFraming.body {
      clients[client].sendsLong = length >= Worker.longBody
      guard length <= settings.bodyLimit else {
        clients[client].input.consume(headLength)
        return refuse(exchange: exchange, .bodyTooLarge)
      }
    }
    guard requestFraming.hopsLeft > 0 else { return answerLastHop(exchange, headLength) }
    exchanges[exchange].isTest = clients[client].holds(
      snapshot.testToken, in: .testToken, of: requestHead)
    if settings.docs && serveOwnDocument(exchange, headLength) { return }
    guard rewriteHead(exchange, headLength) else {
      return refuse(exchange: exchange, .headTooLarge)
    }
    let hasBegunBody = exchanges[exchange].nextFrom < clients[client].input.end
    if let refusal = takeInBody(exchange) { return refuse(exchange: exchange, refusal) }
    exchanges[exchange].awaitsContinue =
      requestFraming.expectsContinue && !exchanges[exchange].requestBody.isDone && !hasBegunBody
    if exchanges[exchange].asksControl { return askControl(exchange) }
    isGone(client) ? abandon(exchange) : dispatch(exchange)
  }

  /// Puts the replica's head in the place of the client's, so that head and body stay one piece.
  private mutating func rewriteHead(
    _ exchange: SlabSlot<Exchange>, _ headLength: Int
  ) -> Bool {
    let client = exchanges[exchange].client
    let requestID = requestIDs.next()
    writer.removeAll()
    if exchanges[exchange].asksControl {
      clients[client].writeControlRequest(
        requestHead, tellsAll: settings.docsTellAll, to: &writer)
    } else {
      if let version = settings.proxyHeader {
        exchanges[exchange].hasProxyHeader = true
        clients[client].writeProxyHeader(version, to: &writer)
      }
      clients[client].writeRequest(
        requestHead, requestFraming, requestID: requestID, settings.forward, to: &writer)
    }
    noteID(exchange, requestID)
    guard clients[client].replaceHead(headLength, writer) else { return false }
    let start = clients[client].input.start
    exchanges[exchange].replayFrom = start
    exchanges[exchange].sentTo = start
    exchanges[exchange].readyTo = start + writer.count
    exchanges[exchange].nextFrom = start + writer.count
    return true
  }

  /// What there is for a request now.
  private enum Choice {
    case replica(Int)
    /// There are some, and each has as many requests in flight as it may.
    case full
    case none
  }

  /// Gives the request to a replica: the next in turn, or the control socket; or lets it wait for one.
  /// - Parameter last: the replica to ask where none is left that was not tried.
  mutating func dispatch(_ exchange: SlabSlot<Exchange>, orAgain last: Int? = nil) {
    if exchanges[exchange].asksControl { return dispatchToControl(exchange) }
    // Who came first has the next place.
    if hasLimits && exchanges[exchange].attempts == 0 && links.pool.held > 0 {
      return hold(exchange, isFull: true)
    }
    switch choose(exchange) {
    case .replica(let replica): attempt(exchange, replica)
    case .full: hold(exchange, isFull: true)
    case .none:
      if let last, links.pool.isUsable(last) {
        takePlace(exchange, last) ? attempt(exchange, last) : hold(exchange, isFull: true)
      } else if hasReplica {
        answerNoOther(exchange)
      } else {
        hold(exchange, isFull: false)
      }
    }
  }

  private mutating func dispatchToControl(_ exchange: SlabSlot<Exchange>) {
    guard exchanges[exchange].attempts == 0 else { return answerNoControl(exchange) }
    attempt(exchange, SharedPool.controlSlot)
  }

  /// Hands the request to a replica. A retry opens a connection of its own: an idle one may have
  /// ended like the one before.
  mutating func attempt(_ exchange: SlabSlot<Exchange>, _ replica: Int) {
    exchanges[exchange].replica = replica
    exchanges[exchange].tried.insert(replica)
    exchanges[exchange].attempts += 1
    rewind(exchange)
    let mayShare = !exchanges[exchange].hasFailed && !exchanges[exchange].hasProxyHeader
    if mayShare, let upstream = takeIdle(replica, isRepeatable: isRepeatable(exchange)) {
      attach(upstream, to: exchange)
      pumpRequest(exchange)
    } else {
      connect(exchange, replica)
    }
  }

  /// Whether the request may be made again should its connection turn out to have ended: it may be
  /// executed twice, and all of it is at hand.
  private mutating func isRepeatable(_ exchange: SlabSlot<Exchange>) -> Bool {
    exchanges[exchange].method.isIdempotent && exchanges[exchange].requestBody.isDone
  }

  /// Makes the request ready to be sent from its beginning.
  mutating func rewind(_ exchange: SlabSlot<Exchange>) {
    exchanges[exchange].sentTo = exchanges[exchange].replayFrom
    exchanges[exchange].hasSent = false
    exchanges[exchange].hasHeard = false
    exchanges[exchange].interims = 0
    exchanges[exchange].pending = 0
    exchanges[exchange].response.giveBack()
  }

  // MARK: Whose turn it is

  /// The replica for a request that waited, if there is one now: rather one that was not tried.
  mutating func chooseForHeld(_ exchange: SlabSlot<Exchange>) -> Int? {
    if case .replica(let replica) = choose(exchange) { return replica }
    guard exchanges[exchange].tried.count > 0 else { return nil }
    exchanges[exchange].tried = TriedReplicas()
    if case .replica(let replica) = choose(exchange) { return replica }
    return nil
  }

  private mutating func choose(_ exchange: SlabSlot<Exchange>) -> Choice {
    guard hasReplica else { return .none }
    let ticket = ticket(of: exchange)
    if hasLimits { return chooseWithPlace(exchange, ticket) }
    let replica = picker.pick(ticket: ticket, excluding: exchanges[exchange].tried)
    return replica.map { .replica($0) } ?? .none
  }

  /// The request's turn, drawn once. A retry begins somewhere else, so that a failed replica's share is
  /// spread over all others.
  private mutating func ticket(of exchange: SlabSlot<Exchange>) -> Int {
    if exchanges[exchange].ticket < 0 { exchanges[exchange].ticket = links.pool.drawTicket() }
    let ticket = exchanges[exchange].ticket
    guard exchanges[exchange].hasFailed else { return ticket }
    let spread = UInt(bitPattern: ticket &+ exchanges[exchange].attempts) &* 0x9E37_79B9_7F4A_7C15
    return Int(spread >> 33)
  }

  /// The same where some replicas have a limit: one that is full is passed over.
  private mutating func chooseWithPlace(_ exchange: SlabSlot<Exchange>, _ ticket: Int) -> Choice {
    var isFull = false
    for turn in 0..<picker.count {
      let replica = picker.slot(ticket: ticket &+ turn)
      if exchanges[exchange].tried.contains(replica) { continue }
      if takePlace(exchange, replica) { return .replica(replica) }
      isFull = true
    }
    return isFull ? .full : .none
  }

  /// Takes a place at a replica where it has a limit of them. False when there is none.
  private mutating func takePlace(_ exchange: SlabSlot<Exchange>, _ replica: Int) -> Bool {
    let limit = replica < limitsOfRequests.count ? limitsOfRequests[replica] : .max
    guard limit < .max else { return true }
    guard mayConnect(replica), links.pool.takePlace(replica, of: limit) else { return false }
    exchanges[exchange].hasPlace = true
    return true
  }

  /// The attempt is over: whoever waits may have its place.
  mutating func leavePlace(_ exchange: SlabSlot<Exchange>) {
    guard exchanges[exchange].hasPlace else { return }
    exchanges[exchange].hasPlace = false
    links.pool.leavePlace(exchanges[exchange].replica)
    wakeLongestWaiting()
  }

  /// Whether any replica may get requests now.
  var hasReplica: Bool {
    mutating get {
      let epoch = links.pool.epoch
      if epoch != pickerEpoch { rebuildPicker(epoch) }
      return !picker.isEmpty
    }
  }

  /// Whether a usable replica was not tried for the request.
  mutating func hasOther(_ exchange: SlabSlot<Exchange>) -> Bool {
    hasReplica && picker.hasOther(than: exchanges[exchange].tried)
  }

  /// Health, weights or replicas have changed since the last pick.
  private mutating func rebuildPicker(_ epoch: Int) {
    candidates.removeAll(keepingCapacity: true)
    hasLimits = false
    for replica in snapshot.replicas {
      guard replica.address != nil && links.pool.isUsable(replica.slot) else {
        // What rests there, and how long it may, says nothing of what comes back.
        closeIdle(replica.slot)
        idleLimits[replica.slot] = IdleLimit()
        continue
      }
      candidates.append((replica.slot, replica.weight))
      if replica.maxRequests > 0 || settings.replicaConnections < .max { hasLimits = true }
    }
    picker.rebuild(candidates)
    pickerEpoch = epoch
  }
}
