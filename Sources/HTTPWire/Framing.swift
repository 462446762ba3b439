// What a head says about the message that it begins: where the body ends, and whether the
// connection goes on. These are the rules that smuggling attacks try to bend, so a message that
// two servers could cut in two places is refused, not repaired.

/// Where a body ends (RFC 9112 §6.3).
package enum BodyFraming: Equatable, Sendable {
  case none
  /// After this many bytes, zero or more.
  case length(Int)
  case chunked
  /// With the connection; responses only.
  case untilClose
}

/// What a request's head decides.
package struct RequestFraming: Sendable {
  package var body = BodyFraming.none
  /// The client wants the connection to go on (RFC 9112 §9.3).
  package var isPersistent = true
  /// It waits for a 100 before it sends the body (RFC 9110 §10.1.1).
  package var expectsContinue = false
  /// It asks for another protocol (RFC 9110 §7.8), none of those that lbd declines.
  package var wantsUpgrade = false
  /// How many hops an OPTIONS or TRACE may still go (RFC 9110 §7.6.2); `Int.max` where unstated.
  package var hopsLeft = Int.max
  /// `Connection` lists fields that must not go further (RFC 9110 §7.6.1).
  package var listsFields = false
  /// `Via` says through whom it came (RFC 9110 §7.6.3); see `Hops`.
  package var hasVia = false
  /// The Host field; absent in some HTTP/1.0 requests.
  package var host: Field?

  package init() {}
}

/// What a response's head decides.
package struct ResponseFraming: Sendable {
  package var body = BodyFraming.none
  package var isPersistent = true
  /// It has no body and states one: by a server that sends it all the same, it would be taken for the
  /// next response.
  package var statesBody = false
  package var listsFields = false
  /// It names a protocol to go on with (RFC 9110 §7.8).
  package var hasUpgrade = false
  /// It states when it was made.
  package var hasDate = false
  /// How long the connection is kept for the next request, in seconds, where that is said.
  package var keepAlive: Int?

  package init() {}
}

