// A request's body, batch by batch, however long it is.

import HTTPWire
import LinuxIO

/// Reads one request's body off a channel. Holds no bytes; those are in the channel's input.
struct BodyReader {
  /// What the next step came to.
  enum Step {
    /// The input begins with `count` bytes of data; `used` bytes are to be consumed after use.
    case data(count: Int, used: Int)
    case ended
    case malformed
    case timedOut
    /// The connection is lost.
    case lost
  }

  private let isChunked: Bool
  private var isOver: Bool
  private var remaining = 0
  private var scanner = ChunkedScanner(keepsFraming: false)

  init(_ framing: BodyFraming) {
    isChunked = framing == .chunked
    if case .length(let length) = framing { remaining = length }
    isOver = !isChunked && remaining == 0
  }

  /// There is nothing to read.
  var isEmpty: Bool { isOver }

  /// The next bytes of the body.
  mutating func next(_ channel: inout Channel) -> Step {
    guard !isOver else { return .ended }
    if channel.input.isEmpty {
      switch channel.fill() {
      case .more: break
      case .timedOut: return .timedOut
      case .full, .ended: return .lost
      }
    }
    return isChunked ? nextChunked(&channel.input) : nextCounted(channel.input.count)
  }

  private mutating func nextCounted(_ available: Int) -> Step {
    let count = min(available, remaining)
    remaining -= count
    isOver = remaining == 0
    return .data(count: count, used: count)
  }

  private mutating func nextChunked(_ input: inout Buffer) -> Step {
    var bytes = input.mutableSlice(input.start, input.end)
    let (outcome, used, kept) = scanner.scan(&bytes)
    if outcome == .malformed { return .malformed }
    isOver = outcome == .complete
    return .data(count: kept, used: used)
  }

  /// Reads the rest and drops it: the last step, which is never `.data`.
  mutating func drain(_ channel: inout Channel) -> Step {
    while true {
      let step = next(&channel)
      guard case .data(_, let used) = step else { return step }
      channel.input.consume(used)
    }
  }
}
