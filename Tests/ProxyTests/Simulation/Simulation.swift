// One pool under a virtual clock and seeded faults: requests, probes and changes of behaviour in
// random order, driven through the machines that lbd runs (Health, ProbeSchedule, Retry, RoundRobin,
// HoldQueue, SharedPool). What must always hold is looked at in each step.

import Balancing
import Ledger

struct Simulation: ~Copyable {
  enum Event {
    case change(Int)
    case probe
    case probed(Int, passes: Bool)
    case request
    case attempted(Int, FailureClass?, isSent: Bool, isLate: Bool)
    case holdExpired(Int)
    case second
  }

  static let millisecond: UInt64 = 1_000_000
  static let second: UInt64 = 1_000_000_000
  static let holdTimeout = 2 * second
  static let response = 30 * second
  static let retries = 2
  static let percent = 20
  static let queue = 40
  static let policy = HealthPolicy(
    rise: 2, fall: 3, interval: second, fastInterval: 250 * millisecond,
    ejection: 5 * second)

  var random: SplitMix
  var now: UInt64 = 0
  var events = EventQueue<Event>()
  var replicas: [SimulatedReplica]
  /// Requests that each may have at once; 0 for any number.
  let limit: Int
  /// How often in ten a change is for the good.
  let wellInTen: Int
  let pool: SharedPool
  var schedule: ProbeSchedule
  var picker = RoundRobin()
  var epoch = -1
  var requests: [SimulatedRequest] = []
  var held = HoldQueue()
  /// Turns that were drawn, and how many were by the beginning of each second.
  var drawn = 0
  var tickets = [0]
  /// The seconds of the retries of what a replica has worked on.
  var retried: [Int] = []
  /// What did not hold.
  var faults: [String] = []

  init(seed: UInt64, replicas count: Int, limit: Int, wellInTen: Int) {
    random = SplitMix(seed)
    replicas = Array(repeating: SimulatedReplica(), count: count)
    self.limit = limit
    self.wellInTen = wellInTen
    pool = SharedPool(now: 0)
    schedule = ProbeSchedule(origin: 0, seed: seed)
    for slot in 0..<count {
      schedule.set(slot, at: 0)
      events.add(.change(slot), at: 0)
    }
    events.add(.second, at: Simulation.second)
    events.add(.probe, at: 0)
    events.add(.request, at: 0)
  }

