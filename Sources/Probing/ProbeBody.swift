// The body of a probe's answer, searched for a text while it comes: chunks are decoded, and nothing
// is kept but what may be the beginning of a match.

import HTTPWire

/// What the body of one answer must contain, and how far it has come. The probe owns it.
struct ProbeBody {
  enum Finding {
    /// More has to come.
    case waits
    case match, noMatch, malformed
  }

  /// So much of an answer's body is searched, its framing included.
  private static var limit: Int { 64 << 10 }

  let status: Int
  private let wanted: [UInt8]
  /// Of a chunked body.
  private var scanner: ChunkedScanner?
  /// Chunked bytes that come again with more behind them.
  private var unscanned: [UInt8] = []
  /// Bytes that are still to come, of a body that is not chunked.
  private var left: Int
  /// Bytes that were taken.
  private var count = 0
  /// The last data that was searched, and what has come since.
  private var data: [UInt8] = []

  init(_ body: BodyFraming, status: Int, wanted: [UInt8]) {
    self.status = status
    self.wanted = wanted
    scanner = body == .chunked ? ChunkedScanner(keepsFraming: false) : nil
    left =
      switch body {
      case .none, .chunked: 0
      case .length(let count): count
      case .untilClose: .max
      }
  }

  /// Takes the next bytes of the body, or none where its head was all that came.
  mutating func take(_ bytes: Span<UInt8>) -> Finding {
    let bytes = bytes.extracting(first: ProbeBody.limit - count)
    count += bytes.count
    let outcome = scanner == nil ? takePlain(bytes) : takeChunked(bytes)
    if outcome == .malformed { return .malformed }
    if hasMatch { return .match }
    data.removeFirst(max(0, data.count - wanted.count))
    return outcome == .complete || count == ProbeBody.limit ? .noMatch : .waits
  }

  private mutating func takePlain(_ bytes: Span<UInt8>) -> ChunkedOutcome {
    let count = min(left, bytes.count)
    for index in 0..<count { data.append(bytes[index]) }
    left -= count
    return left == 0 ? .complete : .incomplete
  }

  private mutating func takeChunked(_ bytes: Span<UInt8>) -> ChunkedOutcome {
    guard var scanner else { return .malformed }
    for index in bytes.indices { unscanned.append(bytes[index]) }
    var span = unscanned.mutableSpan
    let (outcome, used, kept) = scanner.scan(&span)
    self.scanner = scanner
    data += unscanned[..<kept]
    unscanned.removeFirst(used)
    return outcome
  }

  private var hasMatch: Bool {
    guard data.count >= wanted.count else { return false }
    return (0...data.count - wanted.count).contains { start in
      wanted.indices.allSatisfy { data[start + $0] == wanted[$0] }
    }
  }
}
