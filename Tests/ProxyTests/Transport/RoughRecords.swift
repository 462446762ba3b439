// A record protocol that asks of a transport what TLS may: bytes travel in whole records, what is received
// may have to be answered at once, and a sender may have to wait for its peer.

/// Records of `[kind, length, length]` and so many bytes, each turned over. After a few data records a
/// sender asks, and sends no more before it has been told that it may.
struct RoughRecords {
  private enum Kind { static let data: UInt8 = 1, asks: UInt8 = 2, may: UInt8 = 3 }
  static let longest = 3000
  /// Data records between two questions.
  private let allowance: Int
  private var allowed: Int
  private(set) var hasAsked = false
  /// Received and not yet a whole record.
  private var input: [UInt8] = []
  /// For the application.
  private(set) var data: [UInt8] = []
  private var taken = 0
  /// For the socket.
  var output: [UInt8] = []
  /// A question of the peer has its answer among the output.
  var owesAnswer = false

  init(allowance: Int) {
    self.allowance = allowance
    allowed = allowance
  }

  /// Bytes for the application.
  var available: Int { data.count - taken }
  var maySend: Bool { allowed > 0 }
  /// Nothing of a record is missing.
  var isWhole: Bool { input.isEmpty }

  mutating func received(_ bytes: [UInt8]) {
    input += bytes
    var from = 0
    while input.count - from >= 3 {
      let length = Int(input[from + 1]) << 8 | Int(input[from + 2])
      guard input.count - from >= 3 + length else { break }
      switch input[from] {
      case Kind.data: data += input[(from + 3)..<(from + 3 + length)].map { ~$0 }
      case Kind.asks:
        output += [Kind.may, 0, 0]
        owesAnswer = true
      default: (allowed, hasAsked) = (allowance, false)
      }
      from += 3 + length
    }
    input.removeFirst(from)
  }

  /// Puts bytes into a record. The sender may send.
  mutating func send(_ bytes: [UInt8]) {
    allowed -= 1
    output += [Kind.data, UInt8(bytes.count >> 8), UInt8(bytes.count & 255)] + bytes.map { ~$0 }
  }

  mutating func ask() {
    hasAsked = true
    output += [Kind.asks, 0, 0]
  }

  mutating func take(_ count: Int) -> [UInt8] {
    let piece = Array(data[taken..<(taken + count)])
    taken += count
    if taken == data.count { (data, taken) = ([], 0) }
    return piece
  }
}
