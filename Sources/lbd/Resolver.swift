// Looks up the names of replicas on threads of their own, since the system's resolver blocks for as long
// as it likes: several at once, so that a name whose server is silent delays no other. It is asked by
// calls and answers by messages.

import LinuxIO
import Proxy
import Synchronization

/// A name to look up for a replica.
struct Lookup: Sendable {
  let slot: Int
  let host: String
  let port: UInt16
  /// The last one of this name took longer than `Resolver.patience`.
  let isSlow: Bool
}

/// What a name resolves to now, or the resolver's word for why it does not.
struct Resolution: Sendable {
  let slot: Int
  let host: String
  let outcome: LookupOutcome

  /// The address to use: the present one as long as it is among the answers, so that an order that
  /// rotates changes nothing; the next one where the present one does not serve.
  func choice(present: SocketAddress?, serves: Bool) -> SocketAddress? {
    // A name that resolves no more keeps its last address: probes say whether it serves.
    guard case .found(let addresses) = outcome else { return present }
    guard let present, let index = addresses.firstIndex(of: present) else {
      return addresses.first ?? present
    }
    return serves ? present : addresses[(index + 1) % addresses.count]
  }
}

/// The threads that look names up. They come with the questions and go when there are none left.
final class Resolver: Sendable {
  /// Look-ups at once, and how many of them may be of names that were slow the last time: those leave
  /// room for the others, however many they are.
  static let most = 32
  static let mostSlow = 16
  /// A look-up that takes longer is told of as one that has failed, in nanoseconds. It goes on for as
  /// long as the system's resolver tries, and what it finds in the end counts.
  static let patience: UInt64 = 5_000_000_000

  private struct State {
    var waiting: [Lookup] = []
    var threads = 0
    var slow = 0
  }

  private let state = Mutex(State())
  private let lookUp: @Sendable (Lookup) -> LookupOutcome
  /// What the control thread takes the answers from.
  let answers: Mailbox<Resolution>

  init(
    _ lookUp: @escaping @Sendable (Lookup) -> LookupOutcome = {
      SocketAddress.lookUp($0.host, port: $0.port)
    }
  ) throws(SystemError) {
    answers = try Mailbox(limit: SharedPool.capacity)
    self.lookUp = lookUp
  }

  /// The control thread's call. An answer follows; whoever asks for a name again waits for that first.
  func ask(_ lookup: Lookup) {
    let needsThread = state.withLock { state in
      state.waiting.append(lookup)
      guard state.threads < Resolver.most else { return false }
      state.threads += 1
      return true
    }
    guard needsThread else { return }
    do throws(SystemError) {
      try Thread.start("lbd-resolver") { [self] in work() }.detach()
    } catch {
      giveUp("no thread to look it up: \(error.reason)")
    }
  }

  // MARK: Its threads

  private func work() {
    while let question = next() {
      answer(question, lookUp(question))
      if question.isSlow { state.withLock { $0.slow -= 1 } }
    }
  }

  /// The next name in turn; nil where this thread is of no more use.
  private func next() -> Lookup? {
    state.withLock { state in
      let mayBeSlow = state.slow < Resolver.mostSlow
      guard let index = state.waiting.firstIndex(where: { mayBeSlow || !$0.isSlow }) else {
        state.threads -= 1
        return nil
      }
      let question = state.waiting.remove(at: index)
      if question.isSlow { state.slow += 1 }
      return question
    }
  }

  private func answer(_ question: Lookup, _ outcome: LookupOutcome) {
    answers.post(Resolution(slot: question.slot, host: question.host, outcome: outcome))
  }

  /// There is no thread for the last question. Where others run they take it, else nobody would.
  private func giveUp(_ reason: String) {
    let left = state.withLock { state -> [Lookup] in
      state.threads -= 1
      guard state.threads == 0 else { return [] }
      defer { state.waiting = [] }
      return state.waiting
    }
    for question in left { answer(question, .failed(reason)) }
  }
}
