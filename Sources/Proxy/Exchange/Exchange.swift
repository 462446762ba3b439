// One request and its response on their way through a worker. It joins a client's connection with a
// replica's, exists only while the exchange is under way, and says how far both directions are.
//
// The request lies in the client's record, see `RequestBytes`. The response lies in a buffer of the exchange: what is ready
// to go out, then what was received and not yet looked at.
//   response: | pending | unread |

import Balancing
import HTTPWire
import LinuxIO
import Plan

/// The progress of a body.
enum BodyProgress {
  case done
  /// This many bytes are still to come.
  case length(Int)
  case chunked(ChunkedScanner)
  case untilClose
  /// It ends with its connection, and is passed on in chunks; whether the last one lacks its end, for
  /// which there was no room in the buffer.
  case chunking(owesEnd: Bool)

  /// - Parameters:
  ///   - keepsFraming: the body is passed on in chunks.
  ///   - keepsTrailers: the trailers after the body are passed on, too.
  ///   - isResponse: a replica sends it.
  init(_ framing: BodyFraming, keepsFraming: Bool, keepsTrailers: Bool, isResponse: Bool = false) {
    switch framing {
    case .none, .length(0): self = .done
    case .length(let count): self = .length(count)
    case .chunked:
      self = .chunked(
        ChunkedScanner(
          keepsFraming: keepsFraming, keepsTrailers: keepsTrailers, isResponse: isResponse))
    case .untilClose: self = keepsFraming ? .chunking(owesEnd: false) : .untilClose
    }
  }

  var isDone: Bool {
    if case .done = self { true } else { false }
  }
}

/// A request under way.
struct Exchange: ~Copyable {
  private let anchor = Anchor()
  let client: SlabSlot<Client>
  /// The time at which the request's head was complete, by the worker's clock in nanoseconds.
  let startedAt: UInt64
  /// The number of the request's pool.
  var pool = Numbering.controlPool
  /// The longest silence between two bytes of the exchange, in nanoseconds.
  var silence: UInt64
  /// The connection to the replica, or `absent`.
  var upstream = SlabSlot<Upstream>.absent
  /// The search for a replica.
  var attempts = Attempts()
  var request: Request
  var response = Response()

  // For the access log.
  var isRecorded = false
  var hasCause = false

  /// - Parameter silence: until it has a pool.
  init(client: SlabSlot<Client>, method: Method, startedAt: UInt64, silence: UInt64) {
    self.silence = silence
    self.client = client
    self.startedAt = startedAt
    request = Request(method: method)
  }

  /// The client's request, and its progress.
  struct Request {
    let method: Method
    var isVersion10 = false
    /// The connection goes on after the exchange.
    var isPersistent = true
    /// The client itself said that this is its last request.
    var endsConnection = false
    var wantsUpgrade = false
    /// The answer names the replica.
    var isTest = false
    /// The request begins with a PROXY header: its connection is for this client alone.
    var hasProxyHeader = false
    /// The client waits for a 100 and has sent nothing of its body: it is the replica's turn.
    var awaitsContinue = false
    var body = BodyProgress.done
    /// The time that the client has left for its body.
    var bodyTime = BodyTime()
    /// All that was sent is still at hand.
    var isReplayable = true
    var contact = Contact.none
  }

  /// The progress of an attempt with its replica.
  enum Contact: UInt8 {
    case none
    /// Bytes of the request were handed to the attempt's connection.
    case sent
    /// Bytes of a response, be it only an interim one, have come.
    case heard
  }

  /// The response to the client, and its progress.
  struct Response: ~Copyable {
    private let anchor = Anchor()
    /// The bytes that are ready for the client, then those that were received and not yet looked at.
    var buffer = Buffer()
    /// The last receive filled the buffer: the next one is into a larger one.
    var isFlowing = false
    /// Bytes at the buffer's front that are ready for the client.
    var pending = 0
    var stage = Stage.awaited
    var status = 0
    var body = BodyProgress.done
    /// Interim responses of this attempt.
    var interims = 0
    /// Some of what the client was sent is not whole yet: nothing else can follow it.
    var hasAnswered = false
    /// The replica's connection may serve another exchange afterwards.
    var isUpstreamReusable = false
    /// A document of lbd's own that is being sent, and how much of it was.
    var page = Page.none
    var pageSent = 0
    /// Bytes that the client was sent, heads and interim responses too.
    var bytesSent = 0

