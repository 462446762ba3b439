// One HTTP exchange with chromedriver at a time. Foundation's client refuses chromedriver's heads,
// which have no space behind the colon, so this one is made of a socket.

import Foundation
import LinuxIO
import TestSupport

/// Where chromedriver listens on this machine.
struct DriverConnection {
  let port: UInt16

  /// Sends a request on a connection of its own and waits for the answer, at most 30 s.
  func exchange(_ method: String, _ path: String, _ body: Data?) throws -> (Int, Data) {
    guard let address = SocketAddress(ip: "127.0.0.1", port: port) else {
      throw TestFailure("no address for port \(port)")
    }
    let socket = try connect(address)
    let head =
      "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n"
      + "Content-Type: application/json\r\nContent-Length: \(body?.count ?? 0)\r\n\r\n"
    try send(Array(head.utf8) + Array(body ?? Data()), to: socket)
    return try receive(from: socket)
  }

  private func connect(_ address: SocketAddress) throws -> Descriptor {
    switch Socket.connect(address) {
    case .connected(let socket): return socket
    case .connecting(let socket):
      _ = socket.wait(until: .writable, milliseconds: 5000)
      let code = Socket.error(socket)
      guard code == 0 else { throw TestFailure("chromedriver: \(SystemError.text(code))") }
      return socket
    case .failed(let code): throw TestFailure("chromedriver: \(SystemError.text(code))")
    }
  }

  private func send(_ bytes: [UInt8], to socket: borrowing Descriptor) throws {
    var sent = 0
    while sent < bytes.count {
      switch socket.send(bytes.span.extracting(sent..<bytes.count)) {
      case .moved(let count): sent += count
      case .wouldBlock: _ = socket.wait(until: .writable, milliseconds: 5000)
      case .ended, .failed: throw TestFailure("chromedriver took only \(sent) bytes of a request")
      }
    }
  }

  /// Reads up to the length that the head tells, or to the end.
  private func receive(from socket: borrowing Descriptor) throws -> (Int, Data) {
    var bytes: [UInt8] = []
    while true {
      if let answer = Self.answer(bytes, isWhole: false) { return answer }
      switch socket.receive(appendingTo: &bytes, atMost: 64 << 10) {
      case .moved: break
      case .wouldBlock:
        guard socket.wait(until: .readable, milliseconds: 30_000) == .ready else {
          throw TestFailure("chromedriver does not answer within 30 s")
        }
      case .ended:
        guard let answer = Self.answer(bytes, isWhole: true) else {
          throw TestFailure("chromedriver ended the connection within an answer")
        }
        return answer
      case .failed(let code): throw TestFailure("chromedriver: \(SystemError.text(code))")
      }
    }
  }

  private static func answer(_ bytes: [UInt8], isWhole: Bool) -> (Int, Data)? {
    let data = Data(bytes)
    guard let end = data.range(of: Data("\r\n\r\n".utf8)) else { return nil }
    let head = String(decoding: data[..<end.lowerBound], as: UTF8.self)
    guard let status = head.firstMatch(of: /^HTTP\/1\.1 (\d{3})/).flatMap({ Int($0.1) }) else {
      return nil
    }
    let length = head.firstMatch(of: /(?i)content-length: *(\d+)/).flatMap { Int($0.1) }
    let body = data[end.upperBound...]
    guard let length else { return isWhole ? (status, Data(body)) : nil }
    return body.count >= length ? (status, Data(body.prefix(length))) : nil
  }
}
