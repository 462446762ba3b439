// Looks up the names of replicas on threads of their own, since the system's resolver blocks for as long
// as it likes: several at once, so that a name whose server is silent delays no other. It is asked by
// calls and answers by messages.

package import LinuxIO
import Synchronization

/// A name to look up for a replica.
package struct Lookup: Sendable {
  package let slot: Int
  package let host: String
  package let port: UInt16
  /// The last look-up of this name took longer than `Resolver.patience`.
  package let isSlow: Bool

  package init(slot: Int, host: String, port: UInt16, isSlow: Bool) {
    self.slot = slot
    self.host = host
    self.port = port
    self.isSlow = isSlow
  }
}

/// What a name resolves to now, or the resolver's word for why it does not.
package struct Resolution: Sendable {
  package let slot: Int
  package let host: String
  package let outcome: LookupOutcome
  /// The look-up took longer than `Resolver.patience`.
  package let isSlow: Bool

  package init(slot: Int, host: String, outcome: LookupOutcome, isSlow: Bool = false) {
    self.slot = slot
    self.host = host
    self.outcome = outcome
    self.isSlow = isSlow
  }

  /// The address to use: the present one as long as it is among the answers, so that an order that
  /// rotates changes nothing; the next one where the present one does not serve.
  package func choice(present: SocketAddress?, serves: Bool) -> SocketAddress? {
    // A name that resolves no more keeps its last address: probes say whether it serves.
    guard case .found(let addresses) = outcome else { return present }
    guard let present, let index = addresses.firstIndex(of: present) else {
      return addresses.first ?? present
    }
    return serves ? present : addresses[(index + 1) % addresses.count]
  }
}

/// The threads that look names up. They come with the questions and go when there are none left.
package final class Resolver: Sendable {
  /// Look-ups at once.
  package static let most = 128
  /// How many of them may be younger than `quick`, in nanoseconds: a name whose server is silent holds
  /// up the others for that long, and no longer.
  static let mostQuick = 32
  static let quick: UInt64 = 1_000_000_000
  /// How many may be of names that were slow the last time.
  static let mostSlow = 16
  /// A look-up that takes longer is told of as one that has failed, in nanoseconds. It goes on for as
  /// long as the system's resolver tries, and what it finds in the end counts.
  package static let patience: UInt64 = 5_000_000_000

  /// A look-up under way.
  private struct Running {
    /// Nil once nobody wants its answer.
    var slot: Int?
    let began: UInt64
  }

  private struct State {
    var waiting: [Lookup] = []
    var running: [Int: Running] = [:]
    var threads = 0
    var slow = 0
    var begun = 0

    /// Whether one more thread would help.
    func needsThread(now: UInt64) -> Bool {
      let waitingSlow = waiting.count(where: \.isSlow)
      let ready = waiting.count - waitingSlow + min(waitingSlow, Resolver.mostSlow - slow)
      let quick = threads - running.values.count { now >= $0.began + Resolver.quick }
      return ready > threads - running.count && threads < Resolver.most
        && quick < Resolver.mostQuick
    }

    mutating func take(now: UInt64) -> (number: Int, question: Lookup)? {
      let mayBeSlow = slow < Resolver.mostSlow
      guard let index = waiting.firstIndex(where: { mayBeSlow || !$0.isSlow }) else { return nil }
      let question = waiting.remove(at: index)
      if question.isSlow { slow += 1 }
      begun += 1
      running[begun] = Running(slot: question.slot, began: now)
      return (begun, question)
    }
  }

  private let state = Mutex(State())
  private let lookUp: @Sendable (Lookup) -> LookupOutcome
  /// What the control thread takes the answers from.
  package let answers: Mailbox<Resolution>

  package init(
    _ lookUp: @escaping @Sendable (Lookup) -> LookupOutcome = {
      SocketAddress.lookUp($0.host, port: $0.port)
    }
  ) throws(SystemError) {
    // No answer may be dropped, and there is one for each question at most.
    answers = try Mailbox(limit: .max)
    self.lookUp = lookUp
  }

  // MARK: The control thread's calls

  /// An answer follows; whoever asks for a name again waits for that first.
  package func ask(_ lookup: Lookup) {
    state.withLock { $0.waiting.append(lookup) }
    goOn(now: Clock.now())
  }

  /// Starts what waits and may begin by now. To be called again while answers are awaited.
  package func goOn(now: UInt64) {
    while state.withLock({ state in
      guard state.needsThread(now: now) else { return false }
      state.threads += 1
      return true
    }) {
      do throws(SystemError) {
        try Thread.start("lbd-resolver") { [self] in work() }.detach()
      } catch {
        return giveUp("no thread to look it up: \(error.reason)")
      }
    }
  }

  /// Nobody wants the answer to what was asked for this slot.
  package func forget(_ slot: Int) {
    state.withLock { state in
      state.waiting.removeAll { $0.slot == slot }
      for (number, running) in state.running where running.slot == slot {
        state.running[number]?.slot = nil
      }
    }
  }

  /// The slots whose look-ups have taken longer than `patience` by now.
  package func late(now: UInt64) -> Set<Int> {
    state.withLock { state in
      Set(
        state.running.values.lazy.filter { now >= $0.began + Resolver.patience }
          .compactMap(\.slot))
    }
  }

  // MARK: Its threads

  private func work() {
    while let (number, question) = next() {
      let outcome = lookUp(question)
      let now = Clock.now()
      let ended = state.withLock { state in
        if question.isSlow { state.slow -= 1 }
        return state.running.removeValue(forKey: number)
      }
      guard let ended, ended.slot != nil else { continue }
      let isSlow = now >= ended.began + Resolver.patience
      answers.post(
        Resolution(slot: question.slot, host: question.host, outcome: outcome, isSlow: isSlow))
    }
  }

  /// The next name in turn; nil where this thread is of no more use.
  private func next() -> (number: Int, question: Lookup)? {
    let now = Clock.now()
    return state.withLock { state in
      if let taken = state.take(now: now) { return taken }
      state.threads -= 1
      return nil
    }
  }

  /// There is no thread for the last question. Where others run they take it, else nobody would.
  private func giveUp(_ reason: String) {
    let left = state.withLock { state -> [Lookup] in
      state.threads -= 1
      guard state.threads == 0 else { return [] }
      defer { state.waiting = [] }
      return state.waiting
    }
    for question in left {
      answers.post(
        Resolution(slot: question.slot, host: question.host, outcome: .failed(reason)))
    }
  }
}
