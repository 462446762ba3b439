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
  /// The Host field; absent in some HTTP/1.0 requests.
  package var host: Field?

  package init() {}
}

/// What a response's head decides.
package struct ResponseFraming: Sendable {
  package var body = BodyFraming.none
  package var isPersistent = true
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
    var facts = Facts()
    if let refusal = facts.gather(head.fields, bytes) { return refusal }
    if let refusal = judgeHost(head, facts, bytes) { return refusal }
    framing.host = facts.host
    if facts.expectations > 0 {
      // RFC 9110 §10.1.1: an HTTP/1.0 client's expectation is ignored, an unknown one refused.
      guard facts.expectsContinue && facts.expectations == 1 else { return .unknownExpectation }
      framing.expectsContinue = !isVersion10
    }
    if let refusal = judgeBody(facts, isVersion10, into: &framing.body) { return refusal }
    framing.isPersistent =
      isVersion10 ? facts.saysKeepAlive && !facts.saysClose : !facts.saysClose
    // RFC 9110 §7.8: Upgrade counts only with its connection option, and not in HTTP/1.0. A body
    // before a change of protocol would leave two readings of what follows.
    framing.wantsUpgrade =
      facts.saysUpgrade && facts.hasUpgrade && !facts.upgradesHTTP && !isVersion10
      && (framing.body == .none || framing.body == .length(0))
    framing.listsFields = facts.listsFields
    if let hops = facts.maxForwards, head.method == .options || head.method == .trace {
      framing.hopsLeft = hops
    }
    return nil
  }

  /// Where a request's body ends.
  private static func judgeBody(
    _ facts: Facts, _ isVersion10: Bool, into body: inout BodyFraming
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

  /// Judges a response head to a request with `method`. False when the response is broken and must
  /// not be passed on (RFC 9112 §6.3).
  package static func examine(
    _ head: borrowing ResponseHead, _ bytes: Span<UInt8>, to method: Method,
    into framing: inout ResponseFraming
  ) -> Bool {
    framing = ResponseFraming()
    let (isVersion10, status) = (head.isVersion10, head.status)
    var facts = Facts()
    guard facts.gather(head.fields, bytes) == nil else { return false }
    if facts.codings > 0 {
      guard !isVersion10 && facts.lengths == 0 && facts.codings == 1 && facts.isChunked else {
        return false
      }
    }
    if facts.lengths > 0 && facts.length == nil { return false }
    framing.isPersistent =
      isVersion10 ? facts.saysKeepAlive && !facts.saysClose : !facts.saysClose
    framing.listsFields = facts.listsFields
    framing.hasUpgrade = facts.saysUpgrade && facts.hasUpgrade
    framing.hasDate = facts.hasDate
    framing.keepAlive = facts.keepAlive
    if method == .head || status < 200 || status == 204 || status == 304 {
      framing.body = .none
      // A body is stated where none follows: by a server that sends it all the same, it would be
      // taken for the next response.
      if facts.codings > 0 || facts.length ?? 0 > 0 { framing.isPersistent = false }
    } else if facts.codings > 0 {
      framing.body = .chunked
    } else if let length = facts.length {
      framing.body = .length(length)
    } else {
      framing.body = .untilClose
      framing.isPersistent = false
    }
    return true
  }

  /// RFC 9112 §3.2: exactly one Host in HTTP/1.1, at most one in 1.0, and a well-formed one.
  private static func judgeHost(
    _ head: borrowing RequestHead, _ facts: Facts, _ bytes: Span<UInt8>
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

/// What the fields of a head say that bears on framing, before any rule is applied.
private struct Facts {
  var hosts = 0
  var host: Field?
  var lengths = 0
  var length: Int?
  /// Transfer codings over all field lines, empty list members counted too.
  var codings = 0
  /// How many of them are chunked, and whether the last is.
  var chunkeds = 0
  var isChunked = false
  var expectations = 0
  var expectsContinue = false
  var saysClose = false
  var saysKeepAlive = false
  var saysUpgrade = false
  var hasUpgrade = false
  var upgradesHTTP = false
  var listsFields = false
  var hasDate = false
  var maxForwards: Int?
  var keepAlive: Int?

  mutating func gather(_ fields: borrowing HeaderFields, _ bytes: Span<UInt8>) -> Refusal? {
    for index in 0..<fields.count {
      let field = fields[index]
      switch field.name {
      case .host:
        hosts += 1
        host = field
      case .contentLength:
        // RFC 9110 §8.6: a repeated or listed length is refused even when all agree.
        lengths += 1
        guard lengths == 1, let value = Facts.decimal(bytes, field.valueRange) else {
          return .malformedLength
        }
        length = value
      case .transferEncoding: transferCodings(bytes, field.valueRange)
      case .expect:
        expectations += 1
        expectsContinue = Text.matches(bytes, field.valueRange, "100-continue")
      case .upgrade: protocols(bytes, field.valueRange)
      case .date: hasDate = true
      case .maxForwards: hops(bytes, field.valueRange)
      case .connection: connectionOptions(bytes, field.valueRange)
      case .keepAlive: keepAliveParameters(bytes, field.valueRange)
      default: break
      }
    }
    return nil
  }

  private mutating func transferCodings(_ bytes: Span<UInt8>, _ range: Range<Int>) {
    var start = range.lowerBound
    repeat {
      var end = start
      while end < range.upperBound && bytes[end] != 0x2C { end += 1 }
      codings += 1
      isChunked = Text.matches(bytes, Text.trim(bytes, start..<end), "chunked")
      if isChunked { chunkeds += 1 }
      start = end + 1
    } while start <= range.upperBound
  }

  /// The least that is stated counts; what is too long to count is still a number.
  private mutating func hops(_ bytes: Span<UInt8>, _ range: Range<Int>) {
    for index in range where !ByteClass.isDigit(bytes[index]) { return }
    guard !range.isEmpty else { return }
    let stated = Facts.decimal(bytes, range) ?? 999_999_999
    maxForwards = min(maxForwards ?? .max, stated)
  }

  /// Other versions of HTTP, and TLS, are declined: behind their upgrade lbd would see no requests.
  private mutating func protocols(_ bytes: Span<UInt8>, _ range: Range<Int>) {
    var (any, http) = (false, false)
    _ = Text.eachMember(bytes, range) { member in
      any = true
      var end = member.lowerBound
      while end < member.upperBound && bytes[end] != 0x2F { end += 1 }
      let name = member.lowerBound..<end
      http =
        http || Text.matches(bytes, name, "h2c") || Text.matches(bytes, name, "h2")
        || Text.matches(bytes, name, "http") || Text.matches(bytes, name, "tls")
      return true
    }
    hasUpgrade = hasUpgrade || any
    upgradesHTTP = upgradesHTTP || http
  }

  /// `timeout=5, max=100`, as servers have written it since RFC 2068 §19.7.1.1. The least counts.
  private mutating func keepAliveParameters(_ bytes: Span<UInt8>, _ range: Range<Int>) {
    var seconds: Int?
    _ = Text.eachMember(bytes, range) { member in
      let name: StaticString = "timeout="
      let split = member.lowerBound + name.utf8CodeUnitCount
      guard split < member.upperBound, Text.matches(bytes, member.lowerBound..<split, name),
        let value = Facts.decimal(bytes, split..<member.upperBound)
      else { return true }
      seconds = min(seconds ?? .max, value)
      return true
    }
    if let seconds { keepAlive = min(keepAlive ?? .max, seconds) }
  }

  private mutating func connectionOptions(_ bytes: Span<UInt8>, _ range: Range<Int>) {
    var (close, keepAlive, upgrade, other) = (false, false, false, false)
    _ = Text.eachMember(bytes, range) { member in
      if Text.matches(bytes, member, "close") {
        close = true
      } else if Text.matches(bytes, member, "keep-alive") {
        keepAlive = true
      } else if Text.matches(bytes, member, "upgrade") {
        upgrade = true
      } else if !Text.matches(bytes, member, "te") {
        // TE goes no further in any case.
        other = true
      }
      return true
    }
    saysClose = saysClose || close
    saysKeepAlive = saysKeepAlive || keepAlive
    saysUpgrade = saysUpgrade || upgrade
    listsFields = listsFields || other
  }

  /// `1*DIGIT` of at most 18 digits; nil for anything else, so also for `+5`, `0x5` and lists.
  private static func decimal(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
    guard !range.isEmpty && range.count <= 18 else { return nil }
    var value = 0
    for index in range {
      guard bytes[index] >= 0x30 && bytes[index] <= 0x39 else { return nil }
      value = value * 10 + Int(bytes[index] - 0x30)
    }
    return value
  }
}
