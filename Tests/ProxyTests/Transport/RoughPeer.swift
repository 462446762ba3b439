// The other ends of a worker's legs: a client and a replica that block, and travel roughly or as they are.

import LinuxIO
import TestSupport

/// A blocking connection.
struct RoughPeer: ~Copyable {
  private let socket: Descriptor
  /// Nil where bytes travel as they are.
  private var records: RoughRecords?
  private var random: Seeded
  private var unread: [UInt8] = []

  init(_ socket: consuming Descriptor, isRough: Bool, seed: UInt64) {
    self.socket = socket
    random = Seeded(seed)
    records = isRough ? RoughRecords(allowance: Int.random(in: 1...6, using: &random)) : nil
  }

  static func connect(
    _ address: SocketAddress, isRough: Bool, seed: UInt64
  ) throws -> RoughPeer {
    switch Socket.connect(address) {
    case .failed(let code): throw TestFailure(SystemError.text(code))
    case .connected(let socket): return RoughPeer(socket, isRough: isRough, seed: seed)
    case .connecting(let socket):
      _ = socket.wait(until: .writable, milliseconds: 30_000)
      return RoughPeer(socket, isRough: isRough, seed: seed)
    }
  }

  mutating func send(_ bytes: [UInt8]) throws {
    guard records != nil else { return try write(bytes) }
    var from = 0
    while from < bytes.count {
      while !records!.maySend {
        if !records!.hasAsked { records!.ask() }
        try writeOutput()
        guard try read() else { throw TestFailure("the connection ended in a question") }
      }
      let count = Int.random(in: 1...min(bytes.count - from, RoughRecords.longest), using: &random)
      records!.send(Array(bytes[from..<(from + count)]))
      try writeOutput()
      from += count
    }
  }

  /// A piece of what came; nil at the end.
  mutating func receive() throws -> [UInt8]? {
    while true {
      if let available = records?.available {
        if available > 0 { return records!.take(available) }
      } else if !unread.isEmpty {
        defer { unread = [] }
        return unread
      }
      guard try read() else { return nil }
    }
  }

  /// One receive, and the answers that are owed for it. False at the end.
  private mutating func read() throws -> Bool {
    guard socket.wait(until: .readable, milliseconds: 60_000) == .ready else {
      throw TestFailure("a minute without a byte")
    }
    var bytes: [UInt8] = []
    switch socket.receive(
      appendingTo: &bytes, atMost: Int.random(in: 1...16_384, using: &random))
    {
    case .moved: break
    case .wouldBlock: return true
    case .ended: return false
    case .failed(let code): throw TestFailure(SystemError.text(code))
    }
    if records == nil { unread += bytes } else { records!.received(bytes) }
    try writeOutput()
    return true
  }

  private mutating func writeOutput() throws {
    guard let output = records?.output, !output.isEmpty else { return }
    records!.output = []
    try write(output)
  }

  private func write(_ bytes: [UInt8]) throws {
    var from = 0
    while from < bytes.count {
      switch socket.send(bytes.span.extracting(from..<bytes.count)) {
      case .moved(let count): from += count
      case .wouldBlock:
        guard socket.wait(until: .writable, milliseconds: 60_000) == .ready else {
          throw TestFailure("a minute without room")
        }
      case .ended: throw TestFailure("the connection ended")
      case .failed(let code): throw TestFailure(SystemError.text(code))
      }
    }
  }
}
