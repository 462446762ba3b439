// Accepting clients: the listener, the connections that wait there, and the client that gives way where
// a worker has no room for another: the one that has been idle longest.

import Ledger
import LinuxIO
import Plan

extension Worker {
  /// The time that a worker which could not accept waits before the next try, in milliseconds.
  static var pause: Int { 100 }

  /// A client counts as idle once it has sent nothing for this long, in nanoseconds. Without this a
  /// client that has just connected, or is between two requests, would give way to a burst of
  /// newcomers.
  private static var leastRest: UInt64 { 100_000_000 }

  /// Lets new connections wait in the kernel's queue.
  mutating func pauseListening() {
    guard isListening, let listener = listener.take() else { return }
    poller.remove(listener)
    self.listener = consume listener
    isListening = false
  }

  /// The same for a moment.
  private mutating func restListening() {
    pauseListening()
    listenAgain = now + UInt64(Worker.pause) * 1_000_000
  }

  /// Changes to another listener, once the connections that the kernel has accepted on the former one
  /// are taken. A listener from before the former one is closed, whatever waits there.
  mutating func listen(on next: consuming Descriptor) {
    guard !isDraining else { return }
    pauseListening()
    former = listener.take()
    listener = consume next
    resumeListening()
  }

  /// Accepts connections again, unless some wait on the former listener for which there is no room.
  mutating func resumeListening() {
    guard !isListening && !isDraining else { return }
    emptyFormer()
    guard former == nil, let listener = listener.take() else { return }
    isListening = (try? poller.add(listener, .sharedListener, token: Token.listener)) != nil
    self.listener = consume listener
  }

  // MARK: Accepting

  /// Takes connections that wait. In a long turn the worker takes more, so that newcomers during a
  /// flood do not wait for one turn each. In a short turn it takes one, so that workers share a burst
  /// and no call finds an empty queue. A turn covers a batch of events, and the clients that gave way
  /// in the batch before.
  mutating func acceptSome() {
    for _ in 0..<min(1 + (batch + waiting.count) / 8, Worker.burst) where isListening {
      guard accept() else { return }
    }
  }

  /// Takes one waiting connection; false when there was none to take, or there is no room for it. The
  /// listener stays ready while others wait.
  mutating func accept() -> Bool {
    guard mayAdmit() else {
      links.counts.add(.limitMet, links.index)
      restListening()
      return false
    }
    guard let listener = listener.take() else { return false }
    let outcome = Socket.accept(listener)
    self.listener = consume listener
    switch consume outcome {
    case .accepted(let descriptor, let address): admit(descriptor, address)
    case .none: return false
    case .exhausted:
      restListening()
      return false
    }
    return true
  }

  /// Takes the connections that wait on the former listener, as far as there is room, and then closes
  /// that listener.
  mutating func emptyFormer() {
    while mayAdmit(), let listener = former.take() {
      switch Socket.accept(listener) {
      case .accepted(let descriptor, let address):
        former = consume listener
        admit(descriptor, address)
      case .none: return
      case .exhausted:
        former = consume listener
        return restListening()
      }
    }
  }

  /// Whether there is room for another client: here, at another worker, or instead of an idle client.
  private mutating func mayAdmit() -> Bool {
    // Connections on their way from other workers have their room already.
    links.counts.load(links.index) < clients.capacity || lighterWorker != nil
      || !isDraining && longestResting() != nil
  }

  private mutating func admit(_ descriptor: consuming Descriptor, _ address: SocketAddress) {
    if let worker = lighterWorker, links.counts.hand(to: worker) {
      links.workers[worker].post(.serve(descriptor.release(), from: address))
    } else if makeRoom() {
      welcome(descriptor, address)
    }
  }

  /// The worker that should serve the next connection; nil for this one.
  private var lighterWorker: Int? {
    mutating get {
      guard links.counts.workers > 1 && !isDraining else { return nil }
      return links.counts.lighter(than: links.index, limit: clients.capacity)
    }
  }

