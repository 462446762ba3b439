// A request's bytes on their way through a leg: what was received of it lies in one buffer, and four
// offsets say how far each part of it is.
//
//   | replayFrom … sentTo … readyTo | next request, or free |
//                            nextFrom^

import LinuxIO

/// The bytes that a client has sent and that were not yet passed on. The client's record holds it.
struct RequestBytes: ~Copyable {
  private let anchor = Anchor()
  /// Head, rewritten in place, and what is at hand of the body; then what follows the request.
  var buffer = Buffer()
  // A buffer is far smaller than 4 GiB, and there are as many of these as there are clients.
  private var offsets: (replay: UInt32, sent: UInt32, ready: UInt32, next: UInt32) = (0, 0, 0, 0)

  /// Where a retry begins.
  var replayFrom: Int { Int(offsets.replay) }
  /// How far the replica's connection has taken it.
  var sentTo: Int { Int(offsets.sent) }
  /// How far it may be sent.
  var readyTo: Int { Int(offsets.ready) }
  /// Where the bytes after this request begin, as far as it is known.
  var nextFrom: Int { Int(offsets.next) }

  /// Whether all that may be sent was.
  var isSent: Bool { offsets.sent == offsets.ready }
  /// Whether bytes were received that were not yet looked at.
  var hasMore: Bool { nextFrom < buffer.end }

  /// The head of a request, so many bytes long, lies at the front, to be sent.
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

  /// Nothing of what is at hand is ready, and nothing of it is sent again.
  mutating func restart() {
    let start = offset(buffer.start)
    offsets = (start, start, start, start)
  }

  /// The request is to be sent from its beginning.
  mutating func rewind() { offsets.sent = offsets.replay }

  mutating func sent(_ count: Int) { offsets.sent += offset(count) }

  /// Nobody takes the rest of what is ready.
  mutating func dropReady() { offsets.sent = offsets.ready }

  /// The request's body is ready up to an offset, and what follows it begins at another.
  mutating func take(upTo ready: Int, next: Int) {
    offsets.ready = offset(ready)
    offsets.next = offset(next)
  }

  /// Takes the room of former requests for what comes of this one.
  mutating func moveUp() {
    let before = buffer.start
    buffer.compact()
    let moved = offset(before - buffer.start)
    offsets = (
      offsets.replay - moved, offsets.sent - moved, offsets.ready - moved, offsets.next - moved
    )
  }

  /// Gives up what was sent. What was looked at and is not yet ready stays, such as a part of a
  /// trailer's line.
  mutating func dropSent() { buffer.consume(nextFrom - buffer.start) }

  /// The request is over: what follows it is at the front, and no buffer is held without bytes.
  mutating func end() {
    if buffer.isHeld && nextFrom > buffer.start { dropSent() }
    if buffer.isEmpty { buffer.giveBack() }
  }

  @inline(__always)
  private func offset(_ value: Int) -> UInt32 { UInt32(truncatingIfNeeded: value) }
}
