// Writes the answer to each request, and misbehaves as far as the options ask for it.

import HTTPWire
import LinuxIO

/// What is to be done with the connection.
enum Sequel {
  case goOn
  /// The last answer was sent.
  case close
  /// Nothing more can or shall be said.
  case drop
}

/// The writer of one connection's answers. One thread owns it.
struct Responder: ~Copyable {
  private let replica: Replica
  private var output = ByteWriter(capacity: 2048)
  private var text = ByteWriter(capacity: 256)

  init(_ replica: Replica) {
    self.replica = replica
  }

  /// The letter at offset `i` of what `/bytes/N` sends is the alphabet's at `i % 26`: a client can
  /// tell where bytes were lost. The block is a multiple of that.
  private static let letters = (0..<65520).map { UInt8(0x61 + $0 % 26) }

  // MARK: Misbehaviour

  /// Does what `--delay`, `--drop-rate` and `--fail-rate` ask for; nil when an answer is due.
  mutating func misbehave(_ request: Request, on channel: inout Channel) -> Sequel? {
    guard request.route != .health else { return nil }
    let options = replica.options
    guard channel.pause(milliseconds: options.delay) else { return .drop }
    if isDrawn(options.dropRate) { return .drop }
    if isDrawn(options.failRate) {
      return refuse(request, 500, "failed on purpose, as --fail-rate asks", on: &channel)
    }
    return nil
  }

  /// Records a request for `--record`, before anything of its answer.
  func record(
    _ request: Request, _ head: borrowing RequestHead, on channel: borrowing Channel
  ) {
    guard request.route != .health else { return }
    replica.recorder?.record(head, channel.input.bytes)
  }

  private func isDrawn(_ rate: Double) -> Bool {
    rate > 0 && Double.random(in: 0..<1) < rate
  }

  // MARK: Answers

  /// Answers a request whose body was read.
  mutating func answer(_ request: Request, on channel: inout Channel) -> Sequel {
    guard request.isAllowed else {
      return refuse(request, 405, "the method is not allowed here", on: &channel)
    }
    text.removeAll()
    switch request.route {
    case .info: return info(request, on: &channel)
    case .health: return health(request, on: &channel)
    case .status(let status):
      write("status", status)
      return json(request, status, on: &channel)
    case .delay(let milliseconds):
      guard channel.pause(milliseconds: milliseconds) else { return .drop }
      write("delayed_ms", milliseconds)
      return json(request, 200, on: &channel)
    case .bytes(let count): return bytes(request, count, on: &channel)
    case .stream(let chunks, let interval):
      return stream(request, chunks, interval, on: &channel)
    case .echo:
      beginText(request)
      return endText(request, on: &channel)
    case .webSocket:
      return refuse(request, 426, "a WebSocket handshake is needed here", on: &channel)
    case .misused(let usage): return refuse(request, 400, usage.detail, on: &channel)
    case .unknown: return refuse(request, 404, "not found", on: &channel)
    }
  }

  private mutating func info(_ request: Request, on channel: inout Channel) -> Sequel {
    text.append("{\"message\":\"necessary info\",\"port\":\"")
    text.append(decimal: Int(replica.port))
    text.append("\"}")
    return json(request, 200, on: &channel)
  }

  private mutating func health(_ request: Request, on channel: inout Channel) -> Sequel {
    let isHealthy = replica.isHealthy
    text.append(isHealthy ? "{\"status\":\"ok\"}" : "{\"status\":\"unhealthy\"}")
    return json(request, isHealthy ? 200 : 503, on: &channel)
  }

  /// Writes an object with one number.
  private mutating func write(_ name: StaticString, _ value: Int) {
    text.append("{\"")
    text.append(name)
    text.append("\":")
    text.append(decimal: value)
    text.append("}")
  }

  /// Sends an answer with `text` as its body.
  private mutating func json(
    _ request: Request, _ status: Int, field: StaticString = "", on channel: inout Channel
  ) -> Sequel {
    // RFC 9110 §15.3.5, §15.4.5: these have no body, so no length either.
    let isBodiless = status == 204 || status == 304
    let option = option(request)
    output.removeAll()
    Reply.writeHead(
      status, type: "application/json", body: isBodiless ? .none : .length(text.count),
      connection: option, field: field, to: &output)
    if !isBodiless && !request.isHead { text.write(to: &output) }
    return sequel(channel.send(output.bytes), option)
  }

  /// Sends `{"detail":"…"}`; `detail` needs no escape in JSON.
  private mutating func refuse(
    _ request: Request, _ status: Int, _ detail: StaticString, on channel: inout Channel
  ) -> Sequel {
    write(detail)
    // RFC 9110 §15.5.6, §15.5.22: both statuses name what would be accepted.
    let field: StaticString =
      switch status {
      case 405: request.route.allowField
      case 426: "Upgrade: websocket\r\n"
      default: ""
      }
    return json(request, status, field: field, on: &channel)
  }

