// Traffic in the background of a test that changes something under it.

import LinuxIO
import Synchronization
import TestSupport

/// A few clients that send requests until told to stop and keep count of what came back.
final class Load {
  private let isStopping: Flag
  private let answered = Counter()
  private let failures: Failures
  private var threads: [LinuxIO.Thread] = []

  private final class Flag: Sendable {
    let value = Atomic(false)
  }

  private final class Failures: Sendable {
    let texts = Mutex<[String]>([])
  }

  /// How many requests were answered so far.
  var answers: Int { answered.value }

  /// - Parameter rate: requests a second of all clients together; nil for as many as go.
  init(port: UInt16, clients: Int = 4, target: String = "/getInfo", rate: Int? = 2000) throws {
    let pace = rate.map { UInt64(clients * 1_000_000_000 / $0) } ?? 0
    let (flag, counter, failures) = (Flag(), answered, Failures())
    (isStopping, self.failures) = (flag, failures)
    for _ in 0..<clients {
      threads.append(
        try LinuxIO.Thread.start("load") {
          while !flag.value.load(ordering: .relaxed) {
            do {
              try Load.exchange(port, target, pace, flag, counter, failures)
            } catch { failures.texts.withLock { $0.append("\(error)") } }
          }
        })
    }
  }

  deinit { if !threads.isEmpty { _ = stop() } }

  /// Requests on one connection until one asks for its end.
  private static func exchange(
    _ port: UInt16, _ target: String, _ pace: UInt64, _ flag: Flag, _ counter: Counter,
    _ failures: Failures
  ) throws {
    let connection = try Connection(port: port)
    var next = Clock.now()
    while !flag.value.load(ordering: .relaxed) {
      let now = Clock.now()
      if next > now { Clock.sleep(milliseconds: Int((next - now) / 1_000_000)) }
      next = max(next + pace, now)
      let answer = try connection.get(target)
      counter.add()
      if answer.status != 200 {
        failures.texts.withLock { $0.append("\(answer.status) \(answer.text)") }
      }
      if answer["connection"] == "close" { return }
    }
  }

  /// Waits until so many more requests were answered.
  func awaitAnswers(_ count: Int) throws {
    let goal = answered.value + count
    try eventually("\(count) more answers\n\(failures.texts.withLock { $0.suffix(5) })") {
      answered.value >= goal
    }
  }

  /// Ends the traffic; what failed.
  func stop() -> [String] {
    isStopping.value.store(true, ordering: .relaxed)
    for thread in threads { thread.join() }
    threads = []
    return failures.texts.withLock { $0 }
  }
}
