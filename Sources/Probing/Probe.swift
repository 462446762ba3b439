// One connection of the prober's to one replica: a question, its answer, and, where nothing speaks
// against the replica, a rest until the next question.

import Configuration
import HTTPWire
import LinuxIO

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

  var target: ProbeTarget
  let descriptor: Descriptor
  var startedAt: UInt64
  var phase = Phase.connecting
  /// Questions that were sent on it.
  var questions = 0
  /// It may rest behind its answer.
  var mayRest: Bool
  /// The next record in the list of the same replica's, or `absent`.
  var nextOfReplica = SlabSlot<Probe>.absent
  /// The answer so far, where its head came in pieces.
  private var answer: [UInt8] = []
  /// The answer's body, where it matters and the head has passed.
  private var body: ProbeBody?

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
    _ scratch: inout [UInt8], _ head: inout ResponseHead, _ expectation: ProbeExpectation
  ) -> Step {
    while true {
      switch receive(&scratch) {
      case .moved(let count):
        let step = take(scratch.span.extracting(first: count), &head, expectation)
        if step != .waits { return step }
      case .wouldBlock: return .waits
      case .ended: return isOpen ? .verdict(isPass: false, ending) : .over
      case .failed(let code):
        return isOpen ? .verdict(isPass: false, SystemError.brief(code)) : .over
      }
    }
  }

  private var ending: String { body == nil ? "closed without an answer" : "no match" }

  private func receive(_ scratch: inout [UInt8]) -> TransferOutcome {
    var space = scratch.mutableSpan
    return descriptor.receive(into: &space)
  }

  private mutating func take(
    _ bytes: Span<UInt8>, _ head: inout ResponseHead, _ expectation: ProbeExpectation
  ) -> Step {
    switch phase {
    case .ending(let left) where bytes.count <= left:
      finish(left - bytes.count)
      return .waits
    case .ending, .resting: return .over
    case .connecting, .asked: break
    }
    if body != nil { return search(bytes) }
    if answer.isEmpty {
      let step = judge(bytes, &head, expectation)
      if step == .waits { for index in bytes.indices { answer.append(bytes[index]) } }
      return step
    }
    for index in bytes.indices { answer.append(bytes[index]) }
    // Taken out, since it is looked at while the rest of the record changes.
    let whole = answer
    return judge(whole.span, &head, expectation)
  }

  /// The verdict once the answer's head is there.
  private mutating func judge(
    _ bytes: Span<UInt8>, _ head: inout ResponseHead, _ expectation: ProbeExpectation
  ) -> Step {
    var start = 0
    while true {
      let answer = bytes.extracting(start..<bytes.count)
      switch HeadParser.parse(response: answer, into: &head) {
      // Another head follows (RFC 9110 §15.2).
      case .complete(let end) where head.isInterim: start += end
      case .complete(let end):
        if let own = ownAnswer(head, answer) { return .verdict(isPass: false, own) }
        let isPass = expectation.statuses.contains(head.status)
        if isPass && !expectation.body.isEmpty {
          return beginSearch(behind: end, answer, head, expectation)
        }
        mayRest = mayRest && isPass && rest(behind: end, answer, head, expectation.method)
        return .verdict(isPass: isPass, String(head.status))
      case .incomplete where bytes.count < Probe.limit: return .waits
      case .incomplete: return .verdict(isPass: false, "head too long")
      case .malformed(.unknownStatus): return .verdict(isPass: false, "status \(head.status)")
      case .malformed(.tooManyFields):
        return .verdict(isPass: false, "over \(head.fields.limit) fields")
      case .malformed: return .verdict(isPass: false, "malformed")
      }
    }
  }

  /// What an lbd's answer comes to that no replica of it gave: the probe has come to this lbd itself, or
  /// is none that an lbd accepts, as no request would be.
  private func ownAnswer(_ head: borrowing ResponseHead, _ bytes: Span<UInt8>) -> String? {
    switch head.status {
    case 508 where ProxyError.loop.isSaid(head.fields, bytes): "lbd itself"
    case 400..<500 where ProxyError.request.isSaid(head.fields, bytes):
      "\(head.status) of an lbd"
    default: nil
    }
  }

  /// Goes on to the answer's end, by the rules that hold for a client's (RFC 9112 §6.3). False where
  /// the connection can't or won't serve another question.
  private mutating func rest(
    behind end: Int, _ bytes: Span<UInt8>, _ head: borrowing ResponseHead, _ method: Method
  ) -> Bool {
    var framing = ResponseFraming()
    guard head.status >= 200, Framing.examine(head, bytes, to: method, into: &framing),
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

  /// The verdict is the body's, which begins behind the head.
  private mutating func beginSearch(
    behind end: Int, _ bytes: Span<UInt8>, _ head: borrowing ResponseHead,
    _ expectation: ProbeExpectation
  ) -> Step {
    var framing = ResponseFraming()
    guard Framing.examine(head, bytes, to: expectation.method, into: &framing) else {
      return .verdict(isPass: false, "malformed")
    }
    body = ProbeBody(framing.body, status: head.status, wanted: expectation.body)
    mayRest = false
    return search(bytes.extracting(end..<bytes.count))
  }

  private mutating func search(_ bytes: Span<UInt8>) -> Step {
    guard let finding = body?.take(bytes), let status = body?.status else { return .waits }
    return switch finding {
    case .waits: .waits
    case .match: .verdict(isPass: true, String(status))
    case .noMatch: .verdict(isPass: false, "no match")
    case .malformed: .verdict(isPass: false, "malformed")
    }
  }

  private mutating func finish(_ left: Int) {
    phase = left == 0 ? .resting : .ending(left)
    answer.removeAll()
  }
}
