// A server that answers as a test tells it to, in bytes, right or wrong.

import Foundation
import LinuxIO
import Synchronization

/// Listens until the process ends or `stop`. Each connection has a thread of its own.
final class FakeServer: Sendable {
  /// What to send to a request, given its head and body in text; nil ends the connection.
  typealias Answer = @Sendable (String) -> Reply

  enum Reply {
    case send(String)
    case sendAndClose(String)
    case close
    /// Says nothing more, and keeps the connection.
    case silence
  }

  let address: SocketAddress
  private let bell: WakeUp

  init(_ address: SocketAddress, _ answer: @escaping Answer) throws {
    self.address = address
    bell = try WakeUp()
    let listener = try Socket.listen(address)
    let held = Mutex(Optional(listener))
    _ = try LinuxIO.Thread.start("fake") { [self] in
      guard let listener = held.withLock({ $0.take() }) else { return }
      accept(listener, answer)
    }
  }

  /// A server on the first free port of those that tests here may use.
  static func tcp(_ answer: @escaping Answer) throws -> (server: FakeServer, port: UInt16) {
    for port in UInt16(18210)..<18290 {
      guard let address = SocketAddress(ip: "127.0.0.1", port: port) else { continue }
      if let server = try? FakeServer(address, answer) { return (server, port) }
    }
    throw SystemError("bind", EADDRINUSE)
  }

  /// An answer of a status and a body.
  static func reply(_ status: Int, _ body: String, _ fields: String = "") -> Reply {
    .send("HTTP/1.1 \(status) X\r\nContent-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)")
  }

  func stop() {
    bell.ring()
  }

  private func accept(_ listener: consuming Descriptor, _ answer: @escaping Answer) {
    while listener.wait(until: .readable, or: bell, milliseconds: -1) == .ready {
      guard case .accepted(let connection, _) = Socket.accept(listener) else { continue }
      let held = Mutex(Optional(connection))
      _ = try? LinuxIO.Thread.start("fake") { [self] in
        guard let connection = held.withLock({ $0.take() }) else { return }
        serve(connection, answer)
      }
    }
  }

  private func serve(_ connection: consuming Descriptor, _ answer: Answer) {
    while let request = read(connection) {
      switch answer(request) {
      case .send(let text): send(text, connection)
      case .sendAndClose(let text):
        send(text, connection)
        return
      case .close: return
      case .silence: _ = connection.wait(until: .over, or: bell, milliseconds: -1)
      }
    }
  }

  private func send(_ text: String, _ connection: borrowing Descriptor) {
    let bytes = Array(text.utf8)
    var offset = 0
    while offset < bytes.count {
      switch connection.send(bytes.span.extracting(offset..<bytes.count)) {
      case .moved(let count): offset += count
      case .wouldBlock: _ = connection.wait(until: .writable, milliseconds: 1000)
      case .ended, .failed: return
      }
    }
  }

  /// A head and the body that its Content-Length states.
  private func read(_ connection: borrowing Descriptor) -> String? {
    var request = ""
    while true {
      if let end = request.firstRange(of: "\r\n\r\n") {
        let length = request.firstMatch(of: /Content-Length: (\d+)/).flatMap { Int($0.1) } ?? 0
        if request[end.upperBound...].utf8.count >= length { return request }
      }
      guard connection.wait(until: .readable, or: bell, milliseconds: -1) == .ready else {
        return nil
      }
      var bytes = [UInt8](repeating: 0, count: 4096)
      var space = bytes.mutableSpan
      guard case .moved(let count) = connection.receive(into: &space) else { return nil }
      request += String(decoding: bytes[..<count], as: UTF8.self)
    }
  }
}
