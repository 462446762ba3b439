// A request's bytes on their way through a leg. The received bytes lie in one buffer; four offsets say
// how far each part is.
//
//   | replayFrom … sentTo … readyTo | next request, or free |
//                            nextFrom^

import LinuxIO

/// The bytes that a client has sent and that were not yet passed on. The client's record holds it.
struct RequestBytes: ~Copyable {
  private let anchor = Anchor()
  /// The head, rewritten in place, and the received bytes of the body; then the bytes after the
  /// request.
  var buffer = Buffer()
  // 32 bits each: a buffer is far smaller than 4 GiB, and each client has these offsets.
  private var offsets: (replay: UInt32, sent: UInt32, ready: UInt32, next: UInt32) = (0, 0, 0, 0)

  /// The offset at which a retry begins.
  var replayFrom: Int { Int(offsets.replay) }
  /// The end of the bytes that the replica's connection has taken.
  var sentTo: Int { Int(offsets.sent) }
  /// The end of the bytes that may be sent.
  var readyTo: Int { Int(offsets.ready) }
  /// The offset of the bytes after this request, as far as it is known.
  var nextFrom: Int { Int(offsets.next) }

  /// Whether all bytes that may be sent were sent.
  var isSent: Bool { offsets.sent == offsets.ready }
  /// Whether some received bytes were not yet looked at.
  var hasMore: Bool { nextFrom < buffer.end }

  /// Begins a request whose head, so many bytes long, lies at the front.
  mutating func begin(head count: Int) {
    restart()
    offsets.ready = offset(buffer.start + count)
    offsets.next = offsets.ready
  }

  /// Drops a head that is sent to no replica.
  mutating func dropHead(_ count: Int) {
    buffer.consume(count)
    restart()
  }

  /// Makes none of the bytes at hand ready, and none to be sent again.
  mutating func restart() {
    let start = offset(buffer.start)
    offsets = (start, start, start, start)
  }

  /// Makes the request ready to be sent from its beginning.
  mutating func rewind() { offsets.sent = offsets.replay }

  mutating func sent(_ count: Int) { offsets.sent += offset(count) }

  /// Counts the rest of the ready bytes as sent: nobody takes them.
  mutating func dropReady() { offsets.sent = offsets.ready }

  /// Makes the body ready up to an offset; the bytes after it begin at another.
  mutating func take(upTo ready: Int, next: Int) {
    offsets.ready = offset(ready)
    offsets.next = offset(next)
  }

  /// Moves the bytes to the buffer's front, over those of former requests.
  mutating func moveUp() {
    let before = buffer.start
    buffer.compact()
    let moved = offset(before - buffer.start)
    offsets = (
      offsets.replay - moved, offsets.sent - moved, offsets.ready - moved, offsets.next - moved
    )
  }

  /// Gives up the bytes that were sent. Bytes that were looked at and are not yet ready stay, such as a
  /// part of a trailer's line.
  mutating func dropSent() { buffer.consume(nextFrom - buffer.start) }

  /// Ends the request: the bytes after it are at the front now, and no buffer is held without bytes.
  mutating func end() {
    if buffer.isHeld && nextFrom > buffer.start { dropSent() }
    if buffer.isEmpty { buffer.giveBack() }
  }

  @inline(__always)
  private func offset(_ value: Int) -> UInt32 { UInt32(truncatingIfNeeded: value) }
}