  /// Tells the client why its message is not accepted; the connection ends with it.
  mutating func refuse(_ refusal: Refusal, on channel: inout Channel) -> Sequel {
    write(refusal.detail)
    output.removeAll()
    Reply.writeHead(
      refusal.status, type: "application/json", body: .length(text.count), connection: .close,
      to: &output)
    text.write(to: &output)
    return channel.send(output.bytes) ? .close : .drop
  }

  private mutating func write(_ detail: StaticString) {
    text.removeAll()
    text.append("{\"detail\":\"")
    text.append(detail)
    text.append("\"}")
  }

  /// Tells a client that waits for it to send its body (RFC 9110 §15.2.1).
  mutating func askForBody(on channel: inout Channel) -> Bool {
    output.removeAll()
    output.append("HTTP/1.1 100 Continue\r\n\r\n")
    return channel.send(output.bytes)
  }

  private func option(_ request: Request) -> ConnectionOption {
    guard request.isPersistent && !replica.isStopping else { return .close }
    return request.isVersion10 ? .keepAlive : .unsaid
  }

  private func sequel(_ isSent: Bool, _ option: ConnectionOption) -> Sequel {
    isSent ? option == .close ? .close : .goOn : .drop
  }

  // MARK: Long answers

  private mutating func bytes(
    _ request: Request, _ count: Int, on channel: inout Channel
  ) -> Sequel {
    let option = option(request)
    output.removeAll()
    Reply.writeHead(
      200, type: "application/octet-stream", body: .length(count), connection: option, to: &output)
    guard channel.send(output.bytes) else { return .drop }
    var left = request.isHead ? 0 : count
    while left > 0 {
      let part = min(left, Responder.letters.count)
      guard channel.send(Responder.letters.span.extracting(0..<part)) else { return .drop }
      left -= part
    }
    return sequel(true, option)
  }

  private mutating func stream(
    _ request: Request, _ chunks: Int, _ interval: Int, on channel: inout Channel
  ) -> Sequel {
    beginText(request)
    var number = 0
    while number < chunks && !request.isHead {
      if number > 0 && !channel.pause(milliseconds: interval) { return .drop }
      number += 1
      text.removeAll()
      text.append("chunk ")
      text.append(decimal: number)
      text.append("\n")
      if !request.isVersion10 { Reply.writeChunkSize(text.count, to: &output) }
      text.write(to: &output)
      if !request.isVersion10 { output.append("\r\n") }
      guard flush(&channel) else { return .drop }
    }
    return endText(request, on: &channel)
  }

  /// Sends the request back as text: the head as it came, which takes the input's first `head`
  /// bytes, then the body as it comes.
  mutating func echo(
    _ request: Request, head: Int, _ body: inout BodyReader, on channel: inout Channel
  ) -> Sequel {
    beginText(request)
    guard addChunk(request, head, on: &channel) else { return .drop }
    channel.input.consume(head)
    while true {
      // Without a body all of it goes at once, so that no death of this process leaves a part.
      guard body.isEmpty || flush(&channel) else { return .drop }
      switch body.next(&channel) {
      case .data(let count, let used):
        guard count == 0 || addChunk(request, count, on: &channel) else { return .drop }
        channel.input.consume(used)
      case .ended: return endText(request, on: &channel)
      case .malformed, .timedOut, .lost:
        channel.abort()
        return .drop
      }
    }
  }

  /// Writes the head of a text without a known length: chunked, or up to the connection's end for
  /// HTTP/1.0, which knows no chunks.
  private mutating func beginText(_ request: Request) {
    output.removeAll()
    Reply.writeHead(
      200, type: "text/plain", body: request.isVersion10 ? .untilClose : .chunked,
      connection: request.isVersion10 ? .close : option(request), to: &output)
  }

  private mutating func endText(_ request: Request, on channel: inout Channel) -> Sequel {
    if !request.isVersion10 && !request.isHead { output.append("0\r\n\r\n") }
    return sequel(flush(&channel), request.isVersion10 ? .close : option(request))
  }

  /// Adds the input's first `count` bytes, which stay there, to the output as a chunk, and sends what
  /// does not fit. False when the connection is lost.
  private mutating func addChunk(
    _ request: Request, _ count: Int, on channel: inout Channel
  ) -> Bool {
    if !request.isVersion10 { Reply.writeChunkSize(count, to: &output) }
    if count <= Responder.shortChunk {
      output.append(channel.input.bytes.extracting(0..<count))
    } else {
      guard flush(&channel) && channel.sendInput(count) else { return false }
    }
    if !request.isVersion10 { output.append("\r\n") }
    return true
  }

  /// A chunk for which the output has room behind a head.
  private static var shortChunk: Int { 1024 }

  /// Sends what was written. False when the connection is lost.
  private mutating func flush(_ channel: inout Channel) -> Bool {
    defer { output.removeAll() }
    return channel.send(output.bytes)
  }

  // MARK: WebSocket

  /// Completes a handshake (RFC 6455 §4.2.2).
  mutating func upgrade(_ key: HandshakeKey, on channel: inout Channel) -> Bool {
    output.removeAll()
    output.append("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n")
    output.append("Connection: Upgrade\r\nSec-WebSocket-Accept: ")
    output.append(key.answer.span)
    output.append("\r\n\r\n")
    return channel.send(output.bytes)
  }
}
