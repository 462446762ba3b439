// What the probe sends, and the client that sends it: one request after another on one connection.

import LinuxIO

/// A request, and how long the answer is.
struct Trial {
  let name: String
  let request: [UInt8]

  static let all = [
    Trial(name: "GET", request: "GET /getInfo HTTP/1.1\r\nHost: probe\r\nAccept: */*\r\n\r\n"),
    Trial(
      name: "POST with a length",
      request: "POST /form HTTP/1.1\r\nHost: probe\r\nContent-Length: 5\r\n\r\nhello"),
    Trial(
      name: "POST in chunks",
      request: "POST /form HTTP/1.1\r\nHost: probe\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "5\r\nhello\r\n0\r\n\r\n"),
    Trial(
      name: "GET with many fields",
      request: "GET / HTTP/1.1\r\nHost: probe\r\n"
        + (0..<60).map { "X-Field-\($0): value \($0)\r\n" }.joined()
        + "Connection: keep-alive, x-field-7\r\n\r\n"),
  ]

  private init(name: String, request: String) {
    self.name = name
    self.request = Array(request.utf8)
  }
}

/// A failure of the probe itself.
struct ProbeFailure: Error {
  let what: String
}

/// A blocking client on one connection.
struct TrialClient: ~Copyable {
  private let socket: Descriptor

  init(_ address: SocketAddress) throws {
    switch Socket.connect(address) {
    case .connected(let descriptor): socket = descriptor
    case .connecting(let descriptor): socket = descriptor
    case .failed(let code): throw ProbeFailure(what: SystemError.text(code))
    }
    _ = socket.wait(until: .writable, milliseconds: 5000)
  }

  /// Sends the request and waits for its whole answer, so many times.
  mutating func run(_ trial: Trial, times: Int) throws {
    for _ in 0..<times {
      guard case .moved(trial.request.count) = socket.send(trial.request.span) else {
        throw ProbeFailure(what: "\(trial.name): the request was not taken")
      }
      var answer: [UInt8] = []
      while !answer.ends(with: ReplicaThread.body) {
        guard socket.wait(until: .readable, milliseconds: 5000) == .ready,
          case .moved = socket.receive(appendingTo: &answer, atMost: 4096)
        else {
          throw ProbeFailure(
            what: "\(trial.name): no answer but \(String(decoding: answer, as: UTF8.self))")
        }
      }
      guard answer.starts(with: "HTTP/1.1 200".utf8) else {
        throw ProbeFailure(what: String(decoding: answer, as: UTF8.self))
      }
    }
  }
}

extension [UInt8] {
  fileprivate func ends(with tail: [UInt8]) -> Bool { suffix(tail.count).elementsEqual(tail) }
}
