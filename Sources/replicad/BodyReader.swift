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
  /// The sender may take its time from one piece to the next, as one does that waits for an echo.
  private let isLeisurely: Bool
  private var allowance = Allowance()
  /// What is at hand of the body, if anything, was looked at and says nothing without more behind it.
  private var needsMore = false
  private var isOver: Bool
  private var remaining = 0
  private var scanner = ChunkedScanner(keepsFraming: false)

  /// - Parameter isLeisurely: any byte ends a silence; else the whole has to come at a least rate.
  init(_ framing: BodyFraming, isLeisurely: Bool) {
    self.isLeisurely = isLeisurely
    isChunked = framing == .chunked
    if case .length(let length) = framing { remaining = length }
    isOver = !isChunked && remaining == 0
  }

  /// There is nothing to read.
  var isEmpty: Bool { isOver }

  /// The next bytes of the body; none where the bytes at hand are framing only. Each call receives
  /// some, or uses some that were not looked at before, or is the last.
  mutating func next(_ channel: inout Channel) -> Step {
    guard !isOver else { return .ended }
    if channel.input.isEmpty || needsMore {
      if isLeisurely { allowance = Allowance() }
      switch channel.fill(within: &allowance) {
      case .more: break
      case .timedOut: return .timedOut
      // The scanner has a limit of its own for what it leaves, far below the input's space.
      case .full: return .malformed
      case .ended: return .lost
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
    needsMore = !isOver
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
