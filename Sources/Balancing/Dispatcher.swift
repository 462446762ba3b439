// The dispatcher: the one rule by which a worker chooses a replica, lets a request wait, and decides what
// follows a failed attempt. The rule knows no clock, no socket and no thread: lbd's workers run it, and so
// does the simulation.

import Synchronization

/// The state of the pools that all workers share, as a dispatcher asks for it. lbd runs
/// `Ledger.SharedPool`.
package protocol PoolState: AnyObject {
  /// Draws a pool's next turn; no two requests have the same one.
  func drawTicket(_ pool: Int) -> Int
  /// A number that grows with each change of a pool's usable replicas or weights.
  func epoch(_ pool: Int) -> Int
  func isUsable(_ slot: Int) -> Bool
  /// Requests in flight to a replica, over all workers, where they are counted.
  func inFlight(_ slot: Int) -> Int
  /// The time since which no replica of a pool is usable; without meaning while one is.
  func emptySince(_ pool: Int) -> UInt64
  /// Requests that wait for a replica of a pool, over all workers.
  func held(_ pool: Int) -> Int
  /// Counts a request that begins to wait. False when `limit` wait already.
  func beginHold(_ pool: Int, limit: Int) -> Bool
  func endHold(_ pool: Int)
  /// Takes one retry from a pool's budget. False when the budget is spent.
  func takeRetry(_ pool: Int, percent: Int, now: UInt64) -> Bool
}

/// What the conf says of a pool's choice of replicas, retries and waits. Times are nanoseconds.
package struct DispatchRules: Sendable, Equatable {
  package let algorithm: Algorithm
  /// Retries after the first attempt.
  package let retries: Int
  /// The share of the pool's requests that may be made again, in percent.
  package let retryBudget: Int
  /// The time that a request may wait for a replica; 0 for no wait.
  package let holdTimeout: UInt64
  /// Requests that may wait at once, over all workers.
  package let holdQueue: Int

  package init(
    algorithm: Algorithm, retries: Int, retryBudget: Int, holdTimeout: UInt64, holdQueue: Int
  ) {
    self.algorithm = algorithm
    self.retries = retries
    self.retryBudget = retryBudget
    self.holdTimeout = holdTimeout
    self.holdQueue = holdQueue
  }
}

