// A worker whose legs travel by a transport that does whatever TLS may: every request is answered whole.

import Foundation
import Glibc
import Ledger
import LinuxIO
import Plan
import Proxy
import Synchronization
import TestSupport
import Testing

@Suite struct TransportTests {
  private static let seed =
    ProcessInfo.processInfo.environment["SEED"].flatMap { UInt64($0) }
    ?? UInt64.random(in: 1...1 << 40)

  /// What was done on how many occasions, and whether no leg was left.
  private final class Outcome: Sendable {
    let heldBack = Atomic(0), heldOutput = Atomic(0), wantedOther = Atomic(0)
    let isLeft = Atomic(false)
  }

  @Test(arguments: [(true, false), (false, true), (true, true)])
  func `held bytes, half-sent bytes and the other direction stop no request`(
    _ client: Bool, _ replica: Bool
  ) throws {
    let outcome = Outcome()
    let stage = try RoughStage(
      outcome: { transport in
        outcome.heldBack.store(transport.heldBack, ordering: .relaxed)
        outcome.heldOutput.store(transport.heldOutput, ordering: .relaxed)
        outcome.wantedOther.store(transport.wantedOther, ordering: .relaxed)
        outcome.isLeft.store(!transport.isEmpty, ordering: .relaxed)
      }, seed: Self.seed, client: client, replica: replica)
    let failures = Mutex<[String]>([])
    let clients = try (0..<6).map { index in
      try LinuxIO.Thread.start("client") { [address = stage.address] in
        do {
          let peer = try RoughPeer.connect(
            address, isRough: client, seed: Self.seed &+ UInt64(index))
          try RoughClient.run(peer, requests: 60, seed: Self.seed &+ 100 &+ UInt64(index))
        } catch { failures.withLock { $0.append("client \(index): \(error)") } }
      }
    }
    for client in clients { client.join() }
    stage.end()
    #expect(failures.withLock { $0 }.isEmpty, "SEED=\(Self.seed) \(failures.withLock { $0 })")
    // What the trial is about has happened.
    #expect(outcome.heldBack.load(ordering: .relaxed) > 50)
    if client { #expect(outcome.heldOutput.load(ordering: .relaxed) > 20) }
    #expect(outcome.wantedOther.load(ordering: .relaxed) > 50)
    let isLeft = outcome.isLeft.load(ordering: .relaxed)
    #expect(!isLeft)
  }
}

/// A worker on a thread of its own, and three replicas.
private final class RoughStage {
  let address: SocketAddress
  private let links: WorkerLinks
  private let worker: LinuxIO.Thread

  init(
    outcome: @escaping @Sendable (RoughTransport) -> Void, seed: UInt64, client: Bool, replica: Bool
  ) throws {
    let listener = try Socket.listen(SocketAddress(ip: "127.0.0.1", port: 0)!)
    RoughStage.narrow(listener)
    address = Socket.localAddress(listener)!
    let replicas = try (1...3).map { try RoughStage.replica($0, isRough: replica, seed: seed) }
    let mailbox = try Mailbox<Order>(limit: 64)
    let pool = SharedPool(workers: [mailbox])
    for replica in replicas { pool.setUsable(replica.slot, in: Numbering.mainPool, true) }
    links = WorkerLinks(
      index: 0, pool: pool, tally: Tally(), counts: WorkerCounts(workers: 1),
      addresses: AddressCounts(), workers: [mailbox], reports: try Mailbox(limit: 64))
    let snapshot = Snapshot(
      settings: .ofTests(recordsAccess: false), control: nil,
      pool: PoolPlan(policy: .ofTests, replicas: replicas), testToken: Array("secret".utf8),
      pages: OwnDocuments(docs: [], openAPI: []))
    let number = listener.release()
    worker = try LinuxIO.Thread.start("worker") { [links] in
      let transport = RoughTransport(seed: seed) { $0 ? client : replica }
      guard
        var worker = try? Worker(
          links: links, limits: WorkerLimits(clients: 64, upstreams: 64),
          listener: Descriptor(owning: number), snapshot: snapshot, transport: transport)
      else { fatalError("the worker does not start") }
      worker.run()
      outcome(transport)
    }
    mailbox.post(.welcome)
  }

  func end() {
    links.workers[0].post(.stop)
    worker.join()
  }

  /// What is accepted here has little room, so that sends are cut.
  private static func narrow(_ listener: borrowing Descriptor) {
    for option in [SO_SNDBUF, SO_RCVBUF] {
      var size: Int32 = 4096
      _ = unsafe setsockopt(
        listener.raw, SOL_SOCKET, option, &size, socklen_t(MemoryLayout<Int32>.size))
    }
  }

  private static func replica(_ slot: Int, isRough: Bool, seed: UInt64) throws -> Replica {
    let listener = try Socket.listen(SocketAddress(ip: "127.0.0.1", port: 0)!)
    narrow(listener)
    let address = Socket.localAddress(listener)
    let number = listener.release()
    try LinuxIO.Thread.start("replica") {
      let listener = Descriptor(owning: number)
      var count: UInt64 = 0
      // Ends with the test's process.
      while listener.wait(until: .readable, milliseconds: -1) == .ready {
        guard case .accepted(let socket, _) = Socket.accept(listener) else { continue }
        count += 1
        let (raw, seed) = (socket.release(), seed &+ UInt64(slot) << 32 &+ count)
        try? LinuxIO.Thread.start("connection") {
          try? RoughReplica.serve(Descriptor(owning: raw), isRough: isRough, seed: seed)
        }.detach()
      }
    }.detach()
    return Replica(slot: slot, name: "replica \(slot)", address: address, weight: 1)
  }
}
