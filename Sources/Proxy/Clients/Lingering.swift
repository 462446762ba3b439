// The end of a client's connection: bytes that still come are thrown away until the client ends too,
// and bytes that the client has not taken yet are delivered.

import HTTPWire
import Ledger
import LinuxIO
import Plan

extension Worker {
  /// Refuses bytes that are no request, and ends the connection.
  mutating func refuse(_ client: SlabSlot<Client>, _ refusal: Refusal) {
    clients[client].phase = .exchanging
    let exchange = exchanges.insert(
      Exchange(
        client: client, method: .other, startedAt: now, silence: settings.idleTimeout))
    clients[client].exchange = exchange
    noteUnparsed(exchange)
    refuse(exchange: exchange, refusal)
  }

  /// After the last answer: ends the sending side and waits a while for the client's end.
  mutating func beginLingering(_ client: SlabSlot<Client>) {
    clients[client].leg.endSending()
    clients[client].phase = .lingering
    clients[client].since = now
    clients[client].leg.untaken = .max
    clientDeadlines.set(client, at: now + lingeringTime(client))
    linger(client)
  }

  /// The time that a client has to end its side.
  private mutating func lingeringTime(_ client: SlabSlot<Client>) -> UInt64 {
    clients[client].isLeaving ? 1_000_000_000 : 10_000_000_000
  }

  /// The client has not ended its side in time. The kernel delivers its remaining bytes after the
  /// close, unless the client takes none of them for as long as it may be idle: then they are thrown
  /// away.
  mutating func endLingering(_ client: SlabSlot<Client>) {
    let before = clients[client].leg.untaken
    let unsent = clients[client].leg.countUntaken(transport)
    clients[client].leg.untaken = unsent
    if before == .max && unsent > 0 && !clients[client].isLeaving {
      return clientDeadlines.set(client, at: now + settings.idleTimeout)
    }
    if unsent > 0 && unsent >= before { clients[client].leg.resetOnClose() }
    closeClient(client)
  }

  /// The interval at which lbd checks whether a client has taken the last bytes of a response that was
  /// cut.
  private static var deliveryPause: UInt64 { 50_000_000 }

  /// Ends the connection once the client has taken all that was sent. The connection is reset where the
  /// client takes nothing for too long.
  /// - Parameter resetsThen: the connection is reset also where the client has taken all.
  mutating func beginDelivery(_ client: SlabSlot<Client>, resetsThen: Bool) {
    clients[client].phase = .delivering
    clients[client].resetsThen = resetsThen
    clients[client].input.buffer.giveBack()
    clients[client].since = now
    clients[client].leg.untaken = .max
    deliver(client)
  }

  mutating func deliver(_ client: SlabSlot<Client>) {
    let unsent = clients[client].leg.countUntaken(transport)
    if unsent < clients[client].leg.untaken { clients[client].since = now }
    clients[client].leg.untaken = unsent
    guard unsent > 0 && now < clients[client].since + settings.idleTimeout else {
      if unsent > 0 || clients[client].resetsThen {
        clients[client].leg.resetOnClose()
      }
      return closeClient(client)
    }
    clientDeadlines.set(client, at: now + Worker.deliveryPause)
  }

  /// The bytes that a client may send after its refusal: a lower limit would cut uploads before the
  /// client reads the answer.
  private static var lingeringLimit: Int { 32 << 20 }

  /// Throws away incoming bytes, until the deadline or the client's end.
  mutating func linger(_ client: SlabSlot<Client>) {
    guard clients[client].input.buffer.borrow(from: &buffers) else { return closeClient(client) }
    var rounds = 0
    while clients[client].leg.isReadable {
      rounds += 1
      if rounds > Worker.burst { return giveWay(client) }
      clients[client].input.buffer.reset()
      guard case .moved(let count) = clients[client].receive(transport) else { break }
      clients[client].discarded += count
      if clients[client].discarded > Worker.lingeringLimit { return closeClient(client) }
    }
    if clients[client].leg.isReadable { return closeClient(client) }
    clients[client].input.buffer.giveBack()
  }

  /// Closes the connection, after what its transport holds for the client.
  mutating func endClient(_ client: SlabSlot<Client>) {
    if clients[client].leg.holdsOutput {
      beginDelivery(client, resetsThen: false)
    } else {
      closeClient(client)
    }
  }

  /// Closes the connection; an exchange on it was ended before.
  mutating func closeClient(_ client: SlabSlot<Client>) {
    if clients[client].exchange != .absent {
      return abandon(clients[client].exchange, mayDeliver: false)
    }
    clientDeadlines.clear(client)
    if clients[client].isCounted, let network = ClientNetwork(clients[client].address) {
      links.addresses.leave(network)
    }
    clients[client].leg.close(transport)
    _ = clients.remove(client)
    links.counts.add(.clients, links.index, by: -1)
  }
}
