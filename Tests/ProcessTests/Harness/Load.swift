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

  /// - Parameters:
  ///   - body: what each request carries, as a POST; nil for a GET.
  ///   - isKept: a connection is used again, until lbd asks for its end.
  ///   - rate: requests a second of all clients together; nil for as many as go.
  init(
    port: UInt16, clients: Int = 4, target: String = "/getInfo", body: String? = nil,
    isKept: Bool = true, rate: Int? = 2000
  ) throws {
    let client = Client(
      port: port, target: target, body: body, isKept: isKept,
      pace: rate.map { UInt64(clients * 1_000_000_000 / $0) } ?? 0)
    let (flag, counter, failures) = (Flag(), answered, Failures())
    (isStopping, self.failures) = (flag, failures)
    for _ in 0..<clients {
      threads.append(
        try LinuxIO.Thread.start("load") {
          var client = client
          while !flag.value.load(ordering: .relaxed) {
            do {
              try client.exchange(until: flag, counter, failures)
            } catch { failures.texts.withLock { $0.append("\(error)") } }
          }
        })
    }
  }

  deinit { if !threads.isEmpty { _ = stop() } }

  /// What one of them does.
  private struct Client: Sendable {
    let port: UInt16
    let target: String
    let body: String?
    let isKept: Bool
    /// From one request to the next, in nanoseconds.
    let pace: UInt64
    var next = Clock.now()

    /// Requests on one connection until one asks for its end.
    mutating func exchange(until flag: Flag, _ counter: Counter, _ failures: Failures) throws {
      let connection = try Connection(port: port)
      var (count, last) = (0, Clock.now())
      while !flag.value.load(ordering: .relaxed) {
        let now = Clock.now()
        if next > now { Clock.sleep(milliseconds: Int((next - now) / 1_000_000)) }
        next = max(next + pace, now)
        // An lbd that drains lets connections go that have rested for a second: whom the machine has held up
        // for long does not count on one.
        let rest = (Clock.now() - last) / 1_000_000
        if count > 0 && rest > 500 { return }
        let answer: Answer
        do { answer = try ask(connection) } catch {
          throw TestFailure("request \(count + 1) of a connection, after \(rest) ms: \(error)")
        }
        (count, last) = (count + 1, Clock.now())
        counter.add()
        if answer.status != 200 {
          failures.texts.withLock { $0.append("\(answer.status) \(answer.text)") }
        }
        if answer["connection"] == "close" { return }
      }
    }

    private func ask(_ connection: Connection) throws -> Answer {
      let fields = isKept ? "" : "Connection: close\r\n"
      return try body.map { try connection.post(target, $0, fields) }
        ?? connection.get(target, fields)
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
