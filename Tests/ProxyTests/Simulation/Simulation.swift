// Pools under a virtual clock and seeded faults: requests, probes and changes of behaviour in random
// order, driven through the machines that lbd runs (Dispatcher, Health, ProbeSchedule, SharedPool). What
// must always hold is looked at in each step.

import Balancing
import Ledger
import LinuxIO
import Plan
import TestSupport

struct Simulation: ~Copyable {
  enum Event {
    case change(Int)
    case probe
    case probed(Int, passes: Bool)
    case request
    case attempted(Int, FailureClass?, isSent: Bool, isLate: Bool)
    case holdExpired(Int)
    /// More of those that wait for a pool may go.
    case serve(Int)
    case second
  }

  static let millisecond: UInt64 = 1_000_000
  static let second: UInt64 = 1_000_000_000
  static let holdTimeout = 2 * second
  static let response = 30 * second
  static let retryBudget = 20
  static let policy = HealthPolicy(
    rise: 2, fall: 3, interval: second, fastInterval: 250 * millisecond,
    ejection: 5 * second)

  var random: Seeded
  var now: UInt64 = 0
  var events = EventQueue<Event>()
  /// By slot: each pool has as many, one pool's after another's. The first is the control socket's.
  var replicas: [SimulatedReplica]
  let replicasOfEach: Int
  let pools: ClosedRange<Int>
  /// Requests that each may have at once; 0 for any number.
  let limit: Int
  /// How often in ten a change is for the good.
  let wellInTen: Int
  let state: SharedPool
  var schedule: ProbeSchedule
  /// By the pool's number.
  var dispatchers: RecordTable<Dispatcher>
  var requests: [SimulatedRequest] = []
  /// By pool: the turns that were drawn by the beginning of each second, and the seconds of the retries
  /// of what a replica has worked on.
  var tickets: [[Int]]
  var retried: [[Int]]
  /// What did not hold.
  var faults: [String] = []

  init(
    seed: UInt64, algorithm: DispatchRules.Algorithm, pools count: Int, replicas: Int, limit: Int,
    wellInTen: Int
  ) {
    random = Seeded(seed)
    replicasOfEach = replicas
    pools = Numbering.mainPool...Numbering.mainPool + count - 1
    self.replicas = Array(repeating: SimulatedReplica(), count: 1 + count * replicas)
    self.limit = limit
    self.wellInTen = wellInTen
    state = SharedPool(now: 0)
    schedule = ProbeSchedule(origin: 0, seed: seed)
    dispatchers = RecordTable(capacity: pools.upperBound + 1)
    let rules = DispatchRules(
      algorithm: algorithm, retries: 2, retryBudget: Simulation.retryBudget,
      holdTimeout: Simulation.holdTimeout, holdQueue: 40)
    for pool in 0...pools.upperBound {
      dispatchers.append(Dispatcher(pool: pool, rules: rules))
    }
    tickets = Array(repeating: [0], count: pools.upperBound + 1)
    retried = Array(repeating: [], count: pools.upperBound + 1)
    for pool in pools {
      for slot in slots(of: pool) {
        schedule.set(slot, at: 0)
        events.add(.change(slot), at: 0)
      }
    }
    events.add(.second, at: Simulation.second)
    events.add(.probe, at: 0)
    events.add(.request, at: 0)
  }

  private func slots(of pool: Int) -> Range<Int> {
    let first = 1 + (pool - pools.lowerBound) * replicasOfEach
    return first..<first + replicasOfEach
  }

  private func pool(of slot: Int) -> Int { pools.lowerBound + (slot - 1) / replicasOfEach }

  /// Runs so many events, then lets what is under way come to its end.
  mutating func run(steps: Int) {
    for _ in 0..<steps { step(isEnding: false) }
    let end = now + 120 * Simulation.second
    while now < end { step(isEnding: true) }
    for request in requests where request.answer == nil {
      fault("a request has no answer: \(request)")
    }
    for pool in pools where state.held(pool) != 0 {
      fault("\(state.held(pool)) wait after the end")
    }
    for slot in replicas.indices where replicas[slot].active != 0 || state.inFlight(slot) != 0 {
      fault("a request in flight is not given back")
    }
  }

