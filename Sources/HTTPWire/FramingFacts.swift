// What the fields of a head say that bears on framing: gathered in one pass over them, judged by the
// rules of `Framing`.

/// What the fields of a head say that bears on framing, before any rule is applied.
struct FramingFacts {
  var hosts = 0
  var host: Field?
  var lengths = 0
  var length: Int?
  /// Transfer codings over all field lines, empty list members counted too.
  var codings = 0
  /// How many of them are chunked, and whether the last is.
  var chunkeds = 0
  var isChunked = false
  var expectsContinue = false
  var expectsOther = false
  var saysClose = false
  var saysKeepAlive = false
  var saysUpgrade = false
  var hasUpgrade = false
  var upgradesHTTP = false
  var listsFields = false
  var hasDate = false
  var hasVia = false
  var maxForwards: Int?
  var keepAlive: Int?
  /// Bytes of the `Connection` fields.
  private var connectionBytes = 0

  /// The most bytes of `Connection` fields that list other fields: each field of the head is held
  /// against that list.
  private static var connectionLimit: Int { 1024 }

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
        guard lengths == 1, let value = FramingFacts.decimal(bytes, field.valueRange) else {
          return .malformedLength
        }
        length = value
      case .transferEncoding: transferCodings(bytes, field.valueRange)
      case .expect: expectations(bytes, field.valueRange)
      case .upgrade: protocols(bytes, field.valueRange)
      case .date: hasDate = true
      case .maxForwards: hops(bytes, field.valueRange)
      case .connection: connectionOptions(bytes, field.valueRange)
      case .via: hasVia = true
      case .keepAlive: keepAliveParameters(bytes, field.valueRange)
      default: break
      }
    }
    let isLong = listsFields && connectionBytes > FramingFacts.connectionLimit
    return isLong ? .connectionTooLong : nil
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

  /// A list (RFC 9110 §5.6.1.2): no member is no expectation, and twice the same is one.
  private mutating func expectations(_ bytes: Span<UInt8>, _ range: Range<Int>) {
    var (known, other) = (false, false)
    _ = Text.eachMember(bytes, range) { member in
      let isKnown = Text.matches(bytes, member, "100-continue")
      known = known || isKnown
      other = other || !isKnown
      return true
    }
    expectsContinue = expectsContinue || known
    expectsOther = expectsOther || other
  }

  /// The least that is stated counts; what is too long to count is still a number.
  private mutating func hops(_ bytes: Span<UInt8>, _ range: Range<Int>) {
    for index in range where !ByteClass.isDigit(bytes[index]) { return }
    guard !range.isEmpty else { return }
    let stated = FramingFacts.decimal(bytes, range) ?? 999_999_999
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
        let value = FramingFacts.decimal(bytes, split..<member.upperBound)
      else { return true }
      seconds = min(seconds ?? .max, value)
      return true
    }
    if let seconds { keepAlive = min(keepAlive ?? .max, seconds) }
  }

  private mutating func connectionOptions(_ bytes: Span<UInt8>, _ range: Range<Int>) {
    connectionBytes += range.count
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
