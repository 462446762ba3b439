// A client of bench's own, where wrk does not fit: one connection, and waits that have an end.

import LinuxIO

/// A connection to a port of this machine.
struct Visitor: ~Copyable {
  private let socket: Descriptor
  private static let patience = 5000

  /// Nil when nobody listens.
  init?(port: UInt16) {
    guard let address = SocketAddress(ip: "127.0.0.1", port: port) else { return nil }
    switch Socket.connect(address) {
    case .connected(let socket): self.socket = socket
    case .connecting(let socket):
      guard socket.wait(until: .writable, milliseconds: Visitor.patience) == .ready,
        Socket.error(socket) == 0
      else { return nil }
      self.socket = socket
    case .failed: return nil
    }
  }

  /// Takes over a connection that `give` gave.
  init(_ number: Int32) {
    socket = Descriptor(owning: number)
  }

  /// The connection as a number, for lists, which hold no owners.
  consuming func give() -> Int32 {
    socket.release()
  }

  /// Sends a GET and gives the status and the rest of what came with the head; nil when what came is
  /// no answer. Of a longer body the rest is still to be received.
  func get(_ path: String) -> Answer? {
    let request = Array("GET \(path) HTTP/1.1\r\nHost: bench\r\n\r\n".utf8)
    guard socket.send(request.span) == .moved(request.count) else { return nil }
    var bytes: [UInt8] = []
    while bytes.count < 64 << 10 {
      if let answer = Answer(bytes) { return answer }
      guard receive(appendingTo: &bytes) else { return nil }
    }
    return nil
  }

  private func receive(appendingTo bytes: inout [UInt8]) -> Bool {
    while true {
      switch socket.receive(appendingTo: &bytes, atMost: 16 << 10) {
      case .moved: return true
      case .ended, .failed: return false
      case .wouldBlock:
        guard socket.wait(until: .readable, milliseconds: Visitor.patience) == .ready else {
          return false
        }
      }
    }
  }

  /// Receives so many bytes and throws them away; how many came before the end.
  func discard(_ count: Int) -> Int {
    var space = [UInt8](repeating: 0, count: 256 << 10)
    var total = 0
    while total < count {
      var span = space.mutableSpan
      switch socket.receive(into: &span) {
      case .moved(let count): total += count
      case .ended, .failed: return total
      case .wouldBlock:
        guard socket.wait(until: .readable, milliseconds: Visitor.patience) == .ready else {
          return total
        }
      }
    }
    return total
  }

  /// The head of an answer.
  struct Answer: Equatable {
    let status: Int
    /// What Content-Length says.
    let length: Int
    /// How much of the body came with the head.
    let received: Int

    /// Nil while the head is not whole.
    init?(_ bytes: [UInt8]) {
      let text = String(decoding: bytes, as: UTF8.self)
      guard let end = text.utf8.firstRange(of: "\r\n\r\n".utf8) else { return nil }
      let lines = text[..<end.lowerBound].split(separator: "\r\n")
      let words = lines.first?.split(separator: " ") ?? []
      guard words.count > 1, let status = Int(words[1]) else { return nil }
      self.status = status
      let field = lines.first { $0.lowercased().hasPrefix("content-length:") }
      length = field?.split(separator: " ").last.flatMap { Int($0) } ?? 0
      received = text.utf8.distance(from: end.upperBound, to: text.utf8.endIndex)
    }
  }
}
