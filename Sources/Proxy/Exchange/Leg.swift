// One side of an exchange, as its connection has it: a socket, and the way in which bytes travel on it.
// Every transfer of bytes goes through here, so that no other code asks how bytes travel.

package import LinuxIO

/// How the bytes of a leg travel.
enum Transport: UInt8 {
  /// As they are, over the leg's socket.
  case plain
  /// By a `LegTransport`, over the leg's socket.
  case other
}

/// The outcome of a transfer of a `LegTransport`.
package struct Receipt {
  /// Bytes that have not moved have left no trace.
  package var outcome: TransferOutcome
  /// More may be received without another event: the transport holds some, or the socket may.
  package var mayHaveMore = false
  /// A send that waited for the peer may go on, by what was received.
  package var letsSend = false
  /// A receive goes on when there is room to send, a send when the peer has sent something.
  package var wantsOther = false
  /// The transport holds bytes that the socket did not take: nothing more is sent before `flush`.
  package var holdsOutput = false

  package init(_ outcome: TransferOutcome) { self.outcome = outcome }
}

/// The way in which bytes travel that do not travel as they are: TLS, or a test's transport. The worker
/// owns the transport and calls it on its own thread. The transport knows a leg by a number that the
/// transport has given.
package protocol LegTransport: AnyObject {
  /// A connection was accepted, or is being opened. Nil where its bytes travel as they are.
  func open(isClient: Bool) -> UInt32?
  /// The leg is closed.
  func close(_ link: UInt32)
  /// Receives after the buffer's bytes, where there is space.
  func receive(_ link: UInt32, _ socket: borrowing Descriptor, into buffer: inout Buffer) -> Receipt
  /// Sends from the front of some bytes. The call takes nothing from the socket: no event would tell of
  /// that.
  func send(_ link: UInt32, _ socket: borrowing Descriptor, _ bytes: Span<UInt8>) -> Receipt
  /// Takes the socket's bytes, and answers those that are for the transport alone. `mayHaveMore` is
  /// true where there are bytes for a receive. The outcome is `wouldBlock` unless the connection is
  /// over.
  func take(_ link: UInt32, _ socket: borrowing Descriptor) -> Receipt
  /// Sends the bytes that are held.
  func flush(_ link: UInt32, _ socket: borrowing Descriptor) -> Receipt
  /// Bytes that are held.
  func held(_ link: UInt32) -> Int
}

/// A leg's connection. Events, which come once for each change, and transfers tell for what the
/// connection is ready.
struct Leg: ~Copyable {
  private let anchor = Anchor()
  let socket: Descriptor
  let transport: Transport
  let link: UInt32
  /// A receive may move something, or learn of an end.
  var isReadable = false
  /// A send may move something.
  var isWritable: Bool
  /// The peer has ended its direction, or the connection is over.
  var isEnding = false
  /// The transport holds bytes that the socket did not take.
  private(set) var holdsOutput = false
  /// A receive goes on when there is room to send; a send when there are bytes to receive.
  private var receiveWantsRoom = false
  private var sendWantsBytes = false
  /// A receive has let a waiting send go on; the sending code is to be told.
  var wakesSender = false
  /// The sending side ends once nothing is held.
  private var endsOnceFlushed = false
  /// The bytes that the peer had not taken when its deadline last began. Fewer at the deadline mean
  /// that the peer reads, if slowly.
  var untaken: Int32 = 0

  /// - Parameters:
  ///   - link: the leg's number in its `LegTransport`; nil where bytes travel as they are.
  ///   - isConnected: the connection is open in both directions.
  init(_ socket: consuming Descriptor, link: UInt32?, isConnected: Bool) {
    self.socket = socket
    transport = link == nil ? .plain : .other
    self.link = link ?? .max
    isWritable = isConnected
  }

  // MARK: Events

  /// Notes the socket's readiness from an event.
  @inline(__always)
  mutating func note(_ readiness: Readiness, _ other: (any LegTransport)?) {
    if readiness.isReadable { isReadable = true }
    if readiness.isWritable { isWritable = true }
    if readiness.isEnding { isEnding = true }
    if transport != .plain { noteOther(readiness, other) }
  }

  private mutating func noteOther(_ readiness: Readiness, _ other: (any LegTransport)?) {
    guard let other else { return }
    if readiness.isWritable && receiveWantsRoom { (isReadable, receiveWantsRoom) = (true, false) }
    if readiness.isReadable && sendWantsBytes {
      let receipt = other.take(link, socket)
      if receipt.letsSend { sendWantsBytes = false }
      note(output: receipt)
    }
    if readiness.isWritable && holdsOutput { flush(other) }
    if holdsOutput || sendWantsBytes { isWritable = false }
  }

