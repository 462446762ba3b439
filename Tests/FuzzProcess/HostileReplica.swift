// A replica that the fuzzer plays: it does whatever a broken or a taken-over server might, and watches that
// what it gets is what lbd may send.

import LinuxIO
import Synchronization

/// A server with a thread for each connection.
final class HostileReplica: Sendable {
  let name: String
  let address: SocketAddress
  let seed: UInt64
  let ledger: Ledger
  private let tamed = Atomic(true)
  private let generation = Atomic(0)
  private let open = Atomic(0)

  /// More connections at once are closed as they come.
  private static let most = 1200

  /// Listens at a free port, or at a path.
  init(_ name: String, path: String? = nil, seed: UInt64, ledger: Ledger) throws {
    let place = path.flatMap { SocketAddress(path: $0) } ?? SocketAddress(ip: "127.0.0.1", port: 0)!
    let listener = try Socket.listen(place)
    address = path == nil ? Socket.localAddress(listener) ?? place : place
    (self.name, self.seed, self.ledger) = (name, seed, ledger)
    let raw = listener.release()
    try Thread.start("replica-\(name)") { self.accept(Descriptor(owning: raw)) }.detach()
  }

  /// It answers as it should.
  var isTame: Bool { tamed.load(ordering: .acquiring) }
  func tame(_ isSo: Bool) { tamed.store(isSo, ordering: .releasing) }

  /// Ends all connections, whatever they are at.
  func dropConnections() { generation.wrappingAdd(1, ordering: .releasing) }

  var connections: Int { open.load(ordering: .acquiring) }

  private func accept(_ listener: consuming Descriptor) {
    var number: UInt64 = 0
    while true {
      _ = listener.wait(until: .readable, milliseconds: -1)
      guard case .accepted(let descriptor, _) = Socket.accept(listener) else { continue }
      guard connections < HostileReplica.most else { continue }
      number += 1
      serve(descriptor, number)
    }
  }

  private func serve(_ descriptor: consuming Descriptor, _ number: UInt64) {
    let raw = descriptor.release()
    let now = generation.load(ordering: .acquiring)
    open.wrappingAdd(1, ordering: .acquiringAndReleasing)
    let thread = try? Thread.start("replica", stack: 256 << 10) {
      let peer = Peer(Descriptor(owning: raw))
      ReplicaConversation(peer, self, generation: now, number: number).run()
      self.open.wrappingSubtract(1, ordering: .acquiringAndReleasing)
    }
    guard let thread else {
      _ = Descriptor(owning: raw)
      open.wrappingSubtract(1, ordering: .acquiringAndReleasing)
      return
    }
    thread.detach()
  }

  func isOver(_ generation: Int) -> Bool {
    self.generation.load(ordering: .acquiring) != generation
  }
}
