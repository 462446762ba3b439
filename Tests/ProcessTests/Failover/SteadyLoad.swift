// Clients that send requests at a steady rate, whatever becomes of them, and note each answer.

import LinuxIO
import Synchronization

/// What one request came to.
struct Outcome: Sendable {
  let method: String
  /// 0 where the connection failed before an answer.
  let status: Int
  /// Monotonic nanoseconds: when it was due, and when its answer was whole.
  let start: UInt64
  let end: UInt64
  let text: String

  var milliseconds: Double { Double(end - start) / 1e6 }
  var isWell: Bool { status == 200 }
}

/// Requests at a rate, each on its client's kept connection. It ends by itself, or with `stop`.
final class SteadyLoad {
  private let outcomes = Notes<Outcome>()
  private let isStopping = Gate()
  private var threads: [LinuxIO.Thread] = []

  /// - Parameters:
  ///   - rate: requests a second, of all clients.
  ///   - clients: connections at once; a client's next request waits for its last one's answer.
  ///   - request: the method and target of the n-th one.
  init(
    port: UInt16, rate: Int, clients: Int, seconds: Int,
    _ request: @escaping @Sendable (Int) -> (method: String, target: String)
  ) throws {
    let (outcomes, gate, start) = (outcomes, isStopping, Clock.now() + 50_000_000)
    for client in 0..<clients {
      threads.append(
        try LinuxIO.Thread.start("load") {
          var connection: Connection?
          var number = client
          while number < rate * seconds && !gate.isOpen {
            let due = start + UInt64(number) * 1_000_000_000 / UInt64(rate)
            SteadyLoad.sleep(until: due)
            let (method, target) = request(number)
            outcomes.add(SteadyLoad.ask(&connection, port, method, target, due))
            number += clients
          }
        })
    }
  }

  deinit { if !threads.isEmpty { _ = stop() } }

  private static func sleep(until due: UInt64) {
    let now = Clock.now()
    if due > now { Clock.sleep(milliseconds: Int((due - now) / 1_000_000)) }
  }

  /// - Parameter due: when it was to be sent; it counts from then where its client was free.
  private static func ask(
    _ connection: inout Connection?, _ port: UInt16, _ method: String, _ target: String,
    _ due: UInt64
  ) -> Outcome {
    let start = Clock.now()
    do {
      let open = try connection ?? Connection(port: port)
      connection = open
      open.patience = 60_000
      let hasBody = method == "POST" || method == "PUT"
      try open.send(
        "\(method) \(target) HTTP/1.1\r\nHost: test\r\n"
          + (hasBody ? "Content-Length: 4\r\n\r\nbody" : "\r\n"))
      let answer = try open.answer(toHead: method == "HEAD")
      if answer["connection"] == "close" { connection = nil }
      return Outcome(
        method: method, status: answer.status, start: start, end: Clock.now(), text: answer.text)
    } catch {
      connection = nil
      return Outcome(
        method: method, status: 0, start: start, end: Clock.now(), text: "\(error)")
    }
  }

  /// Waits for the end of all requests; what they came to.
  func finish() -> [Outcome] {
    for thread in threads { thread.join() }
    threads = []
    return outcomes.all
  }

  /// Sends no more.
  func stop() -> [Outcome] {
    isStopping.open()
    return finish()
  }
}
