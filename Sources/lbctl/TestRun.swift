// The requests of a test: as many threads as connections, each with a socket of its own that it
// keeps as long as the other end does.

import HTTPWire
import LinuxIO
import Synchronization

/// A test that runs. Threads take requests from it and bring back what came of them.
final class TestRun: Sendable {
  /// What all requests have in common.
  struct Plan: Sendable {
    let addresses: [SocketAddress]
    let request: [UInt8]
    let count: Int
    let concurrency: Int
    /// The requests show lbd's token, so that lbd names the replica. Whoever else answers is not
    /// believed on that.
    let isNamed: Bool

    /// Milliseconds for one request: longer than lbd itself waits for a replica.
    static let patience = 35_000
    /// Bytes that one answer's body may have.
    static let bodyLimit = 64 << 20
  }

  private struct State: Sendable {
    var taken = 0
    var tally: TestTally
  }

  private let plan: Plan
  private let state: Mutex<State>
  private let onAnswer: @Sendable (HTTPAnswer) -> Bool

  /// - Parameter onAnswer: called with each answer, by one thread at a time; false ends the test.
  init(_ plan: Plan, _ tally: TestTally, onAnswer: @escaping @Sendable (HTTPAnswer) -> Bool) {
    self.plan = plan
    self.onAnswer = onAnswer
    state = Mutex(State(tally: tally))
  }

  /// Makes one request that counts nowhere yet.
  static func sample(_ plan: Plan) -> TestResult {
    let run = TestRun(plan, TestTally(replicas: [], keepsAnswers: false)) { _ in true }
    var connection: HTTPConnection?
    return run.result(&connection)
  }

  /// Sends all requests and gives the sums.
  /// - Parameter first: what came of the first one, if that was sent already.
  func run(after first: TestResult? = nil) -> TestTally {
    if let first, take() { finish(first) }
    let others = min(plan.concurrency, plan.count) - 1
    var threads: [Thread] = []
    for _ in 0..<others {
      // Those that could be started do the work of those that could not.
      guard let thread = try? Thread.start("test", { self.work() }) else { break }
      threads.append(thread)
    }
    work()
    for thread in threads { thread.join() }
    return state.withLock { $0.tally }
  }

  private func work() {
    var connection: HTTPConnection?
    while take() { finish(result(&connection)) }
  }

  private func result(_ connection: inout HTTPConnection?) -> TestResult {
    let start = Clock.now()
    let outcome: TestResult.Outcome
    do throws(ExchangeError) {
      outcome = .answered(try exchange(&connection))
    } catch {
      outcome = .failed(error)
    }
    return TestResult(outcome: outcome, milliseconds: Double(Clock.now() - start) / 1e6)
  }

  private func take() -> Bool {
    state.withLock { state in
      guard state.taken < plan.count else { return false }
      state.taken += 1
      return true
    }
  }

  private func finish(_ result: TestResult) {
    state.withLock { state in
      state.tally.add(result)
      if case .answered(let answer) = result.outcome, !onAnswer(answer) { state.taken = plan.count }
    }
  }

  /// One request, over the connection that is there or a new one. A connection that ended while it
  /// was idle says nothing about the request, so that is sent again (RFC 9112 §9.3.1).
  private func exchange(_ held: inout HTTPConnection?) throws(ExchangeError) -> HTTPAnswer {
    let deadline = Deadline(milliseconds: Plan.patience)
    if let connection = held.take() {
      do throws(ExchangeError) {
        return try exchange(connection, &held, deadline)
      } catch .endedUnanswered {
      } catch { throw error }
    }
    return try exchange(try connect(deadline), &held, deadline)
  }

  private func exchange(
    _ connection: consuming HTTPConnection, _ held: inout HTTPConnection?, _ deadline: Deadline
  ) throws(ExchangeError) -> HTTPAnswer {
    var answer = try connection.exchange(plan.request, .get, limit: Plan.bodyLimit, deadline)
    if !plan.isNamed { answer.replica = nil }
    if connection.isReusable { held = consume connection }
    return answer
  }

  /// Connects to the first address that takes it.
  private func connect(_ deadline: Deadline) throws(ExchangeError) -> HTTPConnection {
    var last = ExchangeError.timedOut
    for address in plan.addresses {
      do throws(ExchangeError) {
        return try HTTPConnection(address, deadline)
      } catch {
        last = error
      }
    }
    throw last
  }
}
