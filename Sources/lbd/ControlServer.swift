// The control socket: HTTP/1.1 with JSON over a Unix socket, for lbctl, for curl, and for the pool's
// state on lbd's own page. A few small connections on the control thread's epoll.

import ControlProtocol
import Glibc
import HTTPWire
import LinuxIO
import Proxy

/// The control socket and its connections. The control thread owns it.
struct ControlServer: ~Copyable {
  /// Connections at once; others wait in the kernel's queue.
  static let most = 128
  /// How long a connection may be silent, in nanoseconds: longer than a worker keeps an idle one.
  private static let patience: UInt64 = 75_000_000_000
  /// Set in the tokens of connections, to tell them from other records' on the same epoll.
  static var tokenBit: UInt64 { 1 << 31 }
  /// The token of the listener itself.
  static var listenerToken: UInt64 { 2 }

  private let path: String
  private let listener: Descriptor
  /// Which file the socket is.
  private let identity: Files.Identity?
  private var isListening = false
  private var connections = Slab<ControlConnection>(capacity: ControlServer.most)
  private var deadlines: Deadlines
  private var expired: [UInt32] = []

  /// Listens at `path`, where a dead lbd may have left its socket.
  init(path: String, now: UInt64) throws(StartFailure) {
    guard let address = SocketAddress(path: path) else {
      throw StartFailure("the control socket's path is longer than 107 bytes: \(path)")
    }
    try ControlServer.clear(path, address)
    do {
      // No moment in which others could connect: the mode is there from the start.
      let mask = umask(0o117)
      defer { umask(mask) }
      listener = try Socket.listen(address, backlog: 512)
      self.path = path
      identity = Files.identity(path)
      deadlines = Deadlines(capacity: ControlServer.most, now: now)
    } catch {
      throw ControlServer.refusal(path, error)
    }
  }

  /// Makes way at `path`: the directory is there, and no socket that nobody listens on.
  private static func clear(_ path: String, _ address: SocketAddress) throws(StartFailure) {
    switch Socket.connect(address) {
    case .failed(ENOENT): break
    case .failed(ECONNREFUSED):
      guard Files.isSocket(path) else {
        throw StartFailure(
          "\(path) is a file and no socket; remove it or set another control in [lbd]")
      }
    case .failed(EACCES): throw refusal(path, SystemError("connect", EACCES))
    case .failed(ENOTDIR): throw refusal(path, SystemError("connect", ENOTDIR))
    default:
      throw StartFailure("another lbd answers at \(path); stop it or set another control in [lbd]")
    }
    do {
      // So that a conf which says nothing of it works, /run/lbd is made where that is allowed.
      if path.hasPrefix("/run/") { try Files.makeDirectory(of: path) }
      try Files.remove(path)
    } catch {
      throw refusal(path, error)
    }
  }

  private static func refusal(_ path: String, _ error: SystemError) -> StartFailure {
    StartFailure(
      "cannot make the control socket \(path): \(error.reason); make its directory writable or"
        + " set another control in [lbd] or LBD_SOCKET")
  }

  /// Removes the socket at the end, unless another has taken its place.
  func remove() {
    if let identity, Files.identity(path) == identity { try? Files.remove(path) }
  }

  // MARK: Connections

  /// Watches for new connections, unless there are as many as there may be.
  mutating func listen(_ poller: borrowing Poller) {
    guard !isListening && connections.count < ControlServer.most else { return }
    isListening =
      (try? poller.add(listener, .readable, token: ControlServer.listenerToken)) != nil
  }

  private mutating func pause(_ poller: borrowing Poller) {
    poller.remove(listener)
    isListening = false
  }

  /// Takes the connections that wait.
  mutating func accept(_ poller: borrowing Poller, now: UInt64) {
    while connections.count < ControlServer.most {
      switch Socket.accept(listener) {
      case .accepted(let descriptor, _): welcome(descriptor, poller, now)
      case .none: return
      case .exhausted: return pause(poller)
      }
    }
    pause(poller)
  }

  private mutating func welcome(
    _ descriptor: consuming Descriptor, _ poller: borrowing Poller, _ now: UInt64
  ) {
    let user = Socket.peerUser(descriptor)
    let slot = connections.insert(ControlConnection(descriptor: descriptor, user: user))
    let token = connections.token(slot) | ControlServer.tokenBit
    if (try? poller.add(connections[slot].descriptor, .connection, token: token)) == nil {
      _ = connections.remove(slot)
    } else {
      deadlines.set(slot, at: now + ControlServer.patience)
    }
  }

  /// Milliseconds until `expire` has something to do; negative for never.
  func wait(now: UInt64) -> Int {
    let next = deadlines.wait(now: now)
    return isListening || next >= 0 && next < 100 ? next : 100
  }

  /// Ends the connections that were silent for too long, and lets new ones in where there is room.
  mutating func expire(_ poller: borrowing Poller, now: UInt64) {
    deadlines.expire(now: now, into: &expired)
    while let slot = expired.popLast() {
      if !deadlines.isSet(slot) && connections.next(from: slot) == slot { close(slot) }
    }
    listen(poller)
  }

  private mutating func close(_ slot: UInt32) {
    deadlines.clear(slot)
    _ = connections.remove(slot)
  }

  /// The connection that an event is about, with what it sent. Nil when it is over.
  mutating func receive(_ event: Event, now: UInt64) -> UInt32? {
    guard let slot = connections.slot(of: event.token & ~ControlServer.tokenBit) else { return nil }
    deadlines.set(slot, at: now + ControlServer.patience)
    guard !event.readiness.isReadable || receive(slot) else { return nil }
    return slot
  }

  /// Takes more of what a connection sent, as far as there is room. False when it is over.
  mutating func receive(_ slot: UInt32) -> Bool {
    if connections[slot].receive() { return true }
    close(slot)
    return false
  }

  /// The next whole request of a connection. What is no request is answered here.
  mutating func nextRequest(_ slot: UInt32) -> ControlRequest? {
    connections[slot].nextRequest()
  }

  mutating func answer(_ slot: UInt32, _ answer: ControlAnswer) {
    connections[slot].write(answer)
  }

  /// Sends the answers as far as they go, and lets an ended connection go.
  mutating func flush(_ slot: UInt32) {
    if !connections[slot].flush() { close(slot) }
  }
}
