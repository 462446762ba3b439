// A well-behaved client among the abusers: every one of its requests must be answered right and soon.

import LinuxIO
import TestSupport

/// One client with a modest rate of requests, each of which no other is like.
struct Neighbour {
  /// What its times are recorded under.
  enum Habit: String {
    /// Keeps its connection.
    case steady
    /// Opens a connection for each request.
    case newcomer
  }

  let port: UInt16
  let habit: Habit
  let ledger: Ledger
  var random: Seeded

  private static let letters = (0..<26 * 2000).map { UInt8(0x61 + $0 % 26) }

  /// Sends requests until the gate opens.
  mutating func live(until end: Gate) {
    var connection: Connection?
    while !end.isOpen {
      do {
        let start = Clock.now()
        let current = try connection ?? Abuse.open(port)
        // A steady client's time begins when it has a connection.
        let isKept = try exchange(on: current, since: habit == .steady ? Clock.now() : start)
        connection = isKept && habit == .steady ? current : nil
      } catch {
        ledger.report("a well-behaved client: \(error)")
        connection = nil
      }
      Clock.sleep(milliseconds: Int.random(in: 10...40, using: &random))
    }
  }

  /// One request with its answer, which is checked byte for byte. Whether the connection goes on.
  private mutating func exchange(on connection: Connection, since start: UInt64) throws -> Bool {
    let mark = "m\(random.next())"
    let kind = Int.random(in: 0...3, using: &random)
    let size = Int.random(in: 0...20_000, using: &random)
    let body = mark + String(repeating: "b", count: size)
    switch kind {
    case 0: try connection.send("GET /bytes/\(size) HTTP/1.1\r\nHost: test\r\n\r\n")
    case 1: try connection.send("GET /echo?\(mark) HTTP/1.1\r\nHost: test\r\n\r\n")
    case 2:
      try connection.send(
        "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    default:
      let frame = String(body.utf8.count, radix: 16)
      try connection.send(
        "PUT /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n"
          + "\(frame)\r\n\(body)\r\n0\r\n\r\n")
    }
    let answer = try connection.answer()
    ledger.record(habit, milliseconds: Double(Clock.now() - start) / 1e6)
    let isRight =
      switch kind {
      case 0: answer.body == Array(Self.letters[..<size])
      case 1: answer.text.hasPrefix("GET /echo?\(mark) HTTP/1.1\r\n")
      default: answer.text.hasSuffix("\r\n\r\n" + body)
      }
    guard answer.status == 200 && isRight && connection.unread.isEmpty else {
      throw TestFailure(
        "request \(kind) of \(size) is answered \(answer.status) \(answer.text.prefix(300))")
    }
    return answer["connection"] != "close"
  }
}
