// From an accepted head to a replica that gets it: the request is rewritten in place, a replica is
// picked, and a connection to it is found or opened.

import Balancing
import HTTPWire
import LinuxIO

extension Worker {
  /// Takes up the request in `requestHead` and `requestFraming`, whose head is the next
  /// `headLength` bytes of the client's input.
  mutating func open(_ exchange: UInt32, headLength: Int) {
    let client = exchanges[exchange].client
    exchanges[exchange].isPersistent = requestFraming.isPersistent && !isDraining
    exchanges[exchange].clientEnds = !requestFraming.isPersistent
    exchanges[exchange].wantsUpgrade = requestFraming.wantsUpgrade
    exchanges[exchange].requestBody = BodyProgress(
      requestFraming.body, keepsFraming: true, keepsTrailers: !requestFraming.listsFields)
    clients[client].sendsLong = false
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
    if exchanges[exchange].asksControl { askControl(exchange) } else { dispatch(exchange) }
  }

  /// Puts the replica's head in the place of the client's, so that head and body stay one piece.
  private mutating func rewriteHead(
    _ exchange: UInt32, _ headLength: Int
  ) -> Bool {
    let client = exchanges[exchange].client
    let requestID = requestIDs.next()
    writer.removeAll()
    if let version = settings.proxyHeader, !exchanges[exchange].asksControl {
      exchanges[exchange].hasProxyHeader = true
      clients[client].writeProxyHeader(version, to: &writer)
    }
    clients[client].writeRequest(
      requestHead, requestFraming, requestID: requestID,
      statesForwarded: settings.statesForwarded, to: &writer)
    noteID(exchange, requestID)
    guard clients[client].replaceHead(headLength, writer) else { return false }
    let start = clients[client].input.start
    exchanges[exchange].replayFrom = start
    exchanges[exchange].sentTo = start
    exchanges[exchange].readyTo = start + writer.count
    exchanges[exchange].nextFrom = start + writer.count
    return true
  }

  /// Gives the request to a replica: the next in turn, or the control socket.
  /// - Parameter last: the replica to ask where none is left that was not tried. A retry opens a
  ///   connection of its own: an idle one may have ended like the one before.
  mutating func dispatch(_ exchange: UInt32, orAgain last: Int? = nil) {
    guard let slot = pick(exchange) ?? last else {
      return exchanges[exchange].asksControl
        ? answerNoControl(exchange) : answerNoReplica(exchange)
    }
    exchanges[exchange].replica = slot
    exchanges[exchange].tried.insert(slot)
    rewind(exchange)
    let mayShare = exchanges[exchange].failures == 0 && !exchanges[exchange].hasProxyHeader
    if mayShare, let upstream = takeIdle(slot) {
      attach(upstream, to: exchange)
      pumpRequest(exchange)
    } else {
      connect(exchange, slot)
    }
  }

  /// Makes the request ready to be sent from its beginning.
  mutating func rewind(_ exchange: UInt32) {
    exchanges[exchange].sentTo = exchanges[exchange].replayFrom
    exchanges[exchange].hasSent = false
    exchanges[exchange].pending = 0
    exchanges[exchange].response.giveBack()
  }

  private mutating func pick(_ exchange: UInt32) -> Int? {
    if exchanges[exchange].asksControl {
      return exchanges[exchange].tried.count == 0 ? SharedPool.controlSlot : nil
    }
    guard hasReplica else { return nil }
    return picker.pick(ticket: links.pool.drawTicket(), excluding: exchanges[exchange].tried)
  }

  /// Whether any replica may get requests now.
  var hasReplica: Bool {
    mutating get {
      let epoch = links.pool.epoch
      if epoch != pickerEpoch { rebuildPicker(epoch) }
      return !picker.isEmpty
    }
  }

  /// Health, weights or replicas have changed since the last pick.
  private mutating func rebuildPicker(_ epoch: Int) {
    candidates.removeAll(keepingCapacity: true)
    for replica in snapshot.replicas
    where replica.address != nil && links.pool.isUsable(replica.slot) {
      candidates.append((replica.slot, replica.weight))
    }
    picker.rebuild(candidates)
    pickerEpoch = epoch
  }
}
