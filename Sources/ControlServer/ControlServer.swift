// The control socket: HTTP/1.1 with JSON over a Unix socket, for lbctl, for curl, and for the pool's
// state on lbd's own page; and the metrics' listener, which is one more of these with less behind it. A
// few small connections on the control thread's epoll.

package import LinuxIO

/// The control socket, or the metrics' listener, with its connections. The control thread owns it.
package struct ControlServer: ~Copyable {
  private let endpoint: ControlEndpoint
  private var listener: ControlListener?
  private var isListening = false
  private var connections: Slab<ControlConnection>
  private var deadlines: Deadlines<ControlConnection>
  /// Connections that may have a whole request at hand, in the order of their turns.
  private var due: [SlabToken<ControlConnection>] = []

  /// - Parameter listener: nil for a server that nobody can reach, until it is opened.
  package init(_ endpoint: ControlEndpoint, _ listener: consuming ControlListener?, now: UInt64) {
    self.endpoint = endpoint
    self.listener = consume listener
    connections = Slab(capacity: endpoint.most)
    deadlines = Deadlines(capacity: endpoint.most, now: now)
  }

  /// Listens there from now on; connections go on.
  package mutating func open(_ listener: consuming ControlListener, _ poller: borrowing Poller) {
    if let former = self.listener.take() { _ = consume former }
    self.listener = consume listener
    isListening = false
    listen(poller)
  }

  /// Whether it listens at a port; if so, sets whether another listener may be opened there.
  package func share(port: UInt16, _ isShared: Bool) -> Bool {
    switch listener {
    case .some(let listener):
      guard port != 0, Socket.localAddress(listener.descriptor)?.port == port else { return false }
      Socket.share(listener.descriptor, isShared)
      return true
    case .none: return false
    }
  }

  /// What lies where its socket was made; nil while there is none.
  package func look() -> ControlListener.Finding? {
    switch listener {
    case .some(let listener): listener.look()
    case .none: nil
    }
  }

  /// Listens no more, and removes the socket's file.
  package mutating func remove() {
    if let listener = listener.take() { listener.remove() }
    isListening = false
  }

  // MARK: Connections

  /// Watches for new connections.
  package mutating func listen(_ poller: borrowing Poller) {
    guard !isListening else { return }
    switch listener {
    case .some(let listener):
      isListening =
        (try? poller.add(listener.descriptor, .readable, token: endpoint.listenerToken)) != nil
    case .none: break
    }
  }

  private mutating func pause(_ poller: borrowing Poller) {
    switch listener {
    case .some(let listener): poller.remove(listener.descriptor)
    case .none: break
    }
    isListening = false
  }

  /// Takes some of the connections that wait; the others bring the loop back here. Where there are as
  /// many as there may be, each takes the place of the one that has got no further for longest: who holds
  /// them all keeps nobody out.
  package mutating func accept(_ poller: borrowing Poller, now: UInt64) {
    for _ in 0..<ControlEndpoint.share {
      switch next() {
      case .accepted(let descriptor, _):
        if connections.count >= endpoint.most { makeRoom() }
        guard connections.count < endpoint.most else { return }
        welcome(descriptor, poller, now)
      case .none: return
      case .exhausted: return pause(poller)
      }
    }
  }

  private mutating func makeRoom() {
    var longest: SlabSlot<ControlConnection>?
    var next = connections.first
    while let slot = next {
      next = connections.next(after: slot)
      if connections[slot].isPinned { continue }
      if let longest, connections[longest].lastUse <= connections[slot].lastUse { continue }
      longest = slot
    }
    if let longest { close(longest) }
  }

  private func next() -> AcceptOutcome {
    switch listener {
    case .some(let listener): Socket.accept(listener.descriptor)
    case .none: .none
    }
  }

  private mutating func welcome(
    _ descriptor: consuming Descriptor, _ poller: borrowing Poller, _ now: UInt64
  ) {
    let (user, process) = (Socket.peerUser(descriptor), Socket.peerProcess(descriptor))
    let slot = connections.insert(
      ControlConnection(descriptor: descriptor, user: user, process: process, now: now))
    let token = token(slot)
    if (try? poller.add(connections[slot].descriptor, .connection, token: token)) == nil {
      _ = connections.remove(slot)
    } else {
      deadlines.set(slot, at: now + endpoint.patience)
      makeDue(slot)
    }
  }

  /// Milliseconds until `expire` or a connection that is due has something to do; negative for never.
  package func wait(now: UInt64) -> Int {
    guard due.isEmpty else { return 0 }
    let next = deadlines.wait(now: now)
    let isOpen = listener != nil
    return isListening || !isOpen || next >= 0 && next < 100 ? next : 100
  }

  /// Ends the connections that were silent for too long, and lets new ones in where there is room.
  package mutating func expire(_ poller: borrowing Poller, now: UInt64) {
    deadlines.expire(now: now)
    while let slot = deadlines.nextExpired() {
      if connections.contains(slot) { close(slot) }
    }
    listen(poller)
  }

  private mutating func close(_ slot: SlabSlot<ControlConnection>) {
    deadlines.clear(slot)
    _ = connections.remove(slot)
  }

  // MARK: Turns

  /// Takes what a connection sent, and makes its next request due.
  package mutating func receive(_ event: Event, now: UInt64) {
    guard let slot = slot(event.token) else { return }
    // What it sends does not count: who owes it an answer waits for it to read.
    let isAwaited = endpoint.isPatient || connections[slot].owesOutput && event.readiness.isWritable
    if isAwaited && !connections[slot].isPinned {
      deadlines.set(slot, at: now + endpoint.patience)
    }
    if event.readiness.isReadable && !connections[slot].receive() { return close(slot) }
    if event.readiness.isWritable && connections[slot].owesOutput {
      connections[slot].lastUse = now
    }
    makeDue(slot)
  }

  private mutating func makeDue(_ slot: SlabSlot<ControlConnection>) {
    guard !connections[slot].isDue else { return }
    connections[slot].isDue = true
    due.append(connections.token(slot))
  }

  /// The connection whose turn it is: one request of it, then the others.
  package mutating func nextDue() -> SlabSlot<ControlConnection>? {
    var passed = 0
    defer { due.removeFirst(passed) }
    while passed < due.count {
      passed += 1
      guard let slot = connections.slot(of: due[passed - 1]) else { continue }
      connections[slot].isDue = false
      return slot
    }
    return nil
  }

  /// What names a connection, in its events too.
  package func token(_ slot: SlabSlot<ControlConnection>) -> UInt64 {
    connections.token(slot).rawValue | endpoint.tokenBit
  }

  /// The next whole request of a connection. What is no request is answered here.
  package mutating func nextRequest(_ slot: SlabSlot<ControlConnection>, now: UInt64)
    -> ControlRequest?
  {
    guard let request = connections[slot].nextRequest() else { return nil }
    connections[slot].lastUse = now
    return request
  }

  /// - Parameter isLast: the connection ends with it.
  package mutating func answer(
    _ slot: SlabSlot<ControlConnection>, _ answer: ControlAnswer, isLast: Bool = false
  ) {
    if isLast { connections[slot].isLast = true }
    connections[slot].write(answer)
  }

  /// A connection's request takes a while: nothing that it asks behind it is looked at meanwhile.
  package mutating func hold(_ slot: SlabSlot<ControlConnection>) {
    connections[slot].isHeld = true
  }

  /// Goes on with a connection whose request has come to its end; nil where the connection is gone.
  package mutating func resume(_ token: UInt64, now: UInt64) -> SlabSlot<ControlConnection>? {
    guard let slot = slot(token) else { return nil }
    connections[slot].isHeld = false
    connections[slot].lastUse = now
    deadlines.set(slot, at: now + endpoint.patience)
    return slot
  }

  /// Sends a descriptor with the next bytes of a connection.
  package mutating func pass(
    _ descriptor: consuming Descriptor, to slot: SlabSlot<ControlConnection>
  ) {
    connections[slot].passing = consume descriptor
  }

  // MARK: The connection of a takeover

  /// Whether a connection is there still.
  package func isOpen(_ token: UInt64) -> Bool { slot(token) != nil }

  private func slot(_ token: UInt64) -> SlabSlot<ControlConnection>? {
    connections.slot(of: SlabToken(rawValue: token & ~endpoint.tokenBit))
  }

  /// The process at a connection's other end.
  package func process(of token: UInt64) -> Int32? {
    slot(token).flatMap { connections[$0].process }
  }

  /// Nothing ends a connection from now on but its peer: its end says that the peer has died.
  package mutating func pin(_ token: UInt64) {
    guard let slot = slot(token) else { return }
    connections[slot].isPinned = true
    deadlines.clear(slot)
  }

  /// The peer has sent all that it will. Where lbd has closed that direction itself, its end says nothing,
  /// and the kernel says whether the peer is there.
  package func hasEnded(_ token: UInt64) -> Bool {
    guard let slot = slot(token) else { return true }
    guard connections[slot].isShut else { return connections[slot].isEnding }
    return connections[slot].descriptor.wait(until: .over, milliseconds: 0) == .ready
  }

  /// Tells a peer that it is heard no more, and once that is on its way closes its direction: what it has
  /// sent by then is heard still. Call it again until the connection has ended.
  package mutating func revoke(_ token: UInt64, _ answer: ControlAnswer) {
    guard let slot = slot(token) else { return }
    if !connections[slot].isRevoked {
      connections[slot].isRevoked = true
      connections[slot].write(answer)
      // What has come already is heard before the connection may end.
      connections[slot].hasMore = true
    }
    flush(slot)
    guard isOpen(token), !connections[slot].owesOutput, !connections[slot].isShut else { return }
    connections[slot].isShut = true
    Socket.endReceiving(connections[slot].descriptor)
    connections[slot].hasMore = true
    makeDue(slot)
  }

  /// Sends the answers as far as they go, lets an ended connection go, and has one that may have more to
  /// ask wait for its next turn.
  package mutating func flush(_ slot: SlabSlot<ControlConnection>) {
    guard connections[slot].flush() else { return close(slot) }
    // Else its reading brings an event.
    let isFree = !connections[slot].owesOutput && !connections[slot].isHeld
    if connections[slot].hasMore && isFree { makeDue(slot) }
  }
}
