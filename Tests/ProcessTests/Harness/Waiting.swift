// Tests of processes wait most of their time. The test runner runs as many tests at once as there are
// cores, and each one that waits keeps its thread: most of a run would be spent idle.

import Dispatch
import LinuxIO
import Synchronization
import Testing

extension Trait where Self == WaitingTrait {
  /// The suite's tests wait for processes, so more of them run at once than there are cores.
  static var waiting: Self { WaitingTrait() }
}

/// Runs tests on the threads of `WaitingExecutor`.
struct WaitingTrait: SuiteTrait, TestTrait, TestScoping {
  var isRecursive: Bool { true }

  func provideScope(
    for test: Test, testCase: Test.Case?, performing body: @Sendable () async throws -> Void
  ) async throws {
    try await withTaskExecutorPreference(WaitingExecutor.shared) { try await body() }
  }
}

/// One thread more than there are cores: with four for each core a run took a third of the time, and now
/// and then a bound of time did not hold. The test that began last goes on first, so that few are under way at once.
final class WaitingExecutor: TaskExecutor {
  static let shared = WaitingExecutor(threads: Thread.usableProcessors() + 1)

  private let jobs = Mutex<[UnownedJob]>([])
  private let count = DispatchSemaphore(value: 0)

  private init(threads: Int) {
    for _ in 0..<threads {
      // Without a thread no test would run at all.
      let thread = try! Thread.start("waiting", stack: 8 << 20) { [unowned self] in
        while true { self.runNext() }
      }
      thread.detach()
    }
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    jobs.withLock { $0.append(job) }
    count.signal()
  }

  private func runNext() {
    count.wait()
    guard let job = jobs.withLock({ $0.popLast() }) else { return }
    unsafe job.runSynchronously(on: asUnownedTaskExecutor())
  }
}
