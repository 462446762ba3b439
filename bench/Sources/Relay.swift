// The floor: a blind TCP relay. One thread, one epoll, each client's connection joined to one
// replica's in turn, a receive and a send for each event. It reads no HTTP and probes nobody: what a
// balancer costs above it is its own work.

import Glibc
import LinuxIO

/// `bench relay PORT REPLICA...`, all of them ports of this machine. Ends by a signal.
struct Relay: ~Copyable {
  private let poller: Poller
  private let listener: Descriptor
  private let replicas: [SocketAddress]
  private var turn = 0
  /// The other end of each connection, by its number; -1 where there is none.
  private var peers: [Int32]
  private var bytes = [UInt8](repeating: 0, count: 256 << 10)

  static func run(_ arguments: ArraySlice<String>) throws(Failure) -> ExitCode {
    let addresses = arguments.compactMap {
      UInt16($0).flatMap { SocketAddress(ip: "127.0.0.1", port: $0) }
    }
    guard addresses.count == arguments.count && addresses.count > 1 else {
      throw Failure("usage: bench relay PORT REPLICA...", .usage)
    }
    do throws(SystemError) {
      var relay = try Relay(addresses[0], Array(addresses.dropFirst()))
      while true { relay.turnOnce() }
    } catch {
      throw Failure("relay: \(error)")
    }
  }

  private init(_ address: SocketAddress, _ replicas: [SocketAddress]) throws(SystemError) {
    let poller = try Poller()
    let listener = try Socket.listen(address)
    try poller.add(listener, .readable, token: UInt64(listener.raw))
    self.poller = poller
    self.listener = listener
    self.replicas = replicas
    peers = Array(repeating: -1, count: Descriptor.raiseLimit())
  }

  private mutating func turnOnce() {
    for index in 0..<poller.wait(milliseconds: -1) {
      let number = Int32(truncatingIfNeeded: poller.event(index).token)
      if number == listener.raw { accept() } else { pass(from: number) }
    }
  }

  private mutating func accept() {
    while case .accepted(let client, _) = Socket.accept(listener) {
      let address = replicas[turn % replicas.count]
      turn += 1
      switch Socket.connect(address) {
      // On this machine it stands before the client has said anything.
      case .connecting(let replica): join(client, replica)
      case .connected(let replica): join(client, replica)
      case .failed: break
      }
    }
  }

  private mutating func join(_ client: consuming Descriptor, _ replica: consuming Descriptor) {
    do throws(SystemError) {
      try poller.add(client, .readable, token: UInt64(client.raw))
      try poller.add(replica, .readable, token: UInt64(replica.raw))
    } catch { return }
    let (one, other) = (client.release(), replica.release())
    peers[Int(one)] = other
    peers[Int(other)] = one
  }

  private mutating func pass(from number: Int32) {
    let peer = peers[Int(number)]
    // Closed by an event before this one.
    guard peer >= 0 else { return }
    let source = Descriptor(owning: number)
    let target = Descriptor(owning: peer)
    switch receive(from: source) {
    case .wouldBlock: break
    case .moved(let count) where send(count, to: target): break
    case .moved, .ended, .failed:
      peers[Int(number)] = -1
      peers[Int(peer)] = -1
      return  // with it both are closed
    }
    _ = (source.release(), target.release())
  }

  private mutating func receive(from source: borrowing Descriptor) -> TransferOutcome {
    var space = bytes.mutableSpan
    return source.receive(into: &space)
  }

  /// Waits for room: everybody who is joined here reads.
  private func send(_ count: Int, to target: borrowing Descriptor) -> Bool {
    var offset = 0
    while offset < count {
      switch target.send(bytes.span.extracting(offset..<count)) {
      case .moved(let sent): offset += sent
      case .wouldBlock: _ = target.wait(until: .writable, milliseconds: -1)
      case .ended, .failed: return false
      }
    }
    return true
  }
}
