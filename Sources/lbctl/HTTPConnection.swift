// A client's end of one HTTP/1.1 connection, over TCP or a Unix socket: sends a request, waits for
// the answer, bounded in time and size. Whatever the other end sends comes to an answer or an error.

import Glibc
import HTTPWire
import LinuxIO

/// Why no answer came.
enum ExchangeError: Error, Equatable {
  case noConnection(Int32)
  /// The connection ended before the first byte of an answer, as one that was idle may.
  case endedUnanswered
  case cut
  case broken(Int32)
  case timedOut
  case malformed
  case tooLarge

  var reason: String {
    switch self {
    case .noConnection(ECONNREFUSED): "connection refused"
    case .noConnection(let code): "cannot connect: \(SystemError.text(code))"
    case .endedUnanswered: "connection closed without an answer"
    case .cut: "connection closed within an answer"
    case .broken(ECONNRESET): "connection reset"
    case .broken(let code): SystemError.text(code)
    case .timedOut: "timed out"
    case .malformed: "malformed answer"
    case .tooLarge: "answer too large"
    }
  }
}

/// A point in time after which nothing is waited for.
struct Deadline {
  private let end: UInt64

  init(milliseconds: Int) {
    end = Clock.now() + UInt64(milliseconds) * 1_000_000
  }

  /// Milliseconds until then, rounded up; 0 when it has passed.
  var left: Int {
    let now = Clock.now()
    return now < end ? Int((end - now) / 1_000_000) + 1 : 0
  }
}

/// What came back.
struct HTTPAnswer: Equatable {
  let status: Int
  /// The field by which lbd names the replica, if it is there, once.
  var replica: String?
  let body: [UInt8]

  var isSuccess: Bool { 200..<300 ~= status }
}

/// An open connection. One thread owns it.
struct HTTPConnection: ~Copyable {
  private let socket: Descriptor
  private var scratch = [UInt8](repeating: 0, count: 64 << 10)
  /// Bytes behind the last answer.
  private var received: [UInt8] = []
  /// The last answer left the connection fit for another request.
  private(set) var isReusable = true

  init(_ address: SocketAddress, _ deadline: Deadline) throws(ExchangeError) {
    socket = try HTTPConnection.open(address, deadline)
  }

  /// The user who listens at the other end; nil where that is no Unix socket.
  var peerUser: UInt32? { Socket.peerUser(socket) }

  private static func open(
    _ address: SocketAddress, _ deadline: Deadline
  ) throws(ExchangeError) -> Descriptor {
    while true {
      switch Socket.connect(address) {
      case .connected(let socket): return socket
      case .connecting(let socket):
        try wait(socket, .writable, deadline)
        let code = Socket.error(socket)
        guard code == 0 else { throw .noConnection(code) }
        return socket
      case .failed(EAGAIN) where deadline.left > 0:
        // A Unix socket whose queue is full; it has room again soon.
        Clock.sleep(milliseconds: 20)
      case .failed(let code): throw .noConnection(code)
      }
    }
  }

  private static func wait(
    _ socket: borrowing Descriptor, _ awaited: Descriptor.Awaited, _ deadline: Deadline
  ) throws(ExchangeError) {
    let left = deadline.left
    guard left > 0, socket.wait(until: awaited, milliseconds: left) == .ready else {
      throw .timedOut
    }
  }

  /// Sends a request and waits for its final answer.
  /// - Parameters:
  ///   - limit: bytes that the answer's body may have.
  mutating func exchange(
    _ request: [UInt8], _ method: Method, limit: Int, _ deadline: Deadline
  ) throws(ExchangeError) -> HTTPAnswer {
    isReusable = false
    try send(request, deadline)
    while true {
      let (framing, end, status, replica) = try head(method, deadline)
      if status < 200 && status != 101 {
        received.removeFirst(end)
        continue
      }
      received.removeFirst(end)
      let body = try body(framing.body, limit, deadline)
      isReusable = framing.isPersistent && received.isEmpty && status != 101
      return HTTPAnswer(status: status, replica: replica, body: body)
    }
  }