  /// Sends the held bytes, as far as the socket takes them.
  private mutating func flush(_ other: any LegTransport) {
    holdsOutput = other.flush(link, socket).holdsOutput
    guard !holdsOutput else { return }
    isWritable = true
    if endsOnceFlushed { Socket.endSending(socket) }
  }

  // MARK: Transfers

  /// One receive after the buffer's bytes. The buffer has space.
  @inline(__always)
  mutating func receive(
    into buffer: inout Buffer, _ other: (any LegTransport)?
  ) -> TransferOutcome {
    guard transport == .plain else { return receiveOther(into: &buffer, other) }
    let space = buffer.space
    let outcome = socket.receive(into: &buffer)
    switch outcome {
    // Fewer bytes than there was room for: the kernel has no more (epoll(7)), unless an end follows.
    case .moved(let count): isReadable = count == space || isEnding
    case .wouldBlock: isReadable = false
    case .ended, .failed: break
    }
    return outcome
  }

  private mutating func receiveOther(
    into buffer: inout Buffer, _ other: (any LegTransport)?
  ) -> TransferOutcome {
    guard let other else { fatalError("a leg without its transport") }
    let receipt = other.receive(link, socket, into: &buffer)
    switch receipt.outcome {
    case .moved: isReadable = receipt.mayHaveMore || isEnding
    case .wouldBlock:
      isReadable = false
      receiveWantsRoom = receipt.wantsOther
    case .ended, .failed: break
    }
    if sendWantsBytes && receipt.letsSend {
      (sendWantsBytes, isWritable, wakesSender) = (false, true, true)
    }
    // The received bytes may ask for an answer of the transport's own.
    note(output: receipt)
    return receipt.outcome
  }

  /// One send of a buffer's bytes between two offsets. They stay in the buffer.
  @inline(__always)
  mutating func send(
    _ buffer: borrowing Buffer, _ from: Int, _ to: Int, _ other: (any LegTransport)?
  ) -> TransferOutcome {
    guard transport == .plain else { return sendOther(buffer, from, to, other) }
    let outcome = socket.send(buffer, from, to)
    switch outcome {
    case .moved(let count): if count < to - from { isWritable = false }
    case .wouldBlock: isWritable = false
    case .ended, .failed: break
    }
    return outcome
  }

  private mutating func sendOther(
    _ buffer: borrowing Buffer, _ from: Int, _ to: Int, _ other: (any LegTransport)?
  ) -> TransferOutcome {
    guard let other else { fatalError("a leg without its transport") }
    let receipt = other.send(link, socket, buffer.slice(from, to))
    if case .wouldBlock = receipt.outcome {
      isWritable = false
      sendWantsBytes = receipt.wantsOther
    }
    note(output: receipt)
    return receipt.outcome
  }

  private mutating func note(output receipt: Receipt) {
    holdsOutput = receipt.holdsOutput
    if holdsOutput { isWritable = false }
  }

  // MARK: Ends

  /// Whether the readable bytes are for the transport alone, and have been read.
  mutating func isQuiet(_ other: (any LegTransport)?) -> Bool {
    transport != .plain && isSilentOther(other)
  }

  /// Tells the transport that the leg is about to be closed.
  @inline(__always)
  func close(_ other: (any LegTransport)?) {
    if transport != .plain { other?.close(link) }
  }

  /// Ends the sending side, after the held bytes.
  mutating func endSending() {
    if holdsOutput { endsOnceFlushed = true } else { Socket.endSending(socket) }
  }

  /// The close that follows resets the connection.
  func resetOnClose() { Socket.resetOnClose(socket) }

  /// Bytes that were sent and that the peer has not taken. One system call.
  func countUntaken(_ other: (any LegTransport)?) -> Int32 {
    let held = holdsOutput ? other?.held(link) ?? 0 : 0
    return Socket.unsentBytes(socket) + Int32(clamping: held)
  }

  /// Whether the peer has neither sent anything nor ended. One system call.
  @inline(__always)
  mutating func isSilent(_ other: (any LegTransport)?) -> Bool {
    transport == .plain ? socket.isSilent : isSilentOther(other)
  }

  private mutating func isSilentOther(_ other: (any LegTransport)?) -> Bool {
    guard let other else { return false }
    let receipt = other.take(link, socket)
    note(output: receipt)
    // No event comes again for what was taken.
    isReadable = receipt.outcome != .wouldBlock || receipt.mayHaveMore || isEnding
    return !isReadable
  }
}
