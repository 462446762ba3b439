// One request and its response on their way through a worker. It joins a client's connection with a
// replica's, exists only while the exchange is under way, and says how far both directions are.
//
// The request lies in the client's buffer: head, rewritten in place, and what is at hand of the body.
//   input:    | replayFrom … sentTo … readyTo | next request, or free |
// The response lies in a buffer of the exchange: what is ready to go out, then what was received
// and not yet looked at.
//   response: | pending | unread |

import Balancing
import HTTPWire
import LinuxIO

/// How far a body is.
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
  ///   - keepsFraming: what is passed on is chunked.
  ///   - keepsTrailers: and so are the trailers behind it.
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
  /// A document of lbd's own that is being sent.
  enum Page: UInt8 { case none, docs, openAPI }

  let client: SlabSlot<Client>
  let method: Method
  /// When its head was complete, by the worker's clock in nanoseconds.
  let startedAt: UInt64
  /// The connection to the replica, or `absent`.
  var upstream = SlabSlot<Upstream>.absent
  /// The slot of the replica that the last attempt went to.
  var replica = 0
  var tried = TriedReplicas()
  /// Attempts so far, in all.
  var attempts = 0
  /// Those that failed since the last wait for a replica.
  var failures = 0
  /// Those in all that failed as `reset`.
  var resets = 0
  /// An attempt has failed; and one of which something was sent.
  var hasFailed = false
  var hasFailedSent = false
  /// Its turn; negative until it is drawn.
  var ticket = -1
  /// By when the response has to begin; moved on by waits for a replica.
  var deadline: UInt64 = 0
  /// It has a place at a replica that has a limit of them.
  var hasPlace = false
  /// It waits for a replica.
  var isHeld = false
  /// When it began to wait, and until when it may in all; 0 where it never did.
  var heldSince: UInt64 = 0
  var holdUntil: UInt64 = 0

  // What the request asks of the connection.
  var isVersion10 = false
  var isPersistent = true
  /// The client itself said that this is its last request.
  var clientEnds = false
  var wantsUpgrade = false
  /// The control socket answers it: `/docs` asks for the pool's state.
  var asksControl = false
  /// The answer names the replica.
  var isTest = false
  /// The request begins with a PROXY header: its connection is for this client alone.
  var hasProxyHeader = false

  /// The client waits for a 100 and has sent nothing of its body: it is the replica's turn.
  var awaitsContinue = false

  // The request's direction, as offsets into the client's input.
  var replayFrom = 0
  var sentTo = 0
  var readyTo = 0
  /// Where the bytes behind this request begin.
  var nextFrom = 0
  var requestBody = BodyProgress.done
  /// All that was sent is still at hand.
  var isReplayable = true
  /// Bytes of the request were handed to this attempt's connection.
  var hasSent = false
  /// Bytes of a response, be it only an interim one, have come from a replica.
  var hasHeard = false
  /// Interim responses of this attempt.
  var interims = 0
  /// What the client has left for sending its body.
  var bodyTime = BodyTime()

  // The response's direction.
  var response = Buffer()
  /// The last receive filled the buffer: the next one is into a larger one.
  var isFlowing = false
  /// Bytes at the response buffer's front that are ready for the client.
  var pending = 0
  var hasHead = false
  var status = 0
  var responseBody = BodyProgress.done
  /// Some of what the client was sent is not whole yet: nothing else can follow it.
  var hasAnswered = false
  /// The replica's connection may serve another exchange afterwards.
  var isUpstreamReusable = false
  /// The replica broke the response off: what is at hand goes out, and then the connection ends.
  var isCut = false
  /// By a reset, since nothing else tells the client.
  var cutNeedsReset = false
  /// After a 101 both directions are bytes without meaning to lbd.
  var isTunnel = false
  var page = Page.none
  var pageSent = 0

  // For the access log.
  var isRecorded = false
  var hasCause = false
  /// Bytes that the client was sent, heads and interim responses too.
  var bytesSent = 0

  init(client: SlabSlot<Client>, method: Method, startedAt: UInt64) {
    self.client = client
    self.method = method
    self.startedAt = startedAt
  }

  /// Whether all of the response is at hand: only the client's taking it is left.
  var isAnswered: Bool { hasHead && responseBody.isDone }

  /// Whether the client takes the end of its connection for the end of the response.
  var endsUnseen: Bool {
    if !isVersion10 { return false }
    if case .length = responseBody { return false }
    return true
  }

  /// Whether all of the request was received and handed to the replica's connection.
  var isRequestSent: Bool { requestBody.isDone && sentTo == readyTo }
}

