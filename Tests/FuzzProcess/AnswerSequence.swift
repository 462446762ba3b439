// The answers on a client's connection, which must be those of its requests, in their order.

/// Reads the answers to requests that were sent as they were made.
struct AnswerSequence {
  private let requests: [MadeRequest]
  private var index = 0
  private var position = 0
  /// Nothing more has to be read.
  private(set) var isOver = false

  init(_ requests: [MadeRequest]) {
    self.requests = requests
  }

  /// How many were answered whole.
  var count: Int { index }

  /// Takes what has come so far.
  mutating func advance(_ bytes: [UInt8], isEnded: Bool) throws(Malformed) {
    while !isOver && index < requests.count {
      let request = requests[index]
      guard
        case .whole(let answer, let end) = try Answer.read(
          bytes, from: position, isHead: request.isHead, isEnded: isEnded)
      else { return }
      try check(answer, Array(bytes[position..<end]), request)
      (index, position) = (index + 1, end)
      isOver = answer.isLast || answer.status == 101
      // Who refuses a head can't know that it asked for none.
      if answer.isLast && request.isHead && 400..<500 ~= answer.status { position = bytes.count }
      guard !answer.isLast || position == bytes.count else {
        throw Malformed("bytes behind the last answer", bytes[end...])
      }
    }
    guard !isOver else { return }
    isOver = index == requests.count
    guard position == bytes.count || index < requests.count else {
      throw Malformed("bytes behind all answers", bytes[position...])
    }
  }

  private func check(
    _ answer: Answer, _ bytes: [UInt8], _ request: MadeRequest
  ) throws(Malformed) {
    // What the body holds was searched here before it was put together from chunks, and after.
    for token in Token.all(in: bytes) + Token.all(in: answer.body) where token != request.token {
      throw Malformed("an answer for \(token.text) to \(request.token.text)", bytes)
    }
    guard answer.status != 101 || request.wantsUpgrade else {
      throw Malformed("a change of protocol that was not asked for", bytes)
    }
  }
}
