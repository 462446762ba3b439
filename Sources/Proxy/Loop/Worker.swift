// The engine: one thread, its epoll and all that it owns. The worker has all that a request needs, so
// that serving one takes no lock and no allocation. The other files of this target are the worker's
// parts: Listening accepts clients, Reading reads requests (ProxiedClient the PROXY header before
// them), Choice finds a replica, Connecting and Resting keep the connections to replicas, RequestRelay
// and ResponseRelay move the bytes, ResponseHead and ResponseBody understand responses, Failure decides
// what follows a failed attempt, Answers gives lbd's own.

import Balancing
import HTTPWire
package import Ledger
package import LinuxIO
package import Plan

/// One worker. Made on its own thread; `run` returns when it was told to stop.
package struct Worker: ~Copyable {
  private let anchor = Anchor()
  let links: WorkerLinks
  let limits: WorkerLimits
  var listener: Descriptor?
  /// The former listener, while connections may wait on it for room. Until it is empty nothing is
  /// accepted elsewhere.
  var former: Descriptor?
  var isListening = false
  /// The time before which nothing is accepted: never before the worker was told to, and not soon after
  /// the process ran out of descriptors.
  var listenAgain = UInt64.max
  var snapshot: Snapshot
  var settings: Settings
  /// Set once lbd ends: nothing new is accepted.
  var isDraining = false
  /// Each client that connects from now on is drained after its first request.
  var hasLastCall = false
  /// The drained clients that may still be connected; and whether to report once all are gone.
  var leaving: [SlabToken<Client>] = []
  var seesOff = false
  var isStopped = false

  let poller: Poller
  /// The transport of the legs whose bytes do not travel as they are; nil where all do.
  let transport: (any LegTransport)?
  /// Monotonic nanoseconds, read once for each batch of events.
  var now: UInt64
  var clients: Slab<Client>
  var upstreams: Slab<Upstream>
  var exchanges: Slab<Exchange>
  var buffers: BufferPool
  /// For bodies that fill a buffer at one go: fewer, larger steps. Few, so that slow readers of long
  /// bodies cannot make the process large.
  var largeBuffers: BufferPool
  var nextTrim: UInt64 = 0
  var clientDeadlines: Deadlines<Client>
  var upstreamDeadlines: Deadlines<Upstream>
  /// Clients that have more to do but let others go first; and the list being worked off.
  var waiting: [SlabToken<Client>] = []
  var turn: [SlabToken<Client>] = []
  /// Clients that were idle when the worker last looked for such, the longest last: see `Listening`.
  var restingClients: [RestingClient] = []

  /// The pools, by number.
  var lanes: RecordTable<Lane>
  /// Whether some lane may have a replica for its waiting requests; and the time at which more of these
  /// may go, 0 for never.
  var servesHeld = false
  var heldPause: UInt64 = 0
  /// Scratch for a lane's table.
  var candidates: [(slot: Int, weight: Int)] = []
  /// Each replica's address, and the most requests that it may have in flight, by slot.
  var addresses: [SocketAddress?] = []
  var limitsOfRequests: [Int] = []
  /// Each replica's generation: connections of a former generation are not kept.
  let generations: ZeroedArray<UInt32>
  /// Connections that ended an exchange in this batch of events; idle from the next one on.
  var rested: [SlabToken<Upstream>] = []
  /// The number of events in the batch.
  var batch = 0
  /// The batch was full: more events may wait in the kernel.
  var mayHaveMoreEvents = false
  var standstill = Standstill()
  /// The newest idle connection to each replica.
  let idle: ZeroedArray<SlabLink<Upstream>>
  /// The number of idle connections to each replica.
  let idleCounts: ZeroedArray<UInt32>
  /// The estimate of each replica's idle limit.
  let learntRests: ZeroedArray<IdleLimit>

  // Scratch, used within one call and empty between calls.
  var writer: ByteWriter
  var requestHead = RequestHead()
  var requestFraming = RequestFraming()
  var responseHead = ResponseHead()
  var responseFraming = ResponseFraming()
  var requestIDs: RequestIDs
  var access: AccessRecorder

  /// - Parameter listener: the worker's own duplicate of the shared listening socket; nil for one that
  ///   is given it later.
  package init(
    links: WorkerLinks, limits: WorkerLimits, listener: consuming Descriptor?, snapshot: Snapshot,
    transport: (any LegTransport)? = nil
  ) throws(SystemError) {
    self.links = links
    self.limits = limits
    self.listener = consume listener
    self.snapshot = snapshot
    settings = snapshot.settings
    self.transport = transport
    poller = try Poller()
    now = Clock.now()
    // Workers that hand connections to each other may each fill the same worker at one moment. There is
    // room for one more connection of each worker, so that no accepted client is dropped.
    let places = limits.clients + links.counts.workers
    clients = Slab(capacity: places)
    upstreams = Slab(capacity: limits.upstreams)
    exchanges = Slab(capacity: places)
    // Two for each client at most: the request's and the response's.
    let block = max(32 << 10, settings.headLimit + HeadWriter.growth + 4096)
    buffers = BufferPool(blocks: places * 2, blockSize: block)
    largeBuffers = BufferPool(blocks: Worker.largeBlocks, blockSize: Worker.largeBlockSize)
    clientDeadlines = Deadlines(capacity: places, now: now)
    upstreamDeadlines = Deadlines(capacity: limits.upstreams, now: now)
    lanes = RecordTable(capacity: Numbering.pools)
    idle = ZeroedArray(count: Numbering.slots)
    idleCounts = ZeroedArray(count: Numbering.slots)
    learntRests = ZeroedArray(count: Numbering.slots)
    generations = ZeroedArray(count: Numbering.slots)
    writer = ByteWriter(capacity: block + HeadWriter.growth)
    requestIDs = RequestIDs()
    access = AccessRecorder(ring: links.access, exchanges: places)
    waiting.reserveCapacity(1024)
    turn.reserveCapacity(1024)
    rested.reserveCapacity(1024)
  }

  /// A body that does not fit an ordinary buffer.
  static var longBody: Int { 24 << 10 }
  private static var largeBlocks: Int { 32 }
  private static var largeBlockSize: Int { 256 << 10 }

  /// Serves until it is told to stop.
  package mutating func run() {
    start()
    while !isStopped {
      let most = waiting.isEmpty && !servesHeld ? nextDeadline() : 0
      let before = now
      batch = poller.wait(milliseconds: most)
      mayHaveMoreEvents = batch == poller.capacity
      now = Clock.now()
      if now - before > Standstill.shortest { forgive(most, before) }
      linkRested()
      // Events of replicas come first, so that an ended connection is known before a request goes to
      // it.
      for index in 0..<batch where Token.isUpstream(poller.event(index).token) {
        handle(poller.event(index))
      }
      for index in 0..<batch where !Token.isUpstream(poller.event(index).token) {
        handle(poller.event(index))
      }
      resumeWaiting()
      if standstill.mayExpire(hasMoreEvents: mayHaveMoreEvents) { expireDeadlines() }
      if servesHeld || heldPause != 0 && now >= heldPause { serveHeld() }
      if !isListening && now >= listenAgain { resumeListening() }
      trim()
      if seesOff { seeOff() }
      if isDraining && clients.count == 0 && links.counts.close(links.index) { isStopped = true }
    }
    finish()
  }

  private mutating func start() {
    do {
      try poller.add(links.orders.wakeUp.descriptor, .readable, token: Token.orders)
    } catch {
      fatalError("a worker cannot watch its mailbox: \(error)")
    }
    adopt(snapshot)
  }

  private mutating func handle(_ event: Event) {
    switch event.token {
    case Token.listener: acceptSome()
    case Token.orders: takeOrders()
    default:
      if Token.isUpstream(event.token) {
        guard let upstream = upstreams.slot(of: Token.upstream(event.token)) else { return }
        upstreamEvent(upstream, event.readiness)
      } else {
        guard let client = clients.slot(of: Token.client(event.token)) else { return }
        clientEvent(client, event.readiness)
      }
    }
  }

  /// Lets others go first: the client and its exchange go on after this batch of events.
  mutating func giveWay(_ client: SlabSlot<Client>) {
    guard !clients[client].isWaiting else { return }
    clients[client].isWaiting = true
    waiting.append(clients.token(client))
  }

  /// Goes on with the connections that gave way to others in this batch.
  private mutating func resumeWaiting() {
    guard !waiting.isEmpty else { return }
    swap(&waiting, &turn)
    for token in turn {
      guard let client = clients.slot(of: token) else { continue }
      clients[client].isWaiting = false
      resumeClient(client)
    }
    turn.removeAll(keepingCapacity: true)
  }

  /// Milliseconds until something is due; negative for never. Mutating although it changes nothing:
  /// Swift 6.3.1 copies the whole worker for a call that only borrows it.
  private mutating func nextDeadline() -> Int {
    let client = clientDeadlines.wait(now: now)
    let upstream = upstreamDeadlines.wait(now: now)
    var next = client < 0 || upstream < 0 ? max(client, upstream) : min(client, upstream)
    if !isListening && !isDraining { next = Worker.sooner(next, Worker.pause) }
    if heldPause != 0 { next = Worker.sooner(next, 1) }
    if exchanges.count > 0 { next = Worker.sooner(next, Standstill.pulse) }
    let hasSpare =
      buffers.hasSpare || largeBuffers.hasSpare || clients.hasSpare || upstreams.hasSpare
    return hasSpare ? Worker.sooner(next, 1000) : next
  }

  private static func sooner(_ wait: Int, _ limit: Int) -> Int {
    wait < 0 || wait > limit ? limit : wait
  }

  /// Once a second: returns memory to the kernel that a burst has touched and nothing has used since.
  private mutating func trim() {
    guard now >= nextTrim else { return }
    nextTrim = now + 1_000_000_000
    if buffers.hasSpare { buffers.trim() }
    if largeBuffers.hasSpare { largeBuffers.trim() }
    if clients.hasSpare { clients.trim() }
    if upstreams.hasSpare { upstreams.trim() }
    if exchanges.hasSpare { exchanges.trim() }
    trimLines()
  }

  private mutating func expireDeadlines() {
    clientDeadlines.expire(now: now)
    while let client = clientDeadlines.nextExpired() { clientDeadlinePassed(client) }
    upstreamDeadlines.expire(now: now)
    while let upstream = upstreamDeadlines.nextExpired() { upstreamDeadlinePassed(upstream) }
  }

  private mutating func finish() {
    var nextClient = clients.first
    while let client = nextClient {
      closeClient(client)
      nextClient = clients.next(after: client)
    }
    var nextUpstream = upstreams.first
    while let upstream = nextUpstream {
      closeUpstream(upstream)
      nextUpstream = upstreams.next(after: upstream)
    }
    let lent = buffers.lent + largeBuffers.lent
    guard lent == 0 else { fatalError("a worker ends and \(lent) buffers are out") }
    links.reports.post(.stopped)
  }
}