  /// Takes over a connection that another worker has accepted.
  mutating func takeOver(_ descriptor: consuming Descriptor, _ peer: SocketAddress) {
    links.counts.add(.taken, links.index)
    // Without an idle client there is room beyond the limit for connections that were on their way: see
    // `init`.
    guard makeRoom() || clients.count < limits.clients + links.counts.workers else { return }
    welcome(descriptor, peer)
    if isDraining { endSilent() }
  }

  private mutating func welcome(_ descriptor: consuming Descriptor, _ peer: SocketAddress) {
    let isTrusted = settings.trusts(peer)
    let client = clients.insert(
      Client(
        leg: Leg(descriptor, link: transport?.open(isClient: true), isConnected: true), peer: peer,
        isTrusted: isTrusted, mustBeNamed: settings.requiresProxyHeader, since: now))
    clients[client].isLeaving = hasLastCall
    links.counts.add(.clients, links.index)
    links.counts.add(.accepted, links.index)
    do {
      try poller.add(
        clients[client].leg.socket, .connection, token: Token.of(clients.token(client)))
    } catch {
      return closeClient(client)
    }
    guard isTrusted || enter(client) else { return closeClient(client) }
    clientDeadlines.set(client, at: now + settings.clientHeaderTimeout)
  }

  /// Counts the connection for its client's address. False, and the connection closed, where the
  /// address has as many as it may. A trusted proxy speaks for many and has no limit.
  mutating func enter(_ client: SlabSlot<Client>) -> Bool {
    guard settings.connectionsPerAddress < .max,
      let network = ClientNetwork(clients[client].address)
    else { return true }
    let isCounted = links.addresses.enter(network, limit: settings.connectionsPerAddress)
    clients[client].isCounted = isCounted
    if !isCounted {
      clients[client].leg.resetOnClose()
      links.counts.add(.tooManyOfOne, links.index)
    }
    return isCounted
  }

  // MARK: Room

  /// Makes sure that there is room for one more client: at the limit, or beyond a limit that was
  /// lowered, the client that has been idle longest is closed. False where none is idle.
  private mutating func makeRoom() -> Bool {
    guard clients.count >= clients.capacity else { return true }
    links.counts.add(.limitMet, links.index)
    guard !isDraining, let client = longestResting() else { return false }
    links.counts.add(.restingClosed, links.index)
    closeClient(client)
    return true
  }

  /// The client that has been idle longest, without a byte of a request; nil when none is idle. One
  /// look at all clients serves many calls.
  private mutating func longestResting() -> SlabSlot<Client>? {
    if let client = firstResting() { return client }
    findResting()
    return firstResting()
  }

  private mutating func firstResting() -> SlabSlot<Client>? {
    while let found = restingClients.last {
      // A client that has sent something since then is no longer idle, or idle anew.
      if let client = clients.slot(of: found.token), isResting(client),
        clients[client].since == found.since
      {
        if clients[client].leg.isSilent(transport) { return client }
        // What a transport has taken from the socket is announced by no event.
        if clients[client].leg.isReadable { giveWay(client) }
      }
      restingClients.removeLast()
    }
    return nil
  }

  /// A request that has begun keeps its client; an answer that ended the connection was sent.
  private mutating func isResting(_ client: SlabSlot<Client>) -> Bool {
    guard now >= clients[client].since + Worker.leastRest, !clients[client].leg.holdsOutput else {
      return false
    }
    return switch clients[client].phase {
    case .reading: !clients[client].hasBegunHead && clients[client].input.buffer.isEmpty
    case .lingering: true
    case .exchanging, .delivering: false
    }
  }

  /// Notes the idle clients, the longest last: a sixteenth of all clients, 64 at least, so that the
  /// look costs a newcomer little, however many clients there are.
  private mutating func findResting() {
    var found: [RestingClient] = []
    var next = clients.first
    while let client = next {
      if isResting(client) {
        found.append(RestingClient(token: clients.token(client), since: clients[client].since))
      }
      next = clients.next(after: client)
    }
    found.sort { $0.since < $1.since }
    restingClients = found.prefix(max(64, clients.count / 16)).reversed()
  }
}

/// A client that was idle when the worker looked.
struct RestingClient {
  let token: SlabToken<Client>
  let since: UInt64
}
