/// What came of reading one value: the value, or why not and what to write instead.
enum Reading<Value> {
  case value(Value)
  case refused(Refusal)

  static func refused(_ why: String, offset: Int = 0) -> Reading {
    .refused(Refusal(why: why, offset: offset))
  }

  func map<Other>(_ transform: (Value) -> Other) -> Reading<Other> {
    switch self {
    case .value(let value): .value(transform(value))
    case .refused(let refusal): .refused(refusal)
    }
  }
}

/// Why a value is refused.
struct Refusal {
  /// What is wrong, and behind a comma what to write.
  let why: String
  /// Of the part that is wrong, in bytes from the value's first.
  var offset = 0
  /// What else is wrong in the same value: further items of a list.
  var others: [Refusal] = []

  /// As many of one value are told of.
  static let limit = 10

  /// All of them as one; nil for none.
  static func all(_ refusals: [Refusal]) -> Refusal? {
    guard var first = refusals.first else { return nil }
    let rest = refusals.count - limit
    first.others = Array(refusals.dropFirst().prefix(limit - 1))
    if rest > 0, let last = first.others.popLast() {
      first.others.append(
        Refusal(why: "\(last.why); and \(rest) more of this list", offset: last.offset))
    }
    return first
  }
}
