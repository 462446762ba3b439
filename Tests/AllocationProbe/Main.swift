// Counts what a worker's thread allocates while it proxies: a real worker, real sockets, a replica
// and a client on threads of their own. Prints the count and exits 1 unless it is zero. A program of
// its own, built for release: a debug build allocates where a release build does not.

import AllocationCounter
import Glibc
import Ledger
import LinuxIO
import Plan
import Proxy
import TestSupport

@main
enum Main {
  /// Requests before the count begins, so that tables, buffers and connections are there.
  private static let warmUp = 200
  private static let requests = 5000

  static func main() throws {
    let replicas = try (1...3).map { try ReplicaThread.start(slot: $0) }
    let listener = try Socket.listen(SocketAddress(ip: "127.0.0.1", port: 0)!)
    guard let address = Socket.localAddress(listener) else { fatalError("no address") }
    let links = try startWorker(listener.duplicate().release(), replicas)
    var isClean = try measure("", address)
    links.workers[0].post(.adopt(snapshot(replicas, recordsAccess: true)))
    let written = SharedCells(count: 1)
    try startAccessReader(links.access, written)
    isClean = try measure(" with the access log", address) && isClean
    // Each request has a line, of 100 bytes at the least.
    let least = Trial.all.count * requests * 100
    guard written.load(0) >= least else { throw ProbeFailure(what: "the access log has no lines") }
    exit(isClean ? 0 : 1)
  }

  /// Each trial in turn; whether none allocated.
  private static func measure(_ what: String, _ address: SocketAddress) throws -> Bool {
    var isClean = true
    for trial in Trial.all {
      let count = try measure(trial, address)
      print("\(trial.name)\(what): \(count) allocations in \(requests) requests")
      isClean = isClean && count == 0
    }
    return isClean
  }

  private static func measure(_ trial: Trial, _ address: SocketAddress) throws -> Int {
    var client = try TrialClient(address)
    try client.run(trial, times: warmUp)
    let before = allocation_counter_value()
    // A worker allocates while it starts: zero here would mean that nothing is counted.
    guard before > 0 else { throw ProbeFailure(what: "the counter does not count") }
    try client.run(trial, times: requests)
    return allocation_counter_value() - before
  }

  /// Takes the lines of the access log away and counts their bytes, as lbd's own thread for that does.
  private static func startAccessReader(_ ring: LogRing, _ written: SharedCells) throws {
    let nowhere = try Files.openToAppend("/dev/null", mode: 0).release()
    try Thread.start("log") {
      let file = Descriptor(owning: nowhere)
      while true {
        while case .moved(let count) = ring.drain(to: file) { written.bump(0, by: count) }
        Clock.sleep(milliseconds: 10)
      }
    }.detach()
  }

  private static func snapshot(_ replicas: [Replica], recordsAccess: Bool) -> Snapshot {
    Snapshot(
      settings: .ofTests(recordsAccess: recordsAccess), control: nil,
      pool: PoolPlan(policy: .ofTests, replicas: replicas), testToken: Array("secret".utf8),
      pages: OwnDocuments(docs: [], openAPI: []))
  }

  private static func startWorker(
    _ listener: Int32, _ replicas: [Replica]
  ) throws -> WorkerLinks {
    let pool = SharedPool()
    let links = WorkerLinks(
      index: 0, pool: pool, tally: Tally(), counts: WorkerCounts(workers: 1),
      addresses: AddressCounts(),
      workers: [try Mailbox(limit: 16)], reports: try Mailbox(limit: 16))
    let snapshot = snapshot(replicas, recordsAccess: false)
    for replica in replicas { pool.setUsable(replica.slot, in: Numbering.mainPool, true) }
    try Thread.start("worker") {
      let limits = WorkerLimits(clients: 64, upstreams: 64)
      guard
        var worker = try? Worker(
          links: links, limits: limits, listener: Descriptor(owning: listener), snapshot: snapshot)
      else { fatalError("the worker does not start") }
      allocation_counter_watch_this_thread()
      worker.run()
    }.detach()
    links.workers[0].post(.welcome)
    return links
  }
}
