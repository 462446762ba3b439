// A client's connection as its worker keeps it: small, so that a hundred thousand idle ones cost
// little. An exchange's own state is in `Exchange`, which exists only while the exchange is under way.
// The buffer is held only while bytes are in flight.

import HTTPWire
import LinuxIO

/// A connection from a client.
struct Client: ~Copyable {
  private let anchor = Anchor()
  /// The state of the connection.
  enum Phase: UInt8 {
    /// The connection waits for the first byte of a head, or for the rest of a head.
    case reading
    /// An exchange is under way.
    case exchanging
    /// The last answer went out and lbd has ended its sending side. Bytes that still come are thrown
    /// away until the client ends too, so that a reset cannot overtake the answer (RFC 9112 §9.6).
    case lingering
    /// The last bytes of a response are on their way; then the connection is closed, or reset.
    case delivering
  }

  var leg: Leg
  /// The client's address: the peer's, or the one that a trusted proxy has named.
  private(set) var address: AddressText
  private(set) var port: UInt16
  /// The client is a trusted proxy.
  private(set) var isTrusted: Bool
  /// The client is connected over loopback, and has not said that it speaks for another.
  private(set) var isLocal: Bool
  /// Nothing was read yet, and the first bytes may, or must, be a PROXY header.
  var mayNameClient: Bool
  /// The bytes that were received and not yet passed on.
  var input = RequestBytes()
  /// The exchange under way, or `absent`.
  var exchange = SlabSlot<Exchange>.absent
  var phase = Phase.reading
  /// The connection is over in both directions: nobody reads an answer to the bytes at hand.
  var isOver = false
  /// The connection counts towards the limit of its address: see `AddressCounts`.
  var isCounted = false
  /// The time since which the connection is idle, reads a head, or lingers.
  var since: UInt64
  /// A head has begun to arrive, so that the deadline of the head runs.
  var hasBegunHead = false
  /// The bytes of the incomplete head that were scanned, counted from the input's first byte.
  var scanned: UInt32 = 0
  /// The last request had a long body: the next receive is into a larger buffer.
  var sendsLong = false
  /// lbd stops: the connection ends after the exchange under way, and soon where there is none.
  var isLeaving = false
  /// The connection is reset once the last bytes of its response were delivered.
  var resetsThen = false
  /// The client is in the worker's list of clients that gave way to others.
  var isWaiting = false
  /// Bytes thrown away while lingering.
  var discarded = 0

  init(
    leg: consuming Leg, peer: borrowing SocketAddress, isTrusted: Bool,
    mustBeNamed: Bool, since: UInt64
  ) {
    self.leg = leg
    self.since = since
    address = AddressText(peer)
    port = peer.port
    self.isTrusted = isTrusted
    isLocal = peer.ip?.isLoopback ?? false
    mayNameClient = isTrusted || mustBeNamed
  }

  /// Serves the client that the peer named. The word of that client about others counts only if it is a
  /// trusted proxy, too.
  mutating func speak(for client: borrowing SocketAddress, isTrusted: Bool) {
    address = AddressText(client)
    port = client.port
    self.isTrusted = isTrusted
    isLocal = false
  }

  /// Serves a client that the peer has not named: the peer's own rights do not apply to it.
  mutating func speakForUnknown() {
    isTrusted = false
    isLocal = false
  }

  /// One receive into the input, which has space.
  @inline(__always)
  mutating func receive(_ transport: (any LegTransport)?) -> TransferOutcome {
    leg.receive(into: &input.buffer, transport)
  }
}

extension Client {
  // Only the calls below read the bytes of the input, so that no span outlives its call.

  func parse(into head: inout RequestHead) -> ParseOutcome {
    HeadParser.parse(request: input.buffer.bytes, into: &head)
  }

  func examine(_ head: borrowing RequestHead, into framing: inout RequestFraming) -> Refusal? {
    Framing.examine(head, input.buffer.bytes, into: &framing)
  }

  /// Whether the incomplete head may be complete now; the bytes that were `scanned` are not read again.
  var mayHoldHead: Bool {
    scanned == 0 || HeadParser.mayEnd(input.buffer.bytes, from: Int(scanned))
  }

  /// Whether the request line is complete.
  var holdsLine: Bool { HeadParser.hasLine(input.buffer.bytes) }

  /// Whether the head's one field of a name holds exactly these bytes; takes as long for any
  /// value of their length.
  func holds(_ secret: [UInt8], in name: FieldName, of head: borrowing RequestHead) -> Bool {
    let found = head.fields.find(name)
    guard found.count == 1, let range = found.first?.valueRange, range.count == secret.count
    else { return false }
    let bytes = input.buffer.bytes
    var difference: UInt8 = 0
    for index in 0..<secret.count { difference |= bytes[range.lowerBound + index] ^ secret[index] }
    return difference == 0
  }

  /// Brings the chunks between two offsets of the input into normal form.
  mutating func scan(
    _ from: Int, _ to: Int, _ scanner: inout ChunkedScanner, dropping dropped: DroppedFields
  ) -> (outcome: ChunkedOutcome, used: Int, kept: Int) {
    var bytes = input.buffer.mutableSlice(from, to)
    return scanner.scan(&bytes, dropping: dropped)
  }

  /// Writes the head that a replica gets over the head at the input's front.
  func writeRequest(
    _ head: borrowing RequestHead, _ framing: RequestFraming, requestID: (UInt64, UInt64),
    _ rules: borrowing ForwardRules, to writer: inout ByteWriter
  ) {
    HeadWriter.write(
      request: head, input.buffer.bytes, framing,
      ForwardedFacts(
        client: address.bytes, scheme: "http", requestID: requestID, isTrusted: isTrusted),
      rules, to: &writer)
  }

  /// The lbds through which the request has come.
  func hops(_ head: borrowing RequestHead, mark: UInt64) -> Hops.Verdict {
    Hops.judge(head.fields, input.buffer.bytes, mark: mark)
  }

  /// Whether the request that was written at `start` offers the protocols of a 101.
  func offers(
    _ protocols: borrowing ByteWriter, from start: Int, using head: inout RequestHead
  ) -> Bool {
    var from = start
    if case .complete(let length, _) = ProxyHeader.parse(
      input.buffer.slice(start, input.buffer.end))
    {
      from += length
    }
    let bytes = input.buffer.slice(from, input.buffer.end)
    guard case .complete = HeadParser.parse(request: bytes, isOwn: true, into: &head) else {
      return false
    }
    return Framing.offers(head.fields, bytes, protocols.bytes)
  }

  /// Replaces the input's first `length` bytes by the bytes that were written. False when they do not
  /// fit.
  mutating func replaceHead(_ length: Int, _ writer: borrowing ByteWriter) -> Bool {
    input.buffer.consume(length)
    if writer.isOverfull { return false }
    return input.buffer.prepend(writer.bytes)
  }
}