extension Exchange {
  // The bytes of the response are looked at in here, so that no span outlives the look.

  func parse(into head: inout ResponseHead) -> ParseOutcome {
    HeadParser.parse(response: response.bytes, into: &head)
  }

  func judge(_ head: borrowing ResponseHead, into framing: inout ResponseFraming) -> Refusal? {
    Framing.judge(head, response.bytes, to: method, into: &framing)
  }

  /// Whether the response is an lbd's own, given after retries.
  func statesRetries(_ head: borrowing ResponseHead) -> Bool {
    ProxyError.saysTried(head.fields, response.bytes)
  }

  /// Brings the chunks between two offsets of the response into normal form.
  mutating func scan(
    _ from: Int, _ to: Int, _ scanner: inout ChunkedScanner
  ) -> (outcome: ChunkedOutcome, used: Int, kept: Int) {
    var bytes = response.mutableSlice(from, to)
    return scanner.scan(&bytes)
  }

  /// Writes the head that the client gets, in the place of the one at the response's front.
  /// - Parameters:
  ///   - replica: named in the answer unless it is empty.
  ///   - date: stated unless it is 0.
  func writeResponse(
    _ head: borrowing ResponseHead, _ framing: ResponseFraming, body: BodyFraming,
    _ option: ConnectionOption, replica: [UInt8], date: Int, to writer: inout ByteWriter
  ) {
    writer.removeAll()
    let isRetried = hasFailed && head.status >= 500
    HeadWriter.write(
      response: head, response.bytes, framing, body: body, connection: option,
      replica: replica.span, date: date, isRetried: isRetried, to: &writer)
  }

  /// Writes what the replica's 101 says it goes on with; nothing where it says so twice.
  func writeProtocols(_ head: borrowing ResponseHead, to writer: inout ByteWriter) {
    writer.removeAll()
    let found = head.fields.find(.upgrade)
    guard found.count == 1, let range = found.first?.valueRange else { return }
    writer.append(response.bytes.extracting(range))
  }

  /// Puts what was written in the place of the response's first `length` bytes. False when it does
  /// not fit.
  mutating func replaceHead(_ length: Int, _ writer: borrowing ByteWriter) -> Bool {
    response.consume(length)
    if writer.isOverfull || !response.prepend(writer.bytes) { return false }
    pending = writer.count
    return true
  }

  /// Puts the line of a chunk's size before what is at hand of the response.
  mutating func beginChunk(_ writer: borrowing ByteWriter) {
    guard response.prepend(writer.bytes) else { fatalError("no headroom for a chunk's size") }
  }

  /// Puts a chunk's end behind what is at hand of the response, which becomes pending. False when
  /// there is no room for it.
  mutating func endChunk() -> Bool {
    let lineEnd: [2 of UInt8] = [13, 10]
    let isEnded = response.append(lineEnd.span)
    pending = response.count
    return isEnded
  }

  /// Takes what was written as an answer of lbd's own, in the place of whatever was there. False
  /// when it does not fit.
  mutating func takeOwn(_ writer: borrowing ByteWriter) -> Bool {
    response.reset()
    guard response.append(writer.bytes) else { return false }
    pending = writer.count
    return true
  }
}
