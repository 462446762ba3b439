// What a client and a replica say to each other through a worker, in the transport's trial.

import LinuxIO
import TestSupport

/// A message in parts, as far as the trial needs it: both ends are of the trial's own.
struct Message {
  var head = ""
  var body: [UInt8] = []

  /// The next message on a connection; nil at its end. `rest` has what came behind the one before.
  static func read(
    _ peer: inout RoughPeer, _ rest: inout [UInt8]
  ) throws -> Message? {
    var message = Message()
    while true {
      if let end = Message.headEnd(rest) {
        message.head = String(decoding: rest[..<end], as: UTF8.self)
        rest.removeFirst(end)
        break
      }
      guard let piece = try peer.receive() else {
        if rest.isEmpty { return nil }
        throw TestFailure("an end in the midst of a head")
      }
      rest += piece
    }
    if message.head.lowercased().contains("transfer-encoding: chunked") {
      try message.readChunks(&peer, &rest)
    } else {
      try Message.fill(&rest, message.length, &peer)
      message.body = Array(rest[..<message.length])
      rest.removeFirst(message.length)
    }
    return message
  }

  private var length: Int {
    for line in head.split(separator: "\r\n") where line.lowercased().hasPrefix("content-length:") {
      return Int(line.split(separator: " ").last ?? "") ?? 0
    }
    return 0
  }

  private mutating func readChunks(_ peer: inout RoughPeer, _ rest: inout [UInt8]) throws {
    while true {
      while !rest.contains(10) { try Message.fill(&rest, rest.count + 1, &peer) }
      let line = rest[..<(rest.firstIndex(of: 10) ?? 0)].filter { $0 != 13 }
      rest.removeFirst((rest.firstIndex(of: 10) ?? 0) + 1)
      guard let size = Int(String(decoding: line, as: UTF8.self), radix: 16) else {
        throw TestFailure("a chunk's size: \(line)")
      }
      try Message.fill(&rest, size + 2, &peer)
      body += rest[..<size]
      rest.removeFirst(size + 2)
      if size == 0 { return }
    }
  }

  private static func fill(
    _ rest: inout [UInt8], _ count: Int, _ peer: inout RoughPeer
  ) throws {
    while rest.count < count {
      guard let piece = try peer.receive() else {
        throw TestFailure("an end in the midst of a body")
      }
      rest += piece
    }
  }

  private static func headEnd(_ bytes: [UInt8]) -> Int? {
    guard bytes.count >= 4 else { return nil }
    for index in 3..<bytes.count
    where bytes[index] == 10 && bytes[index - 1] == 13 && bytes[index - 2] == 10 {
      return index + 1
    }
    return nil
  }
}

/// A replica that answers a GET with as many bytes as its path says, and a POST with its body.
enum RoughReplica {
  static func serve(_ socket: consuming Descriptor, isRough: Bool, seed: UInt64) throws {
    var peer = RoughPeer(socket, isRough: isRough, seed: seed)
    var rest: [UInt8] = []
    while let request = try Message.read(&peer, &rest) {
      var body = request.body
      if request.head.hasPrefix("GET /") {
        body = pattern(Int(request.head.dropFirst(5).prefix { $0.isNumber }) ?? 0)
      }
      try peer.send(
        Array("HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body)
    }
  }

  static func pattern(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
  }
}

/// A client that asks one thing after another on a connection, and looks at each answer.
enum RoughClient {
  static func run(_ peer: consuming RoughPeer, requests: Int, seed: UInt64) throws {
    var peer = peer
    var random = Seeded(seed)
    var rest: [UInt8] = []
    var left = requests
    while left > 0 {
      // Small ones are sent in one go, so that they lie in the buffers behind each other. Of longer ones the
      // next would wait for an answer that nobody reads.
      let isSmall = Bool.random(using: &random)
      let count = isSmall ? min(left, Int.random(in: 1...3, using: &random)) : 1
      let most = isSmall ? 100 : [3000, 100_000].randomElement(using: &random) ?? 3000
      let asked = (0..<count).map { _ in question(upTo: most, &random) }
      try peer.send(asked.flatMap(\.request))
      for (_, answer) in asked {
        guard let message = try Message.read(&peer, &rest) else { throw TestFailure("no answer") }
        guard message.head.hasPrefix("HTTP/1.1 200"), message.body == answer else {
          throw TestFailure("\(message.head) with \(message.body.count), not \(answer.count)")
        }
      }
      left -= count
    }
    // The connection ends after all of its last answer.
    try peer.send(Array("GET /50000 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".utf8))
    guard let message = try Message.read(&peer, &rest), message.body == RoughReplica.pattern(50_000)
    else { throw TestFailure("the last answer is not whole") }
    guard try peer.receive() == nil else { throw TestFailure("more than was asked for") }
  }

  private static func question(
    upTo most: Int, _ random: inout Seeded
  ) -> (request: [UInt8], answer: [UInt8]) {
    let body = RoughReplica.pattern(Int.random(in: 1...most, using: &random))
    switch Int.random(in: 0..<3, using: &random) {
    case 0: return (Array("GET /\(body.count) HTTP/1.1\r\nHost: a\r\n\r\n".utf8), body)
    case 1:
      let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.count)\r\n\r\n"
      return (Array(head.utf8) + body, body)
    default:
      var request = Array("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
      var from = 0
      while from < body.count {
        let count = Int.random(in: 1...min(body.count - from, 5000), using: &random)
        request +=
          Array("\(String(count, radix: 16))\r\n".utf8) + body[from..<(from + count)] + [13, 10]
        from += count
      }
      return (request + Array("0\r\n\r\n".utf8), body)
    }
  }
}