  mutating func fault(_ text: String) {
    if faults.count < 10 { faults.append("at \(now / Simulation.millisecond) ms: \(text)") }
  }

  private mutating func step(isEnding: Bool) {
    guard let (time, event) = events.take() else { return }
    now = time
    switch event {
    case .change(let slot): change(slot)
    case .probe: startProbes()
    case .probed(let slot, let passes): probed(slot, passes)
    case .request where isEnding: break
    case .request: arrive()
    case .attempted(let request, let failure, let isSent, let isLate):
      attempted(request, failure, isSent: isSent, isLate: isLate)
    case .holdExpired(let request): holdExpired(request)
    case .serve(let pool): serveHeld(pool)
    case .second:
      for pool in pools {
        state.beginSecond(Int(now / Simulation.second), of: pool)
        tickets[pool].append(state.drawn(pool))
      }
      events.add(.second, at: now + Simulation.second)
    }
  }

  // MARK: Replicas

  private mutating func change(_ slot: Int) {
    let kinds: [Behaviour] =
      Int.random(in: 0..<10, using: &random) < wellInTen ? [.well] : Behaviour.allCases
    replicas[slot].behaviour = kinds.randomElement(using: &random) ?? .well
    replicas[slot].since = now
    let pause = UInt64.random(in: 50...8000, using: &random)
    events.add(.change(slot), at: now + pause * Simulation.millisecond)
  }

  private mutating func startProbes() {
    while let slot = schedule.take(now: now) {
      let probe = replicas[slot].probe
      events.add(
        .probed(slot, passes: probe.passes), at: now + probe.milliseconds * Simulation.millisecond)
    }
    events.add(.probe, at: now + 16 * Simulation.millisecond)
    checkReturns()
  }

  private mutating func probed(_ slot: Int, _ passes: Bool) {
    if passes {
      let isAdmitted = !replicas[slot].hasPassed || replicas[slot].health.observation == .ejected
      replicas[slot].hasPassed = true
      _ = replicas[slot].health.probePassed(Simulation.policy, now: now)
      if isAdmitted && !replicas[slot].health.isUsable { fault("a pass has not admitted \(slot)") }
    } else {
      _ = replicas[slot].health.probeFailed(Simulation.policy, now: now)
    }
    schedule.follow(slot, replicas[slot].health.pace(Simulation.policy), jitter: 0.1, now: now)
    let isUsable = replicas[slot].health.isUsable
    let pool = pool(of: slot)
    if state.isUsable(slot) != isUsable { state.setUsable(slot, in: pool, isUsable, now: now) }
    if isUsable {
      dispatchers[pool].refill()
      serveHeld(pool)
    }
  }

  /// Every replica that behaves well for long enough is usable.
  private mutating func checkReturns() {
    // A probe that was lost in the change, and two passes, each with its jitter and a tick's delay.
    let bound = 1500 * Simulation.millisecond
    for slot in replicas.indices.dropFirst() where replicas[slot].behaviour == .well {
      if now - replicas[slot].since > bound && !state.isUsable(slot) {
        fault("replica \(slot) has been well for \((now - replicas[slot].since) / 1_000_000) ms")
      }
    }
  }

  // MARK: Attempts

  private mutating func arrive() {
    let isIdempotent = Int.random(in: 0..<4, using: &random) > 0
    let pool = pools.count == 1 ? pools.lowerBound : Int.random(in: pools, using: &random)
    requests.append(SimulatedRequest(pool: pool, isIdempotent: isIdempotent, start: now))
    let number = requests.count - 1
    requests[number].attempts.begin(deadline: now + Simulation.response)
    let pause = UInt64.random(in: 0...8, using: &random)
    events.add(.request, at: now + pause * Simulation.millisecond)
    dispatch(number, orAgain: nil)
  }

