// A chunked body, scanned whole: for its data, and for the normal form in which it goes on.

import HTTPWire

/// The bytes behind a head that says `chunked`, and perhaps those of what follows.
struct ChunkedBody {
  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  func answer() -> String {
    let data = scanned(keepsFraming: false)
    let normal = scanned(keepsFraming: true)
    guard data.outcome == normal.outcome && data.used == normal.used else {
      fatalError("one body ends in two places")
    }
    switch data.outcome {
    case .incomplete: return "incomplete"
    case .malformed:
      return "refused \(Refusal.malformedChunk.status) \(Refusal.malformedChunk.detail)"
    case .complete:
      return "chunked \(data.used) \(data.text) \(normal.text)"
    }
  }

  private func scanned(keepsFraming: Bool) -> (outcome: ChunkedOutcome, used: Int, text: String) {
    var scanner = ChunkedScanner(keepsFraming: keepsFraming, keepsTrailers: true)
    var left = bytes
    var span = left.mutableSpan
    let (outcome, used, kept) = scanner.scan(&span)
    return (outcome, used, Hex.text(left.span, 0..<kept))
  }
}