  /// Runs so many events, then lets what is under way come to its end.
  mutating func run(steps: Int) {
    for _ in 0..<steps { step(isEnding: false) }
    let end = now + 120 * Simulation.second
    while now < end { step(isEnding: true) }
    for request in requests where request.answer == nil {
      fault("a request has no answer: \(request)")
    }
    if pool.held != 0 { fault("\(pool.held) wait after the end") }
    for slot in replicas.indices where replicas[slot].active != 0 {
      fault("places are not given back")
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
    case .second:
      pool.beginSecond(Int(now / Simulation.second))
      tickets.append(drawn)
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
    if pool.isUsable(slot) != isUsable { pool.setUsable(slot, isUsable, now: now) }
    if isUsable { serveHeld() }
  }

  /// Every replica that behaves well for long enough is usable.
  private mutating func checkReturns() {
    // A probe that was lost in the change, and two passes, each with its jitter and a tick's delay.
    let bound = 1500 * Simulation.millisecond
    for slot in replicas.indices where replicas[slot].behaviour == .well {
      if now - replicas[slot].since > bound && !pool.isUsable(slot) {
        fault("replica \(slot) has been well for \((now - replicas[slot].since) / 1_000_000) ms")
      }
    }
  }

  // MARK: Attempts

  private mutating func arrive() {
    let isIdempotent = Int.random(in: 0..<4, using: &random) > 0
    requests.append(
      SimulatedRequest(
        isIdempotent: isIdempotent, start: now, deadline: now + Simulation.response))
    let pause = UInt64.random(in: 0...8, using: &random)
    events.add(.request, at: now + pause * Simulation.millisecond)
    dispatch(requests.count - 1, again: nil)
  }

  private mutating func dispatch(_ number: Int, again: Int?) {
    if limit > 0 && requests[number].attempts == 0 && pool.held > 0 {
      return hold(number, isFull: true)
    }
    let (slot, isFull) = choose(number)
    if let slot { return attempt(number, slot) }
    if isFull { return hold(number, isFull: true) }
    if let again, pool.isUsable(again) {
      return takePlace(number, again) ? attempt(number, again) : hold(number, isFull: true)
    }
    if pickerHasAny { answer(number, 502) } else { hold(number, isFull: false) }
  }

  private var pickerHasAny: Bool {
    mutating get {
      if epoch != pool.epoch {
        epoch = pool.epoch
        picker.rebuild(
          replicas.indices.filter { pool.isUsable($0) }.map { (slot: $0, weight: 100) })
      }
      return !picker.isEmpty
    }
  }

  private mutating func choose(_ number: Int) -> (slot: Int?, isFull: Bool) {
    guard pickerHasAny else { return (nil, false) }
    if requests[number].ticket < 0 {
      requests[number].ticket = pool.drawTicket()
      drawn += 1
    }
    let ticket = requests[number].ticket &+ requests[number].attempts
    var isFull = false
    for turn in 0..<picker.count {
      let slot = picker.slot(ticket: ticket &+ turn)
      if requests[number].tried.contains(slot) { continue }
      if takePlace(number, slot) { return (slot, false) }
      isFull = true
    }
    return (nil, isFull)
  }

  private mutating func chooseForHeld(_ number: Int) -> Int? {
    if let slot = choose(number).slot { return slot }
    requests[number].tried = TriedReplicas()
    return choose(number).slot
  }

  private mutating func takePlace(_ number: Int, _ slot: Int) -> Bool {
    guard limit > 0 else { return true }
    guard pool.takePlace(slot, of: limit) else { return false }
    requests[number].hasPlace = true
    return true
  }

  private mutating func attempt(_ number: Int, _ slot: Int) {
    if !replicas[slot].hasPassed { fault("a request to \(slot), which never passed") }
    if requests[number].isHeld { fault("an attempt of one that waits") }
    requests[number].replica = slot
    requests[number].tried.insert(slot)
    replicas[slot].active += 1
    if limit > 0 && replicas[slot].active > limit { fault("\(replicas[slot].active) at \(slot)") }
    requests[number].attempts += 1
    let isReused = !requests[number].hasFailed && Bool.random(using: &random)
    let result = replicas[slot].attempt(isReused: isReused, &random)
    if requests[number].resets > 1 { fault("two replicas died of it, and a third got it") }
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
    let slot = requests[number].replica
    replicas[slot].active -= 1
    if requests[number].hasPlace {
      requests[number].hasPlace = false
      pool.leavePlace(slot)
    }
    defer { serveHeld() }
    guard let failure else { return answer(number, 200) }
    if failure == .connect { unreachable(slot) }
    let verdict = verdict(number, failure, isSent: isSent, isLate: isLate)
    requests[number].failures += 1
    requests[number].hasFailed = true
    if failure == .reset { requests[number].resets += 1 }
    switch verdict {
    case .retry: dispatch(number, again: failure == .stale || failure == .reset ? slot : nil)
    case .hold: hold(number, isFull: false)
    case .pass: answer(number, 503)
    case .fail(let status): answer(number, status)
    case .abort: fault("an answer was cut that had not begun")
    }
  }

  private mutating func verdict(
    _ number: Int, _ failure: FailureClass, isSent: Bool, isLate: Bool
  ) -> RetryVerdict {
    let request = requests[number]
    let room = RetryRoom(
      attemptsLeft: Simulation.retries - request.failures, isInTime: now < request.deadline,
      hasReplica: pickerHasAny, hasOther: pickerHasAny && picker.hasOther(than: request.tried))
    let verdict = Retry.verdict(
      FailedAttempt(
        failure, isSent ? .sent : .unsent, isLate: isLate, isIdempotent: request.isIdempotent,
        isReplayable: true, resets: request.resets), room,
      budget: pool.takeRetry(percent: Simulation.percent, now: now))
    if verdict == .retry && (failure == .reset || failure == .status) { checkBudget() }
    return verdict
  }

  /// In no ten seconds are more requests made again than the budget says.
  private mutating func checkBudget() {
    let second = Int(now / Simulation.second)
    retried.append(second)
    retried.removeAll { $0 < second - 9 }
    let start = tickets[max(0, second - 9)]
    let allowed = max(3, (drawn - start) * Simulation.percent / 100)
    if retried.count > allowed { fault("\(retried.count) retries, \(allowed) are allowed") }
  }

  private mutating func unreachable(_ slot: Int) {
    guard pool.takeOut(slot, now: now) else { return }
    _ = replicas[slot].health.connectFailed(now: now)
    schedule.hasten(slot, to: now + Simulation.policy.fastInterval)
  }

  private mutating func answer(_ number: Int, _ status: Int) {
    if requests[number].answer != nil { fault("a second answer: \(requests[number])") }
    requests[number].answer = status
    let time = now - requests[number].start
    if time > Simulation.response + Simulation.holdTimeout + 31 * Simulation.second {
      fault("an answer after \(time / Simulation.second) s")
    }
  }

  // MARK: Waiting

  private mutating func hold(_ number: Int, isFull: Bool) {
    if requests[number].holdUntil == 0 {
      requests[number].holdUntil = now + Simulation.holdTimeout
    }
    let isHopeless = !isFull && now > pool.emptySince + Simulation.holdTimeout
    guard now < requests[number].holdUntil, !isHopeless, pool.beginHold(limit: Simulation.queue)
    else { return answer(number, 503) }
    requests[number].isHeld = true
    requests[number].heldSince = now
    if !isFull { requests[number].failures = 0 }
    held.append(UInt64(number))
    events.add(.holdExpired(number), at: requests[number].holdUntil)
    if isFull || pickerHasAny { serveHeld() }
  }

  private mutating func endHold(_ number: Int) {
    requests[number].isHeld = false
    pool.endHold()
    requests[number].deadline += now - requests[number].heldSince
  }

  private mutating func holdExpired(_ number: Int) {
    guard requests[number].isHeld && now >= requests[number].holdUntil else { return }
    endHold(number)
    answer(number, 503)
    serveHeld()
  }

  private mutating func serveHeld() {
    while let token = held.oldest {
      let number = Int(token)
      guard requests[number].isHeld else {
        held.removeOldest()
        continue
      }
      guard let slot = chooseForHeld(number) else { return }
      held.removeOldest()
      endHold(number)
      attempt(number, slot)
    }
  }
}

/// The same numbers in every run with the same seed.
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
    return word ^ word >> 31
  }
}
