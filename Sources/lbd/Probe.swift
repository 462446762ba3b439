// One connection of the prober's to one replica: a question, its answer, and, where nothing speaks
// against the replica, a rest until the next question.

import Configuration
import HTTPWire
import LinuxIO

/// Whom to probe.
struct ProbeTarget {
  let slot: Int
  let address: SocketAddress
  /// What the probe's Host field says.
  let host: String
}

/// What a probe came to.
struct ProbeResult {
  enum Verdict {
    case pass, failure
    /// lbd itself could not ask.
    case none
  }

  let slot: Int
  let verdict: Verdict
  /// `200`, `refused`, `timeout` …
  let text: String
  /// It was asked on a connection of its own.
  let isFresh: Bool
  let nanoseconds: UInt64
}

/// A connection with what was asked and answered on it. The prober owns it.
struct Probe: ~Copyable {
  enum Phase {
    case connecting
    /// The question was sent, and no verdict is there.
    case asked
    /// The verdict is there, and so many bytes of the answer's body are still to come.
    case ending(Int)
    case resting
  }

  /// What sending the question came to.
  enum Asking: Equatable {
    case done
    /// The connection does not stand yet.
    case tooEarly
    case failed(String)
  }

  /// What bytes, or their end, came to.
  enum Step: Equatable {
    /// More is to come.
    case waits
    case verdict(isPass: Bool, String)
    /// Nothing more is to be had of this connection.
    case over
  }

  let target: ProbeTarget
  let descriptor: Descriptor
  var startedAt: UInt64
  var phase = Phase.connecting
  /// Questions that were sent on it.
  var questions = 0
  /// It may rest behind its answer.
  var mayRest: Bool
  /// The answer so far, where its head came in pieces.
  private var answer: [UInt8] = []

  init(_ target: ProbeTarget, _ descriptor: consuming Descriptor, mayRest: Bool, now: UInt64) {
    self.target = target
    self.descriptor = descriptor
    self.mayRest = mayRest
    startedAt = now
  }

  /// Whether a verdict is awaited.
  var isOpen: Bool {
    switch phase {
    case .connecting, .asked: true
    case .ending, .resting: false
    }
  }

  /// It has served one question at most.
  var isFresh: Bool { questions <= 1 }

  var isResting: Bool { if case .resting = phase { true } else { false } }
}

extension Probe {
  /// An answer's head or body that is longer ends its connection.
  private static var limit: Int { 64 << 10 }

  /// Sends the question, which fits any socket's buffer.
  mutating func ask(_ question: [UInt8]) -> Asking {
    switch descriptor.send(question.span) {
    case .moved(let count) where count == question.count:
      phase = .asked
      questions += 1
      return .done
    case .failed(let code): return .failed(SystemError.brief(code))
    case .wouldBlock: return .tooEarly
    case .moved, .ended: return .failed("takes no bytes")
    }
  }

  /// Takes what is there.
  /// - Parameters:
  ///   - scratch: room to receive into, of the prober's.
  ///   - head: room to parse into, likewise.
  mutating func receive(
    _ scratch: inout [UInt8], _ head: inout ResponseHead, _ expect: StatusRanges
  ) -> Step {
    while true {
      switch receive(&scratch) {
      case .moved(let count):
        let step = take(scratch.span.extracting(first: count), &head, expect)
        if step != .waits { return step }
      case .wouldBlock: return .waits
      case .ended: return isOpen ? .verdict(isPass: false, "closed without an answer") : .over
      case .failed(let code):
        return isOpen ? .verdict(isPass: false, SystemError.brief(code)) : .over
      }
    }
  }

  private func receive(_ scratch: inout [UInt8]) -> TransferOutcome {
    var space = scratch.mutableSpan
    return descriptor.receive(into: &space)
  }

  private mutating func take(
    _ bytes: Span<UInt8>, _ head: inout ResponseHead, _ expect: StatusRanges
  ) -> Step {
    switch phase {
    case .ending(let left) where bytes.count <= left:
      finish(left - bytes.count)
      return .waits
    case .ending, .resting: return .over
    case .connecting, .asked: break
    }
    if answer.isEmpty {
      let step = judge(bytes, &head, expect)
      if step == .waits { for index in bytes.indices { answer.append(bytes[index]) } }
      return step
    }
    for index in bytes.indices { answer.append(bytes[index]) }
    // Taken out, since it is looked at while the rest of the record changes.
    let whole = answer
    return judge(whole.span, &head, expect)
  }

  /// The verdict once the answer's head is there.
  private mutating func judge(
    _ bytes: Span<UInt8>, _ head: inout ResponseHead, _ expect: StatusRanges
  ) -> Step {
    var start = 0
    while true {
      let answer = bytes.extracting(start..<bytes.count)
      switch HeadParser.parse(response: answer, into: &head) {
      // Another head follows (RFC 9110 §15.2).
      case .complete(let end) where head.isInterim: start += end
      case .complete(let end):
        let isPass = expect.contains(head.status)
        mayRest = mayRest && isPass && rest(behind: end, answer, head)
        return .verdict(isPass: isPass, String(head.status))
      case .incomplete where bytes.count < Probe.limit: return .waits
      case .incomplete, .malformed: return .verdict(isPass: false, "malformed")
      }
    }
  }

  /// Goes on to the answer's end, by the rules that hold for a client's (RFC 9112 §6.3). False where
  /// the connection can't or won't serve another question.
  private mutating func rest(
    behind end: Int, _ bytes: Span<UInt8>, _ head: borrowing ResponseHead
  ) -> Bool {
    var framing = ResponseFraming()
    guard head.status >= 200, Framing.examine(head, bytes, to: .get, into: &framing),
      framing.isPersistent
    else { return false }
    let length: Int
    switch framing.body {
    case .none: length = 0
    case .length(let count): length = count
    case .chunked, .untilClose: return false
    }
    let left = length - (bytes.count - end)
    guard length <= Probe.limit && left >= 0 else { return false }
    finish(left)
    return true
  }

  private mutating func finish(_ left: Int) {
    phase = left == 0 ? .resting : .ending(left)
    answer.removeAll()
  }
}