  private mutating func dispatch(_ number: Int, orAgain last: Int?) {
    let pool = requests[number].pool
    if let slot = dispatchers[pool].pick(&requests[number].attempts, state) {
      return attempt(number, slot)
    }
    if dispatchers[pool].mustQueue(requests[number].attempts, state) {
      return hold(number, isFull: true)
    }
    let (slot, isFull) = choose(number)
    if let slot { return attempt(number, slot) }
    switch dispatchers[pool].otherwise(isFull: isFull, orAgain: last, state) {
    case .again(let slot): enter(number, slot) ? attempt(number, slot) : hold(number, isFull: true)
    case .hold(let isFull): hold(number, isFull: isFull)
    case .noOther: answer(number, 502)
    }
  }

  private mutating func refreshTable(_ pool: Int) {
    guard dispatchers[pool].isStale(state) else { return }
    let epoch = state.epoch(pool)
    let usable = slots(of: pool).filter { state.isUsable($0) }.map { (slot: $0, weight: 100) }
    dispatchers[pool].rebuild(usable, hasLimits: limit > 0, epoch: epoch)
  }

  private mutating func choose(_ number: Int) -> (slot: Int?, isFull: Bool) {
    let pool = requests[number].pool
    refreshTable(pool)
    var isFull = false
    var candidates = dispatchers[pool].candidates(&requests[number].attempts, state)
    while let slot = dispatchers[pool].next(&candidates, requests[number].attempts) {
      if enter(number, slot) { return (slot, false) }
      isFull = true
    }
    return (nil, isFull)
  }

  private mutating func chooseForHeld(_ number: Int) -> Int? {
    if let slot = choose(number).slot { return slot }
    requests[number].attempts.forgetTried()
    return choose(number).slot
  }

  private mutating func enter(_ number: Int, _ slot: Int) -> Bool {
    guard dispatchers[requests[number].pool].countsRequests else { return true }
    guard state.beginRequest(slot, limit: limit == 0 ? .max : limit) else { return false }
    requests[number].attempts.isCounted = true
    return true
  }

  private mutating func attempt(_ number: Int, _ slot: Int) {
    if pool(of: slot) != requests[number].pool { fault("a request to another pool's \(slot)") }
    if !replicas[slot].hasPassed { fault("a request to \(slot), which never passed") }
    if requests[number].attempts.isHeld { fault("an attempt of one that waits") }
    replicas[slot].active += 1
    if limit > 0 && replicas[slot].active > limit { fault("\(replicas[slot].active) at \(slot)") }
    // The request itself is counted already.
    if requests[number].attempts.isCounted && state.inFlight(slot) != replicas[slot].active {
      fault("\(state.inFlight(slot)) are counted at \(slot), which has \(replicas[slot].active)")
    }
    requests[number].attempts.begin(at: slot)
    let isReused = !requests[number].attempts.hasFailed && Bool.random(using: &random)
    let result = replicas[slot].attempt(isReused: isReused, &random)
    if requests[number].attempts.resets > 1 { fault("two replicas died of it, and a third got it") }
    if result.isSent && result.failure != .stale { requests[number].executions += 1 }
    // One whose connection ended may have been executed all the same.
    if result.failure == .stale && Bool.random(using: &random) { requests[number].executions += 1 }
    if !requests[number].isIdempotent && requests[number].executions > 1 {
      fault("executed \(requests[number].executions) times: \(requests[number])")
    }
    events.add(
      .attempted(
        number, result.failure, isSent: result.isSent, isLate: result.isLate),
      at: now + result.milliseconds * Simulation.millisecond)
  }

