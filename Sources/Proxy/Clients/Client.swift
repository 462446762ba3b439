// A client's connection as its worker keeps it: small, so that a hundred thousand idle ones cost
// little. What an exchange needs beyond it is in the exchange, which exists only while one is under
// way; the buffer is held only while bytes are in flight.

import HTTPWire
import LinuxIO

/// A connection from a client.
struct Client: ~Copyable {
  private let anchor = Anchor()
  /// What the connection is doing when no exchange is under way.
  enum Phase: UInt8 {
    /// It waits for the first byte of a head, or for the rest of one.
    case reading
    /// An exchange is under way.
    case exchanging
    /// The last answer went out and the sending side was ended; what still comes is thrown away
    /// until the client ends too, so that a reset cannot overtake the answer (RFC 9112 §9.6).
    case lingering
    /// The last bytes of a response are on their way; then the connection is closed, or reset.
    case delivering
  }

  var leg: Leg
  /// Who the client is: the peer, or whom a trusted proxy has named.
  private(set) var address: AddressText
  private(set) var port: UInt16
  /// It is a trusted proxy.
  private(set) var isTrusted: Bool
  /// It is connected over loopback, and nobody has said that it speaks for another.
  private(set) var isLocal: Bool
  /// Nothing was read yet, and what comes first may, or must, be a PROXY header.
  var mayNameClient: Bool
  /// What was received and not yet passed on.
  var input = RequestBytes()
  /// The exchange under way, or `absent`.
  var exchange = SlabSlot<Exchange>.absent
  var phase = Phase.reading
  /// The connection is over in both directions: what is at hand of it has no reader.
  var isOver = false
  /// It counts against what its address may have: see `AddressCounts`.
  var isCounted = false
  /// Since when it rests, reads a head, or lingers.
  var since: UInt64
  /// A head has begun to arrive, so that the deadline of the head runs.
  var hasBegunHead = false
  /// How far the incomplete head has been looked at, counted from the input's first byte.
  var scanned: UInt32 = 0
  /// Its last request had a long body: the next one is received into a larger buffer.
  var sendsLong = false
  /// lbd stops: the connection ends after what is under way on it, and soon where nothing is.
  var isLeaving = false
  /// It is reset once the last bytes of its response were delivered.
  var resetsThen = false
  /// It is in the worker's list of those that gave way to others.
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

  /// Goes on for the client that the peer named. What that one says is believed only if it is a
  /// trusted proxy, too.
  mutating func speak(for client: borrowing SocketAddress, isTrusted: Bool) {
    address = AddressText(client)
    port = client.port
    self.isTrusted = isTrusted
    isLocal = false
  }

  /// Goes on for someone of whom the peer says nothing: the peer's word does not count for it.
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
  // The bytes of the input are looked at in here, so that no span outlives the look.

  func parse(into head: inout RequestHead) -> ParseOutcome {
    HeadParser.parse(request: input.buffer.bytes, into: &head)
  }

  func examine(_ head: borrowing RequestHead, into framing: inout RequestFraming) -> Refusal? {
    Framing.examine(head, input.buffer.bytes, into: &framing)
  }

  /// Whether the incomplete head may be complete now, counting what was `scanned` before.
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

  /// Writes the head that a replica gets, in the place of the one at the input's front.
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

  /// Through which lbds the request has come.
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

  /// Puts what was written in the place of the input's first `length` bytes. False when it does
  /// not fit.
  mutating func replaceHead(_ length: Int, _ writer: borrowing ByteWriter) -> Bool {
    input.buffer.consume(length)
    if writer.isOverfull { return false }
    return input.buffer.prepend(writer.bytes)
  }
}