    /// Whether the final head is there.
    var hasHead: Bool { stage != .awaited }
    var isTunnel: Bool { stage == .tunnel }
    var isCut: Bool { stage == .cut || stage == .cutUnseen }
  }

  enum Stage: UInt8 {
    /// The final response has not begun.
    case awaited
    /// Its head is there, a replica's or of lbd's own.
    case begun
    /// After a 101 both directions are bytes without meaning to lbd.
    case tunnel
    /// The replica broke the response off: what is at hand goes out, and then the connection ends.
    case cut
    /// The same, by a reset, since nothing else tells the client.
    case cutUnseen
  }

  enum Page: UInt8 { case none, docs, openAPI }

  /// Whether all of the response is at hand: only the client's taking it is left.
  var isAnswered: Bool { response.hasHead && response.body.isDone }

  /// Whether the client takes the end of its connection for the end of the response.
  var endsUnseen: Bool {
    if !request.isVersion10 { return false }
    if case .length = response.body { return false }
    return true
  }
}

extension Exchange {
  // Only the calls below read the bytes of the response, so that no span outlives its call.

  func parse(into head: inout ResponseHead) -> ParseOutcome {
    HeadParser.parse(response: response.buffer.bytes, into: &head)
  }

  func judge(_ head: borrowing ResponseHead, into framing: inout ResponseFraming) -> Refusal? {
    Framing.judge(head, response.buffer.bytes, to: request.method, into: &framing)
  }

  /// Whether the response is an lbd's own, given after retries.
  func statesRetries(_ head: borrowing ResponseHead) -> Bool {
    ProxyError.saysTried(head.fields, response.buffer.bytes)
  }

  /// Brings the chunks between two offsets of the response into normal form.
  mutating func scan(
    _ from: Int, _ to: Int, _ scanner: inout ChunkedScanner
  ) -> (outcome: ChunkedOutcome, used: Int, kept: Int) {
    var bytes = response.buffer.mutableSlice(from, to)
    return scanner.scan(&bytes)
  }

  /// Writes the head that the client gets over the head at the response's front.
  /// - Parameters:
  ///   - replica: named in the answer unless it is empty.
  ///   - date: stated unless it is 0.
  func writeResponse(
    _ head: borrowing ResponseHead, _ framing: ResponseFraming, body: BodyFraming,
    _ option: ConnectionOption, replica: [UInt8], date: Int, to writer: inout ByteWriter
  ) {
    writer.removeAll()
    let isRetried = attempts.hasFailed && head.status >= 500
    HeadWriter.write(
      response: head, response.buffer.bytes, framing, body: body, connection: option,
      replica: replica.span, date: date, isRetried: isRetried, to: &writer)
  }

  /// Writes what the replica's 101 says it goes on with; nothing where it says so twice.
  func writeProtocols(_ head: borrowing ResponseHead, to writer: inout ByteWriter) {
    writer.removeAll()
    let found = head.fields.find(.upgrade)
    guard found.count == 1, let range = found.first?.valueRange else { return }
    writer.append(response.buffer.bytes.extracting(range))
  }

  /// Replaces the response's first `length` bytes by the bytes that were written. False when they do
  /// not fit.
  mutating func replaceHead(_ length: Int, _ writer: borrowing ByteWriter) -> Bool {
    response.buffer.consume(length)
    if writer.isOverfull || !response.buffer.prepend(writer.bytes) { return false }
    response.pending = writer.count
    return true
  }

  /// Puts the line of a chunk's size before the response's bytes at hand.
  mutating func beginChunk(_ writer: borrowing ByteWriter) {
    guard response.buffer.prepend(writer.bytes) else {
      fatalError("no headroom for a chunk's size")
    }
  }

  /// Puts a chunk's end after the response's bytes at hand, which become pending. False when there is
  /// no room.
  mutating func endChunk() -> Bool {
    let lineEnd: [2 of UInt8] = [13, 10]
    let isEnded = response.buffer.append(lineEnd.span)
    response.pending = response.buffer.count
    return isEnded
  }

  /// Takes the bytes that were written as an answer of lbd's own, instead of the response's. False when
  /// they do not fit.
  mutating func takeOwn(_ writer: borrowing ByteWriter) -> Bool {
    response.buffer.reset()
    guard response.buffer.append(writer.bytes) else { return false }
    response.pending = writer.count
    return true
  }
}
