// The end of an exchange: both connections are free for the next one, or are closed.

import Balancing
import Ledger
import LinuxIO
import Plan

extension Worker {
  /// Ends an exchange whose two messages, or lbd's own answer, are complete: counts, and frees both
  /// connections.
  mutating func end(_ exchange: SlabSlot<Exchange>) {
    let client = exchanges[exchange].client
    let isRequestRead = exchanges[exchange].request.body.isDone
    let isClean = isRequestRead && isRequestSent(exchange)
    count(exchange)
    record(exchange, isAborted: exchanges[exchange].response.isCut)
    if exchanges[exchange].attempts.hasWaited { heldEnded(exchanges[exchange].pool) }
    let isOwn = exchanges[exchange].request.hasProxyHeader
    let isKept = exchanges[exchange].response.isUpstreamReusable && isClean && !isOwn
    detach(exchange, isKept ? .rests : isClean ? .ends : .breaks)
    let isPersistent =
      exchanges[exchange].request.isPersistent && isRequestRead && !clients[client].isLeaving
    let isTunnel = exchanges[exchange].response.isTunnel
    let isAwaited = exchanges[exchange].request.endsConnection || clients[client].leg.isEnding
    let needsReset = exchanges[exchange].response.stage == .cutUnseen
    _ = exchanges.remove(exchange)
    clients[client].exchange = .absent
    clients[client].phase = .reading
    if isTunnel { return endClient(client) }
    if needsReset { return beginDelivery(client, resetsThen: true) }
    if isPersistent { return awaitNext(client) }
    // A client that did not ask for the end may be sending its next request. A reset in answer to that
    // would overtake the bytes that the client has not read yet (RFC 9112 §9.6).
    let isLast = isAwaited && isRequestRead && !clients[client].leg.isReadable
    if isLast && !clients[client].leg.holdsOutput { return closeClient(client) }
    beginLingering(client)
  }

  /// Counts a response that has begun, whole or not.
  mutating func count(_ exchange: SlabSlot<Exchange>) {
    let upstream = exchanges[exchange].upstream
    guard upstream != .absent else { return }
    let replica = upstreams[upstream].replica
    links.tally.count(status: exchanges[exchange].response.status, at: replica)
    links.tally.record(replica, nanoseconds: now - exchanges[exchange].startedAt)
  }

  /// Lets the connection wait for its next request, which may be here already. Other connections go
  /// first.
  private mutating func awaitNext(_ client: SlabSlot<Client>) {
    clients[client].input.end()
    clients[client].since = now
    clientDeadlines.set(client, at: now + settings.clientIdleTimeout)
    if !clients[client].input.buffer.isEmpty || clients[client].leg.isReadable {
      giveWay(client)
    }
  }
}
