// Abuse of responses: clients that ask and do not read, or for what makes a replica fail.

import LinuxIO
import TestSupport

extension Abuse {
  /// More than the kernel holds for a client that does not read.
  static let muchBytes = 20_000_000

  private static func get(_ target: String) -> String {
    "GET \(target) HTTP/1.1\r\nHost: t\r\n\r\n"
  }

  /// Nothing of the response is ever read.
  static func downloadDeaf(_ port: UInt16) throws {
    let connections = try open(port, 3)
    for connection in connections { try connection.send(get("/bytes/\(muchBytes)")) }
    for connection in connections { try connection.expectCut("a client that never reads") }
  }

  /// The client leaves while the response is on its way.
  static func abandonDownloads(_ port: UInt16, _ random: inout Seeded) throws {
    for connection in try open(port, 3) {
      try connection.send(get("/bytes/\(muchBytes)"))
      guard try connection.answerHead().status == 200 else { throw TestFailure("a download fails") }
      for _ in 0..<Int.random(in: 0...5, using: &random) { try connection.receive() }
      if Bool.random(using: &random) { connection.resetOnClose() }
    }
  }

  /// Ten thousand requests, as far as lbd takes them, and no answer is ever read.
  static func pipelineDeaf(_ port: UInt16) throws {
    let connection = try open(port)
    var left = Array(String(repeating: get("/bytes/5000"), count: 10_000).utf8)[...]
    try eventually("a client that pipelines and never reads is cut", within: 15) {
      while !left.isEmpty {
        let count = connection.sendSome(Array(left.prefix(16_000)))
        guard count > 0 else { break }
        left = left.dropFirst(count)
      }
      return connection.isCut(within: 10)
    }
  }

  /// A thousand requests in one write are answered in their order.
  static func pipeline(_ port: UInt16) throws {
    let connection = try open(port)
    let lengths = 1...1000
    try connection.send(lengths.map { get("/bytes/\($0)") }.joined())
    for length in lengths {
      let answer = try connection.answer()
      guard answer.status == 200, answer.body.count == length else {
        throw TestFailure("the answer \(length) is \(answer.status) of \(answer.body.count) bytes")
      }
    }
    guard connection.unread.isEmpty else { throw TestFailure("bytes follow the last answer") }
  }

  /// Requests at which a replica fails; the demo replicas know no such paths.
  static func sendPoison(_ port: UInt16, _ random: inout Seeded) throws {
    for _ in 0..<20 {
      guard let poison = Poison.allCases.randomElement(using: &random) else { return }
      let connection = try open(port)
      let method = Bool.random(using: &random) ? "GET" : "POST"
      try connection.send(
        "\(method) \(poison.path) HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nbody")
      try poison.expectFailure(connection)
    }
  }
}