/// One pool's dispatching, as one worker has it. The worker owns it.
package struct Dispatcher: ~Copyable {
  /// Keeps the record where it lies: Swift 6.3.1 would copy it for calls that only look at it. Never
  /// read.
  private let anchor = Atomic<UInt8>(0)
  /// The pool's number in `PoolState`.
  package let pool: Int
  package var rules: DispatchRules
  private var picker = RoundRobin()
  private var epoch = -1
  /// Some replica of the table has a limit of requests in flight or of connections.
  package private(set) var hasLimits = false
  /// Requests in flight are counted: those of replicas with a limit, or all, by the algorithm.
  package private(set) var countsRequests = false

  /// The requests that wait at this worker, by the owner's names for them.
  package var queue = HoldQueue()
  /// There may be a replica for the oldest waiting request.
  package var servesHeld = false
  /// The number of waiting requests that may go now, and the time at which more may; 0 where no request
  /// waits for that time.
  private var credit = Dispatcher.burst
  package private(set) var pause: UInt64 = 0

  package init(pool: Int, rules: DispatchRules) {
    self.pool = pool
    self.rules = rules
  }

  // MARK: The table

  /// Whether the pool has changed since the table was built.
  @inline(__always)
  package func isStale(_ state: some PoolState) -> Bool { state.epoch(pool) != epoch }

  /// Marks the table as stale: it is built anew before its next use.
  package mutating func makeStale() { epoch = -1 }

  /// Builds the table anew.
  /// - Parameters:
  ///   - usable: the replicas that may get requests, in the pool's order; weights are 1 or more.
  ///   - hasLimits: some replica has a limit.
  ///   - epoch: the pool's epoch, read before `usable` was put together.
  package mutating func rebuild(
    _ usable: [(slot: Int, weight: Int)], hasLimits: Bool, epoch: Int
  ) {
    picker.rebuild(usable)
    self.hasLimits = hasLimits
    countsRequests = hasLimits || rules.algorithm.countsRequests
    self.epoch = epoch
  }

  /// Whether any replica may get requests, by the table.
  @inline(__always)
  package var hasReplica: Bool { !picker.isEmpty }

  // MARK: Choosing

  /// The replica for a request in the simple case: the table is up to date, requests in flight are not
  /// counted, and the replica whose turn it is was not tried. Nil in all other cases.
  @inline(__always)
  package func pick(_ attempts: inout Attempts, _ state: some PoolState) -> Int? {
    guard !isStale(state), !countsRequests, hasReplica else { return nil }
    let slot = picker.slot(ticket: attempts.ticket(state.drawTicket(pool)))
    return attempts.count == 0 || !attempts.tried.contains(slot) ? slot : nil
  }

  /// The replicas of one look at the table: the one that the algorithm prefers, then all in the order of a
  /// request's turn.
  package struct Candidates {
    fileprivate var preferred: Int?
    fileprivate var ticket: Int
    fileprivate var left: Int
  }

  /// Whether a request has to wait although there may be room: the requests that wait came first.
  @inline(__always)
  package func mustQueue(_ attempts: borrowing Attempts, _ state: some PoolState) -> Bool {
    guard hasLimits, attempts.count == 0 else { return false }
    return state.held(pool) > 0
  }

  /// Begins a look at the table. The first look draws the request's turn.
  @inline(__always)
  package func candidates(
    _ attempts: inout Attempts, _ state: some PoolState
  ) -> Candidates {
    guard hasReplica else { return Candidates(ticket: 0, left: 0) }
    let ticket = attempts.ticket(state.drawTicket(pool))
    let preferred = preferred(ticket, attempts.tried, state)
    return Candidates(preferred: preferred, ticket: ticket, left: picker.count)
  }

  /// The replica that the algorithm puts before the one whose turn it is: one that was not tried.
  @inline(__always)
  private func preferred(_ ticket: Int, _ tried: TriedReplicas, _ state: some PoolState) -> Int? {
    switch rules.algorithm {
    case .roundRobin: nil
    }
  }

  /// The next replica that was not tried for the request; nil when there is none left.
  @inline(__always)
  package func next(_ candidates: inout Candidates, _ attempts: borrowing Attempts) -> Int? {
    if let preferred = candidates.preferred.take() { return preferred }
    while candidates.left > 0 {
      let slot = picker.slot(ticket: candidates.ticket)
      candidates.ticket &+= 1
      candidates.left -= 1
      if !attempts.tried.contains(slot) { return slot }
    }
    return nil
  }

  /// The next step of a request for which a look has found no replica.
  package enum Otherwise: Sendable {
    /// A replica that was tried already is asked again.
    case again(Int)
    case hold(isFull: Bool)
    /// Some replicas are usable, and all of those were tried.
    case noOther
  }

  /// - Parameters:
  ///   - isFull: the look has met replicas without room.
  ///   - last: the replica to ask where all were tried.
  package func otherwise(
    isFull: Bool, orAgain last: Int?, _ state: some PoolState
  ) -> Otherwise {
    if isFull { return .hold(isFull: true) }
    if let last, state.isUsable(last) { return .again(last) }
    return hasReplica ? .noOther : .hold(isFull: false)
  }

  // MARK: After a failure

  /// The verdict on a failed attempt, by `Retry`. The table is up to date.
  /// - Parameter isBudgetSpent: set where a retry was refused since the budget is spent.
  package func verdict(
    _ attempt: FailedAttempt, _ attempts: borrowing Attempts, _ state: some PoolState,
    now: UInt64, isBudgetSpent: inout Bool
  ) -> RetryVerdict {
    let room = RetryRoom(
      attemptsLeft: rules.retries - attempts.failures, isInTime: now < attempts.deadline,
      hasReplica: hasReplica, hasOther: picker.hasOther(than: attempts.tried))
    var isSpent = false
    let verdict = Retry.verdict(attempt, room, budget: mayRetry(state, now, isSpent: &isSpent))
    isBudgetSpent = isSpent
    return verdict
  }

  private func mayRetry(
    _ state: some PoolState, _ now: UInt64, isSpent: inout Bool
  ) -> Bool {
    isSpent = !state.takeRetry(pool, percent: rules.retryBudget, now: now)
    return !isSpent
  }

  // MARK: Waiting

  /// Lets a request wait. Nil where it may not: waiting is off, too many wait, the request's time is up, or no
  /// replica was usable for longer than a request may wait.
  /// - Parameters:
  ///   - name: the queue's name for the request.
  ///   - isFull: replicas are usable, and have no room.
  ///   - since: no replica counts as missing from before this time.
  /// - Returns: the time until which the request may wait.
  package mutating func hold(
    _ name: UInt64, _ attempts: inout Attempts, isFull: Bool, now: UInt64, notBefore since: UInt64,
    _ state: some PoolState
  ) -> UInt64? {
    let until = attempts.waitLimit(now: now, timeout: rules.holdTimeout)
    let emptySince = max(state.emptySince(pool), since)
    let isHopeless = !isFull && now > emptySince + rules.holdTimeout
    guard now < until, !isHopeless, state.beginHold(pool, limit: rules.holdQueue) else {
      return nil
    }
    attempts.beginHold(now: now, isFull: isFull)
    queue.append(name)
    return until
  }

  /// Ends a request's wait, whatever follows.
  package func endHold(
    _ attempts: inout Attempts, now: UInt64, _ state: some PoolState
  ) {
    attempts.endHold(now: now)
    state.endHold(pool)
  }

  /// The number of waiting requests that go at once, before one of them has ended.
  package static var burst: Int { 16 }
  /// The pause after which more go although none has ended, in nanoseconds.
  private static var longestPause: UInt64 { 5_000_000 }

  /// Whether the waiting requests are to be looked at.
  @inline(__always)
  package func isDue(now: UInt64) -> Bool { servesHeld || pause != 0 && now >= pause }

  /// Begins to serve the waiting requests, oldest first. A few go at once, then one for each of these that
  /// has ended, on its connection: a replica that has just become usable is not overrun, and the last
  /// requests do not slow the first. Where none ends, a few more go after a pause.
  package mutating func beginServing(now: UInt64) {
    if pause != 0 && now >= pause { credit = Dispatcher.burst }
    (servesHeld, pause) = (false, 0)
  }

  /// Whether one more request may go now. If not, a pause begins.
  package mutating func mayServe(now: UInt64) -> Bool {
    if credit > 0 { return true }
    pause = now + Dispatcher.longestPause
    return false
  }

  /// Takes the oldest request out of the queue: it goes now.
  package mutating func serve() {
    queue.removeOldest()
    credit -= 1
  }

  /// Lets a few go at once again: a replica has become usable.
  package mutating func refill() { (servesHeld, credit) = (true, Dispatcher.burst) }

  /// Lets the next request go: one that had waited has ended.
  package mutating func heldEnded() {
    credit = min(credit + 1, Dispatcher.burst)
    if queue.oldest != nil { servesHeld = true }
  }
}