  private func send(_ bytes: [UInt8], _ deadline: Deadline) throws(ExchangeError) {
    var offset = 0
    while offset < bytes.count {
      switch socket.send(bytes.span.extracting(offset..<bytes.count)) {
      case .moved(let count): offset += count
      case .wouldBlock: try HTTPConnection.wait(socket, .writable, deadline)
      case .ended, .failed(EPIPE), .failed(ECONNRESET): throw .endedUnanswered
      case .failed(let code): throw .broken(code)
      }
    }
  }

  /// Takes what is there, or waits for it. False at the end of what the peer sends.
  private mutating func receive(_ deadline: Deadline) throws(ExchangeError) -> Bool {
    while true {
      switch HTTPConnection.receive(from: socket, into: &scratch) {
      case .moved(let count):
        received.append(contentsOf: scratch[..<count])
        return true
      case .ended: return false
      case .wouldBlock: try HTTPConnection.wait(socket, .readable, deadline)
      case .failed(ECONNRESET) where received.isEmpty: throw .endedUnanswered
      case .failed(let code): throw .broken(code)
      }
    }
  }

  private static func receive(
    from socket: borrowing Descriptor, into scratch: inout [UInt8]
  ) -> TransferOutcome {
    var space = scratch.mutableSpan
    return socket.receive(into: &space)
  }

  // MARK: Head

  private typealias Head = (framing: ResponseFraming, end: Int, status: Int, replica: String?)

  private mutating func head(
    _ method: Method, _ deadline: Deadline
  ) throws(ExchangeError) -> Head {
    var seen = 0
    while true {
      if HeadParser.mayEnd(received.span, from: seen), let head = try parsedHead(method) {
        return head
      }
      seen = received.count
      guard seen < 64 << 10 else { throw .tooLarge }
      guard try receive(deadline) else { throw received.isEmpty ? .endedUnanswered : .cut }
    }
  }

  private func parsedHead(_ method: Method) throws(ExchangeError) -> Head? {
    var head = ResponseHead()
    let bytes = received.span
    switch HeadParser.parse(response: bytes, into: &head) {
    case .incomplete: return nil
    case .malformed: throw .malformed
    case .complete(let end):
      var framing = ResponseFraming()
      guard Framing.examine(head, bytes, to: method, into: &framing) else { throw .malformed }
      return (framing, end, head.status, replica(head))
    }
  }

  private func replica(_ head: borrowing ResponseHead) -> String? {
    var found: String?
    for index in 0..<head.fields.count {
      let field = head.fields[index]
      guard Text.matches(received.span, field.nameRange, "x-lbd-replica") else { continue }
      guard found == nil else { return nil }
      found = String(decoding: received[field.valueRange], as: UTF8.self)
    }
    return found
  }

  // MARK: Body

  /// Takes the body off the front of what is received.
  private mutating func body(
    _ framing: BodyFraming, _ limit: Int, _ deadline: Deadline
  ) throws(ExchangeError) -> [UInt8] {
    switch framing {
    case .none: return []
    case .length(let length):
      guard length <= limit else { throw .tooLarge }
      while received.count < length {
        guard try receive(deadline) else { throw .cut }
      }
      defer { received.removeFirst(length) }
      return Array(received[..<length])
    case .untilClose:
      repeat {
        guard received.count <= limit else { throw .tooLarge }
      } while try receive(deadline)
      defer { received = [] }
      return received
    case .chunked: return try chunkedBody(limit, deadline)
    }
  }

  private mutating func chunkedBody(
    _ limit: Int, _ deadline: Deadline
  ) throws(ExchangeError) -> [UInt8] {
    var scanner = ChunkedScanner(keepsFraming: false)
    var body: [UInt8] = []
    while true {
      let (outcome, used, kept) = scan(with: &scanner)
      body.append(contentsOf: received[..<kept])
      received.removeFirst(used)
      guard body.count <= limit else { throw .tooLarge }
      switch outcome {
      case .complete: return body
      case .malformed: throw .malformed
      case .incomplete:
        guard try receive(deadline) else { throw .cut }
      }
    }
  }

  private mutating func scan(
    with scanner: inout ChunkedScanner
  ) -> (outcome: ChunkedOutcome, used: Int, kept: Int) {
    var bytes = received.mutableSpan
    return scanner.scan(&bytes)
  }
}