/// The rules of message framing, each with its section.
package enum Framing {
  /// Judges a request head. The reason to refuse it, or nil with `framing` filled in.
  package static func examine(
    _ head: borrowing RequestHead, _ bytes: Span<UInt8>, into framing: inout RequestFraming
  ) -> Refusal? {
    framing = RequestFraming()
    let isVersion10 = head.isVersion10
    var facts = FramingFacts()
    if let refusal = facts.gather(head.fields, bytes) { return refusal }
    if let refusal = judgeHost(head, facts, bytes) { return refusal }
    framing.host = facts.host
    // RFC 9110 §10.1.1: an HTTP/1.0 client's expectation is ignored, an unknown one refused.
    if facts.expectsOther { return .unknownExpectation }
    framing.expectsContinue = facts.expectsContinue && !isVersion10
    if let refusal = judgeBody(facts, isVersion10, into: &framing.body) { return refusal }
    framing.isPersistent =
      isVersion10 ? facts.saysKeepAlive && !facts.saysClose : !facts.saysClose
    // RFC 9110 §7.8: Upgrade counts only with its connection option, and not in HTTP/1.0. A body
    // before a change of protocol would leave two readings of what follows.
    framing.wantsUpgrade =
      facts.saysUpgrade && facts.hasUpgrade && !facts.upgradesHTTP && !isVersion10
      && (framing.body == .none || framing.body == .length(0))
    framing.listsFields = facts.listsFields
    framing.hasVia = facts.hasVia
    if let hops = facts.maxForwards, head.method == .options || head.method == .trace {
      framing.hopsLeft = hops
    }
    return nil
  }

  /// Where a request's body ends.
  private static func judgeBody(
    _ facts: FramingFacts, _ isVersion10: Bool, into body: inout BodyFraming
  ) -> Refusal? {
    if facts.codings > 0 {
      // RFC 9112 §6.1: Transfer-Encoding from HTTP/1.0 is faulty framing; with Content-Length it
      // is an attempt at smuggling. §6.3: a coding that does not end in chunked has no end; §7:
      // chunked stands once.
      guard !isVersion10 && facts.lengths == 0 else { return .conflictingFraming }
      guard facts.isChunked && facts.chunkeds == 1 else { return .malformedTransferCoding }
      guard facts.codings == 1 else { return .unknownTransferCoding }
      body = .chunked
    } else if facts.lengths > 0 {
      guard let length = facts.length else { return .malformedLength }
      body = .length(length)
    }
    return nil
  }

  /// The same as `judge`, for who does not ask why. False when the response is broken.
  package static func examine(
    _ head: borrowing ResponseHead, _ bytes: Span<UInt8>, to method: Method,
    into framing: inout ResponseFraming
  ) -> Bool {
    judge(head, bytes, to: method, into: &framing) == nil
  }

  /// Judges a response head to a request with `method`. What is wrong with it, so that it must not be
  /// passed on (RFC 9112 §6.3), or nil with `framing` filled in.
  package static func judge(
    _ head: borrowing ResponseHead, _ bytes: Span<UInt8>, to method: Method,
    into framing: inout ResponseFraming
  ) -> Refusal? {
    framing = ResponseFraming()
    let (isVersion10, status) = (head.isVersion10, head.status)
    var facts = FramingFacts()
    if let flaw = facts.gather(head.fields, bytes) { return flaw }
    if facts.codings > 0 {
      guard !isVersion10 && facts.lengths == 0 else { return .conflictingFraming }
      guard facts.codings == 1 && facts.isChunked else { return .unknownTransferCoding }
    }
    if facts.lengths > 0 && facts.length == nil { return .malformedLength }
    framing.isPersistent =
      isVersion10 ? facts.saysKeepAlive && !facts.saysClose : !facts.saysClose
    framing.listsFields = facts.listsFields
    framing.hasUpgrade = facts.saysUpgrade && facts.hasUpgrade
    framing.hasDate = facts.hasDate
    framing.keepAlive = facts.keepAlive
    if method == .head || status < 200 || status == 204 || status == 304 {
      framing.body = .none
      framing.statesBody = facts.codings > 0 || facts.length ?? 0 > 0
    } else if facts.codings > 0 {
      framing.body = .chunked
    } else if let length = facts.length {
      framing.body = .length(length)
    } else {
      framing.body = .untilClose
      framing.isPersistent = false
    }
    return nil
  }

  /// RFC 9112 §3.2: exactly one Host in HTTP/1.1, at most one in 1.0, and a well-formed one.
  private static func judgeHost(
    _ head: borrowing RequestHead, _ facts: FramingFacts, _ bytes: Span<UInt8>
  ) -> Refusal? {
    let isOptional = head.isVersion10
    guard facts.hosts == 1 || facts.hosts == 0 && isOptional else { return .missingHost }
    // Empty is what a target without an authority asks for.
    guard let range = facts.host?.valueRange, !range.isEmpty else { return nil }
    return Authority.isWellFormed(bytes, range) ? nil : .malformedHost
  }

  /// Whether a `Connection` field of this head lists the field `name`.
  package static func lists(
    _ fields: borrowing HeaderFields, _ bytes: Span<UInt8>, _ name: Range<Int>
  ) -> Bool {
    for index in 0..<fields.count where fields[index].name == .connection {
      let isAbsent = Text.eachMember(bytes, fields[index].valueRange) {
        !Text.matches(bytes, $0, bytes, name)
      }
      if !isAbsent { return true }
    }
    return false
  }

  /// Whether a request offered every protocol that a 101 goes on with, and that is one at least
  /// (RFC 9110 §7.8).
  package static func offers(
    _ fields: borrowing HeaderFields, _ bytes: Span<UInt8>, _ protocols: Span<UInt8>
  ) -> Bool {
    var count = 0
    let isOffered = Text.eachMember(protocols, 0..<protocols.count) { member in
      count += 1
      for index in 0..<fields.count where fields[index].name == .upgrade {
        let isAbsent = Text.eachMember(bytes, fields[index].valueRange) {
          !Text.matches(bytes, $0, protocols, member)
        }
        if !isAbsent { return true }
      }
      return false
    }
    return isOffered && count > 0
  }
}
