// Requests at which a replica fails, and the replica that fails at them. To everything else it
// answers as the demo replica does, as far as the trial asks.

import LinuxIO
import TestSupport

/// A way to fail.
enum Poison: String, CaseIterable, Sendable {
  case close, reset, garbage, oddStatus, twoLengths, endlessHead, truncated, truncatedChunk,
    badChunk

  var path: String { "/poison/\(rawValue)" }

  /// What is sent before the connection ends.
  private var response: String {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return switch self {
    case .close, .reset: ""
    case .garbage: "\u{16}\u{3}\u{1} rubbish\r\n\r\n"
    case .oddStatus: "HTTP/1.1 OK\r\n\r\n"
    case .twoLengths: "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"
    case .endlessHead: "HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 100_000)
    case .truncated: "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"
    case .truncatedChunk: chunked + "64\r\nhalf"
    case .badChunk: chunked + "4\r\nhalf\r\nno size\r\n"
    }
  }

  /// Whether the client may have been given a head before the failure.
  private var hasHead: Bool { self == .truncated || self == .truncatedChunk || self == .badChunk }

  func fail(_ connection: Connection) throws -> ScriptedReplica.Next {
    try? connection.send(response)
    return self == .reset ? .reset : .close
  }

  /// The answer is lbd's 502 or visibly not whole; 404 from a replica that does not know the path.
  func expectFailure(_ connection: Connection) throws {
    do {
      let answer = try connection.answer()
      guard answer.status == 502 || answer.status == 404 else {
        throw TestFailure("\(path) is answered \(answer.status) \(answer.text)")
      }
    } catch {
      // Its length, or its last chunk, is missing where the connection ends.
      guard hasHead && connection.end != nil else { throw error }
    }
  }

  /// A replica for which these requests are poison.
  static func replica(keepsRequests: Bool = false) throws -> ScriptedReplica {
    try ScriptedReplica(keepsRequests: keepsRequests) { request, connection in
      let target = request.split(separator: " ", maxSplits: 2)[1]
      if let poison = Poison.allCases.first(where: { $0.path == target }) {
        return try poison.fail(connection)
      }
      if target == "/ws" { return try echoTunnel(connection) }
      if target.hasPrefix("/bytes/") { return try sendBytes(Int(target.dropFirst(7)), connection) }
      var body = ""
      if request.contains("\r\nTransfer-Encoding: chunked\r\n") {
        while let chunk = try connection.chunk() { body += String(decoding: chunk, as: UTF8.self) }
      }
      let text = target.hasPrefix("/echo") ? request + body : "{}"
      try connection.send(
        "HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)")
      return .keep
    }
  }

  private static func echoTunnel(_ connection: Connection) throws -> ScriptedReplica.Next {
    try connection.send(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
    while try connection.receive() { try connection.send(connection.takeReceived()) }
    return .close
  }

  private static let letters = (0..<26 * 2000).map { UInt8(0x61 + $0 % 26) }

  private static func sendBytes(
    _ count: Int?, _ connection: Connection
  ) throws -> ScriptedReplica.Next {
    var left = count ?? 0
    try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(left)\r\n\r\n")
    while left > 0 {
      let part = min(left, letters.count)
      try connection.send(part == letters.count ? letters : Array(letters[..<part]))
      left -= part
    }
    return .keep
  }
}
