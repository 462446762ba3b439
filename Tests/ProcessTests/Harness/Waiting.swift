// Tests of processes wait most of their time. The test runner runs as many tests at once as there are
// cores, and each one that waits keeps its thread: most of a run would be spent idle.

import Dispatch
import LinuxIO
import Synchronization
import Testing

extension Trait where Self == WaitingTrait {
  /// The suite's tests wait for processes, so more of them run at once than there are cores.
  static var waiting: Self { WaitingTrait(executor: .shared) }
  /// The same, ahead of the others: for suites that would end last, since their tests run one after the
  /// other or wait for long.
  static var waitingFirst: Self { WaitingTrait(executor: .ahead) }
}

/// Runs tests on the threads of a `WaitingExecutor`.
struct WaitingTrait: SuiteTrait, TestTrait, TestScoping {
  let executor: WaitingExecutor
  var isRecursive: Bool { true }

  func provideScope(
    for test: Test, testCase: Test.Case?, performing body: @Sendable () async throws -> Void
  ) async throws {
    try await withTaskExecutorPreference(executor) { try await body() }
  }
}

/// Puts its tests into the one queue: the test that began last goes on first, so that few are under way
/// at once.
final class WaitingExecutor: TaskExecutor {
  static let shared = WaitingExecutor(isAhead: false)
  static let ahead = WaitingExecutor(isAhead: true)
  private static let queue = WaitingQueue(threads: Thread.usableProcessors() * 4)

  private let isAhead: Bool

  private init(isAhead: Bool) { self.isAhead = isAhead }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    Self.queue.add(isAhead: isAhead) { [self] in
      unsafe job.runSynchronously(on: asUnownedTaskExecutor())
    }
  }
}

/// The tests that may go on, and the threads that run them.
private final class WaitingQueue: Sendable {
  typealias Job = @Sendable () -> Void

  private let jobs = Mutex<(ahead: [Job], others: [Job])>(([], []))
  private let count = DispatchSemaphore(value: 0)

  init(threads: Int) {
    for _ in 0..<threads {
      // Without a thread no test would run at all.
      let thread = try! Thread.start("waiting", stack: 8 << 20) { [unowned self] in
        while true { self.runNext() }
      }
      thread.detach()
    }
  }

  func add(isAhead: Bool, _ job: @escaping Job) {
    jobs.withLock { jobs in
      if isAhead { jobs.ahead.append(job) } else { jobs.others.append(job) }
    }
    count.signal()
  }

  private func runNext() {
    count.wait()
    jobs.withLock { $0.ahead.popLast() ?? $0.others.popLast() }?()
  }
}