  private mutating func attempted(
    _ number: Int, _ failure: FailureClass?, isSent: Bool, isLate: Bool
  ) {
    let (slot, pool) = (requests[number].attempts.replica, requests[number].pool)
    replicas[slot].active -= 1
    if requests[number].attempts.isCounted {
      requests[number].attempts.isCounted = false
      state.endRequest(slot)
      dispatchers[pool].servesHeld = true
    }
    defer { serveHeld(pool) }
    guard let failure else { return answer(number, 200) }
    if failure == .connect { unreachable(slot) }
    let attempt = FailedAttempt(
      failure, isSent ? .sent : .unsent, isLate: isLate,
      isIdempotent: requests[number].isIdempotent, isReplayable: true,
      resets: requests[number].attempts.resets)
    let verdict = verdict(number, attempt)
    requests[number].attempts.count(attempt)
    switch verdict {
    case .retry: dispatch(number, orAgain: failure == .stale || failure == .reset ? slot : nil)
    case .hold: hold(number, isFull: false)
    case .pass: answer(number, 503)
    case .fail(let status): answer(number, status)
    case .abort: fault("an answer was cut that had not begun")
    }
  }

  private mutating func verdict(_ number: Int, _ attempt: FailedAttempt) -> RetryVerdict {
    let pool = requests[number].pool
    refreshTable(pool)
    var isBudgetSpent = false
    let verdict = dispatchers[pool].verdict(
      attempt, requests[number].attempts, state, now: now, isBudgetSpent: &isBudgetSpent)
    if verdict == .retry && (attempt.failure == .reset || attempt.failure == .status) {
      checkBudget(pool)
    }
    return verdict
  }

  /// In no ten seconds are more requests made again than the pool's budget says.
  private mutating func checkBudget(_ pool: Int) {
    let second = Int(now / Simulation.second)
    retried[pool].append(second)
    retried[pool].removeAll { $0 < second - 9 }
    let drawn = state.drawn(pool) - tickets[pool][max(0, second - 9)]
    let allowed = max(3, drawn * Simulation.retryBudget / 100)
    if retried[pool].count > allowed {
      fault("\(retried[pool].count) retries, \(allowed) are allowed")
    }
  }

  private mutating func unreachable(_ slot: Int) {
    guard state.markDown(slot, in: pool(of: slot), now: now) else { return }
    _ = replicas[slot].health.connectFailed(now: now)
    schedule.hasten(slot, to: now + Simulation.policy.fastInterval)
  }

  private mutating func answer(_ number: Int, _ status: Int) {
    if requests[number].answer != nil { fault("a second answer: \(requests[number])") }
    requests[number].answer = status
    if requests[number].attempts.hasWaited { dispatchers[requests[number].pool].heldEnded() }
    let time = now - requests[number].start
    if time > Simulation.response + Simulation.holdTimeout + 31 * Simulation.second {
      fault("an answer after \(time / Simulation.second) s")
    }
  }

  // MARK: Waiting

  private mutating func hold(_ number: Int, isFull: Bool) {
    let pool = requests[number].pool
    let until = dispatchers[pool].hold(
      UInt64(number), &requests[number].attempts, isFull: isFull, now: now, notBefore: 0, state)
    guard let until else { return answer(number, 503) }
    events.add(.holdExpired(number), at: until)
    refreshTable(pool)
    guard isFull || dispatchers[pool].hasReplica else { return }
    dispatchers[pool].servesHeld = true
    serveHeld(pool)
  }

  private mutating func endHold(_ number: Int) {
    dispatchers[requests[number].pool].endHold(&requests[number].attempts, now: now, state)
  }

  private mutating func holdExpired(_ number: Int) {
    let attempts = requests[number].attempts
    guard attempts.isHeld && now >= attempts.holdUntil else { return }
    endHold(number)
    answer(number, 503)
    dispatchers[requests[number].pool].servesHeld = true
    serveHeld(requests[number].pool)
  }

  private mutating func serveHeld(_ pool: Int) {
    guard dispatchers[pool].isDue(now: now) else { return }
    dispatchers[pool].beginServing(now: now)
    while let name = dispatchers[pool].queue.oldest {
      let number = Int(name)
      guard requests[number].attempts.isHeld else {
        dispatchers[pool].queue.removeOldest()
        continue
      }
      guard dispatchers[pool].mayServe(now: now) else {
        return events.add(.serve(pool), at: dispatchers[pool].pause)
      }
      guard let slot = chooseForHeld(number) else { return }
      dispatchers[pool].serve()
      endHold(number)
      attempt(number, slot)
    }
  }
}
